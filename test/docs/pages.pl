#!/usr/bin/perl
# Runs the code blocks of Markdown pages and follows their links; writes TAP lines.
#
#   pages.pl [--links-only|--run-only] ROOT PAGE...
#
# ROOT is the checkout, PAGE a file relative to it.  README.md tells what a block's first line may
# say.  Environment: PSQL (the program), PGHOST and so on; DOCS_PYTHON and DOCS_NODE_PATH, empty if
# these languages' drivers are not there.  Works in the current folder, which holds a copy of sql/.
use strict;
use warnings;

my $only = @ARGV && $ARGV[0] =~ /^--(links|run)-only$/ && shift @ARGV ? $1 : '';
my $root = shift @ARGV;
my $failed = 0;
my $block_number = 0;

# report(OK, NAME, DETAILS): one TAP line, with what went wrong as comments
sub report
{
	my ($ok, $name, $details) = @_;

	print $ok ? '' : 'not ', "ok - $name\n";
	return if $ok;
	$failed = 1;
	print map { "# $_\n" } split /\n/, $details // '';
}

sub skip
{
	my ($name, $reason) = @_;

	print "ok - $name # SKIP $reason\n";
}

sub read_file
{
	my ($path) = @_;

	open(my $handle, '<', $path) or die "$path: $!\n";
	local $/;
	return scalar <$handle>;
}

sub write_file
{
	my ($path, $text) = @_;

	open(my $handle, '>', $path) or die "$path: $!\n";
	print $handle $text;
	close($handle) or die "$path: $!\n";
}

