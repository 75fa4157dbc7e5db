# Mutations of the text and binary forms of every type: bytes inserted, replaced, doubled, cut
# off, or all random.  The server never crashes.  What is refused has an error that names
# the type, and what is accepted reads back from its own output as the same bytes.

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;
use Vdb::Test;

my $mutants = 6000;    # of either form of each type

my %seeds = (
	vector => [
		'[1,2,3]', ' [ 1.5 , -2e3 ,0x1p4 ] ', '[1e38,-1e-38,3.4028235e38,1e-45]',
			'[nan,NaN(12)]', '[infinity,-inf]',
		'[0.1234567890123456789012345678901234567890,1e99999,1e-99999]' ],
	halfvec => [ '[1,2,3]', '[65504,-65519.99,65520,6e-8,1e-9]', ' [ .5 , 1e3 ] ', '[nan,1]',
		'[-infinity,1]' ],
	sparsevec => [
		'{1:1,2:2,3:3}/5', ' { 7 : 1.5 , 2 : -2e3 ,30:0x1p4 } / 100 ', '{1:1e38,2:1e-45,3:1e-46}/3',
		'{}/1000000000', '{1:infinity,2:-inf}/2',
			'{1:0,2147483648:1,-2147483649:nan}/99999999999' ]);
my %alphabet = (
	vector => '[]],,,0123456789..eE+--xXpPnaNiInNfFty() ',
	halfvec => '[]],,,0123456789..eE+--xXpPnaNiInNfFty() ',
	sparsevec => '{{}},,,::://0123456789..eE+--xXpPnaNiInNfFty() ');

# Messages that are right or nearly so; sizes of the fields make errors in the middle likely.
my %messages = (
	vector => [ pack('n2 N3', 3, 0, 0x3f800000, 0xc0000000, 1),
		pack('n2 N2', 2, 0, 0x7fc00000, 0x7f800000) ],
	halfvec => [ pack('n2 n3', 3, 0, 0x3c00, 0xc000, 1), pack('n2 n2', 2, 0, 0x7e00, 0x7c00) ],
	sparsevec => [
		pack('N3 N3 N3', 5, 3, 0, 0, 2, 4, 0x3f800000, 0xc0000000, 1),
		pack('N3', 1000000000, 0, 0),
		pack('N3 N2 N2', 5, 2, 0, 3, 1, 0x7fc00000, 0),
		pack('N3 N2 N2', 2, 2, 0, 0, 1, 0x7f800000, 0xff800000) ]);

# ----- mutants

# Perl's generator is its own, the same on every machine.
srand($vdb_seed);

sub random_below
{
	my ($n) = @_;
	return int(rand($n));
}

# One to six changes; new bytes come from the alphabet, one in six from all.
sub mutate
{
	my ($bytes, $alphabet) = @_;

	return join('', map { chr(random_below(256)) } 1 .. random_below(40)) if random_below(20) == 0;
	for (0 .. random_below(6))
	{
		my $at = random_below(length($bytes) + 1);
		my $kind = random_below(8);
		my $new =
		  random_below(6) == 0
		  ? chr(random_below(256))
		  : substr($alphabet, random_below(length($alphabet)), 1);

		if ($kind < 3)
		{
			substr($bytes, $at, 1) = $new if $at < length($bytes);
		}
		elsif ($kind < 5)
		{
			substr($bytes, $at, 0) = $new;
		}
		elsif ($kind == 5)
		{
			substr($bytes, $at, 1) = '';
		}
		elsif ($kind == 6)
		{
			substr($bytes, $at, 0) = substr($bytes, $at, 1 + random_below(12));
		}
		elsif (random_below(4) == 0)
		{
			$bytes = substr($bytes, 0, $at);
		}
	}
	return $bytes;
}

# ----- a database that takes every byte, and functions that tell what became of an input

my $module = vdb_test_module();

my $node = vdb_node('main');
$node->start;
$node->safe_psql('postgres',
	"CREATE DATABASE bytes ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0");