# The blocks of a page, in order: {line, language, how, text}; "<!-- run ... -->" is a block of SQL
# that readers do not see.
sub blocks
{
	my ($page, $text) = @_;
	my (@blocks, $block, $hidden);
	my $line = 0;

	for (split /\n/, $text)
	{
		$line++;
		if ($block)
		{
			if ($hidden ? /^-->\s*$/ : /^```\s*$/)
			{
				push @blocks, $block;
				($block, $hidden) = ();
			}
			else { $block->{text} .= "$_\n"; }
		}
		elsif (/^<!-- run\s*$/)
		{
			$block = {line => $line, language => 'sql', how => 'run', text => ''};
			$hidden = 1;
		}
		elsif (/^```\s*(\S*)\s*(.*?)\s*$/)
		{
			$block = {line => $line, language => $1, how => $2 || 'run', text => ''};
		}
	}
	report(0, "$page: ends inside of a block", "it begins in line $block->{line}") if $block;
	return @blocks;
}

# What is compared of an output: spaces and rules of tables shortened.
sub shape
{
	my ($text) = @_;
	my @lines;

	for (split /\n/, $text)
	{
		s/-{2,}/--/g;
		s/\s+/ /g;
		s/^ | $//g;
		push @lines, $_ if length;
	}
	return @lines;
}

# Sizes and numbers with decimals are measured, and differ from run to run.
my $measured = '\b\d+ (?:bytes|kB|MB|GB)\b|\b\d[\d,]*\.\d+(?:e[+-]?\d+)?\b';
my %unit = (bytes => 1, kB => 1 << 10, MB => 1 << 20, GB => 1 << 30);

# near(EXPECTED, GOT): is a size at most twice or at least half of what the page shows, another
# number within a quarter of it?
sub near
{
	my ($expected, $got) = @_;
	my ($factor, @values) = (1.25);

	for ($expected, $got)
	{
		my ($number, $unit) = split / /;
		$number =~ tr/,//d;
		$factor = 2 if defined $unit;
		push @values, $number * $unit{$unit // 'bytes'};
	}
	return $values[0] <= $factor * $values[1] && $values[1] <= $factor * $values[0];
}

# matches(EXPECTED, GOT): is the output as the page shows it?  "..." on a line stands for any text,
# alone on a line for any lines.
sub matches
{
	my ($expected, $got) = @_;
	my ($regex, @numbers) = ('');

	for (shape($expected))
	{
		if ($_ eq '...') { $regex .= '(?:[^\n]*\n)*'; next; }
		for (split /(\.\.\.|$measured)/)
		{
			if ($_ eq '...') { $regex .= '[^\n]*'; }
			elsif (/^(?:$measured)$/) { $regex .= "($measured)"; push @numbers, $_; }
			else { $regex .= quotemeta; }
		}
		$regex .= '\n';
	}
	my @got = join('', map { "$_\n" } shape($got)) =~ /\A$regex()\z/ or return 0;
	return !grep { !near($numbers[$_], $got[$_]) } 0 .. $#numbers;
}

# output(COMMAND...): (status, standard output and errors)
sub output
{
	my @command = @_;
	my $pid = open(my $from, '-|') // die "fork: $!\n";

	if ($pid == 0)
	{
		open(STDIN, '<', '/dev/null');
		open(STDERR, '>&', \*STDOUT);
		exec(@command) or do { print "$command[0]: $!\n"; exit 127; };
	}
	my $text = do { local $/; <$from> } // '';
	close($from);
	return ($?, $text);
}

sub psql
{
	my ($database, @arguments) = @_;

	return output($ENV{PSQL} // 'psql', '-X', '-q', '-P', 'pager=off', '-v', 'ON_ERROR_STOP=1',
		'-d', $database, @arguments);
}

my $targets;

# Does the makefile know the targets that a line of a page calls?
sub unknown_targets
{
	my ($text) = @_;
	my @unknown;

	$targets //= read_file("$root/Makefile");
	while ($text =~ /^[ \t]*(?:\S+=\S+[ \t]+)*(?:sudo[ \t]+)?make\b((?:[ \t]+[^\s#|;&<>]+)*)/mg)
	{
		my $words = $1;
		next if $words =~ /\s-C\b/;
		for my $word (split ' ', $words)
		{
			next if $word =~ /^-|=/ || $word =~ /^(?:all|install|uninstall|installcheck|clean)$/;
			push @unknown, $word
				unless $targets =~ /(?:^|[\s\\])\Q$word\E(?=[\s:\\])/
				|| $word =~ /^check-([a-z]+)$/ && -e "$root/test/tiers/$1.sh";
		}
	}
	return @unknown;
}

# run_block(DATABASE, BLOCK): (error or undef, output)
sub run_block
{
	my ($database, $block) = @_;
	my $language = $block->{language};
	my $file = 'block' . $block_number++;
	my ($status, $text);

	write_file($file, $block->{text});
	if ($language eq 'sql')
	{
		($status, $text) = psql($database, '-f', $file);
		$text =~ s/^psql:[^:]*:\d+: //mg;
	}
	elsif ($language eq 'sh') { ($status, $text) = output('bash', '-eu', '-o', 'pipefail', $file); }
	elsif ($language eq 'python') { ($status, $text) = output($ENV{DOCS_PYTHON}, $file); }
	elsif ($language eq 'js')
	{
		local $ENV{NODE_PATH} = $ENV{DOCS_NODE_PATH};
		rename($file, "$file.cjs");
		($status, $text) = output('node', "$file.cjs");
	}
	if ($block->{how} eq 'fails')
	{
		return ("it should fail, and did not\n", $text) if $status == 0;
		return (undef, $text);
	}
	return ($status == 0 ? undef : "status $status\n$text", $text);
}

# A block that is only shown must parse where the parser is at hand.
sub shown_block
{
	my ($name, $block) = @_;
	my $file = 'block' . $block_number++;
	my ($status, $text) = (0, '');

	write_file($file, $block->{text});
	($status, $text) = output('bash', '-n', $file) if $block->{language} eq 'sh';
	($status, $text) = output($ENV{DOCS_PYTHON}, '-c',
		'import ast, sys; ast.parse(open(sys.argv[1]).read())', $file)
		if $block->{language} eq 'python' && $ENV{DOCS_PYTHON};
	report($status == 0, "$name parses", $text);
}

my %known = (sql => 1, sh => 1, python => 1, js => 1, text => 1);

sub run_page
{
	my ($page) = @_;
	(my $database = lc $page) =~ s/[^a-z0-9]+/_/g;
	my ($status, $text) = psql('postgres', '-c', "CREATE DATABASE $database");
	my $last = '';

	return report(0, "$page: a database for it", $text) if $status != 0;
	local $ENV{PGDATABASE} = $database;
	for my $block (blocks($page, read_file("$root/$page")))
	{
		my $language = $block->{language};
		my $name = "$page:$block->{line} $language";

		if (my @unknown = $language eq 'sh' ? unknown_targets($block->{text}) : ())
		{
			report(0, "$name: targets of make", "not in the makefile: @unknown");
		}
		if ($language eq 'text' && $block->{how} eq 'run')
		{
			report(scalar matches($block->{text}, $last), "$name: the output above",
				"expected:\n$block->{text}got:\n$last");
		}
		elsif ($block->{how} =~ /^shown\b/)
		{
			shown_block($name, $block) if $known{$language};
		}
		elsif (!$known{$language} || $block->{how} !~ /^(?:run|fails)$/)
		{
			report(0, $name, "what to do with this block? see README.md of test/docs");
		}
		elsif ($language eq 'python' && !$ENV{DOCS_PYTHON}
			|| $language eq 'js' && !$ENV{DOCS_NODE_PATH})
		{
			skip($name, "run make check-clients once, which fetches the drivers");
		}
		else
		{
			(my $error, $last) = run_block($database, $block);
			report(!defined $error, $name, $block->{text} . ($error // ''));
		}
	}
}

# The name by which a heading is linked, as GitHub makes it.
sub anchor
{
	my ($heading) = @_;

	$heading = lc $heading;
	$heading =~ s/\[([^\]]*)\]\([^)]*\)/$1/g;
	$heading =~ s/[^a-z0-9 _-]//g;
	$heading =~ s/ /-/g;
	return $heading;
}

# Every link of a page leads to a file of the tree, and to a heading if it names one.
sub follow_links
{
	my ($page) = @_;
	(my $folder = $page) =~ s{[^/]*$}{};
	my $text = read_file("$root/$page");
	my @bad;

	$text =~ s/^```.*?^```\s*$//msg;
	while ($text =~ /\]\(([^)\s]+)\)/g)
	{
		my $link = $1;
		next if $link =~ /^(?:https|mailto):/;
		my ($file, $heading) = $link =~ /^([^#]*)(?:#(.*))?$/;
		my $target = length $file ? "$root/$folder$file" : "$root/$page";

		if (!-e $target) { push @bad, "$link: there is no such file"; }
		elsif (defined $heading && length $heading)
		{
			my $other = read_file($target);
			$other =~ s/^```.*?^```\s*$//msg;
			push @bad, "$link: there is no such heading"
				unless grep { anchor($_) eq $heading } $other =~ /^#+\s+(.*?)\s*$/mg;
		}
	}
	report(!@bad, "$page: links", join("\n", @bad));
}

for my $page (@ARGV)
{
	follow_links($page) unless $only eq 'run';
	run_page($page) unless $only eq 'links';
}
exit $failed;