vdb_create($node, 'bytes');
$node->safe_psql(
	'bytes', qq{
CREATE FUNCTION test_vdb_recv(type regtype, typmod integer, message bytea) RETURNS text
	AS '$module' LANGUAGE C STRICT;
CREATE TABLE mutants (id serial, type text, form text, input bytea);
CREATE TABLE verdicts (type text, form text, input bytea, output text, sqlstate text, message text);

-- The text form of an accepted text or message.
CREATE FUNCTION accept(type text, form text, input bytea) RETURNS text LANGUAGE plpgsql AS \$\$
DECLARE
	output text;
BEGIN
	IF form = 'binary' THEN
		RETURN test_vdb_recv(type::regtype, -1, input);
	END IF;
	EXECUTE
		format('SELECT %1\$s_out(%1\$s_in(textout(convert_from(\$1, ''SQL_ASCII'')), 0, -1))',
		type) INTO output USING input;
	RETURN output;
END \$\$;

-- All mutants of a type and form, in one transaction.
CREATE FUNCTION judge(mutant_type text, mutant_form text) RETURNS void LANGUAGE plpgsql AS \$\$
DECLARE
	m record;
	output text;
	state text;
	msg text;
BEGIN
	FOR m IN SELECT * FROM mutants WHERE type = mutant_type AND form = mutant_form ORDER BY id LOOP
		state := NULL;
		msg := NULL;
		output := NULL;
		BEGIN
			output := accept(m.type, m.form, m.input);
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, msg = MESSAGE_TEXT;
		END;
		INSERT INTO verdicts VALUES (m.type, m.form, m.input, output, state, msg);
	END LOOP;
END \$\$;});

sub value
{
	my ($sql) = @_;
	return $node->safe_psql('bytes', $sql);
}

# Errors that do not name the type are pgvector's or, for messages of a wrong length, the server's.
my %nameless = (
	text => q{'^\$'},
	binary => q{'^(expected unused to be 0, not -?\d+|insufficient data left in message|'
		'incorrect binary data format)$'});

for my $type (sort keys %seeds)
{
	my %forms = (
		text => [ $seeds{$type}, $alphabet{$type} ],
		binary => [ $messages{$type}, "\0\0\0\0\1\2\3\5\x3c\x3f\x40\x7c\x7f\x80\xc0\xff" ]);

	for my $form (sort keys %forms)
	{
		my ($seeds, $alphabet) = @{ $forms{$form} };
		my $name = "$type, $form";
		my $file = PostgreSQL::Test::Utils::tempdir() . '/mutants';
		my $lines = '';

		for (1 .. $mutants)
		{
			my $bytes = mutate($seeds->[ random_below(scalar @$seeds) ], $alphabet);

			$bytes =~ tr/\0//d if $form eq 'text';
			$lines .= "$type\t$form\t\\\\x" . unpack('H*', $bytes) . "\n";
		}
		append_to_file($file, $lines);
		chmod 0644, $file;
		value("\\copy mutants (type, form, input) FROM '$file'");

		my $result = vdb_try($node, "SELECT judge('$type', '$form')", database => 'bytes');
		ok($result->{ok}, "$name: the server lives") or diag($result->{error});

		my $of = "FROM verdicts WHERE type = '$type' AND form = '$form'";
		is(value("SELECT count(*) $of"), $mutants, "$name: every mutant has a verdict");
		note("$name: accepted " . value("SELECT count(output) $of"));
		cmp_ok(value("SELECT count(output) $of"), '>', $mutants / 100, "$name: some are accepted");
		is(
			value(
				qq{SELECT message, count(*) $of AND sqlstate IS NOT NULL
AND message !~ '\\m$type\\M' AND message !~ $nameless{$form} GROUP BY 1 LIMIT 5}),
			'', "$name: errors name the type");
		is(
			value(
				qq{SELECT sqlstate, message, count(*) $of
AND sqlstate NOT IN ('22000', '22003', '22P02', '22P03', '08P01', '54000') GROUP BY 1, 2 LIMIT 5}),
			'', "$name: errors are of the expected classes");
		is(
			value(
				qq{SELECT input, output $of
AND output IS NOT NULL AND ${type}_send(output::$type) IS DISTINCT
	FROM ${type}_send(accept(type, 'text', output::bytea)::$type) LIMIT 5}),
			'', "$name: output reads back");
		is(
			value(qq{SELECT input, output $of AND form = 'binary'
				AND ${type}_send(output::$type) <> input LIMIT 5}),
			'', "$name: accepted messages are sent as they came");
	}
}

# every error of the parsers was met
for my $message (
	'invalid input syntax for type',
	'is out of range for type',
	'NaN not allowed in',
	'infinite value not allowed in')
{
	is(value("SELECT count(DISTINCT type) FROM verdicts "
		  . "WHERE form = 'text' AND message ~ '$message'"),
		3, "text: \"$message\" is met for every type");
}
for my $message (
	'have negative number of elements',
	'have more elements than dimensions',
	'index out of bounds',
	'must be in ascending order',
	'must not contain duplicates',
	'NaN not allowed',
	'infinite value not allowed',
	'cannot contain zero values',
	'at least 1 dimension',
	'more than 1000000000 dimensions',
	'more than 16000 non-zero elements')
{
	cmp_ok(value("SELECT count(*) FROM verdicts WHERE type = 'sparsevec' AND form = 'binary' "
		  . "AND message ~ '$message'"),
		'>', 0, "sparsevec, binary: \"$message\" is met");
}

vdb_check_all($node, 'at the end', database => 'bytes');
$node->stop;
done_testing();
