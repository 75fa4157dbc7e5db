#!/bin/bash
# The install and upgrade scripts of sql/: guarded (but for *.sql.in, parts of a script), and
# every object explained by COMMENT ON.
cd "$(dirname "$0")/../.." || exit 2

exec perl - sql/vdb--*.sql sql/*.sql.in <<'PERL'
use strict;
use warnings;

my $bad = 0;
for my $file (@ARGV)
{
	next unless -f $file;
	open(my $handle, '<', $file) or die "$file: $!\n";
	my $text = do { local $/; <$handle> };

	unless ($file =~ /\.in$/ || $text =~ /^\\echo Use "(?:CREATE|ALTER) EXTENSION vdb.*\\quit$/m)
	{
		print "$file: no guard against being run in psql (\\echo ... \\quit)\n";
		$bad = 1;
	}
	if ($text =~ /CREATE\s+OR\s+REPLACE/i && $file !~ /--.*--/)
	{
		print "$file: CREATE OR REPLACE could take over another owner's object\n";
		$bad = 1;
	}

	# overloads count: as many comments for a name as objects of that name
	(my $code = $text) =~ s/--[^\n]*//g;
	for my $kind ('FUNCTION', 'AGGREGATE', 'TYPE', 'OPERATOR CLASS', 'ACCESS METHOD', 'OPERATOR')
	{
		my $name = $kind eq 'OPERATOR' ? qr/[-+*\/<>=~!@#%^&|?]+/ : qr/[a-z_0-9."]+/i;
		(my $words = $kind) =~ s/ /\\s+/g;
		my (%made, %told);
		my %shells;
		while ($code =~ /CREATE\s+$words\s+($name)\s*(;)?/gi)
		{
			# CREATE TYPE name; only announces the type
			next if $kind eq 'TYPE' && $2;
			$made{$1}++;
		}
		$told{$1}++ while $code =~ /COMMENT\s+ON\s+$words\s+($name)/gi;
		for my $object (sort keys %made)
		{
			my $lack = $made{$object} - ($told{$object} // 0);
			next if $lack <= 0;
			print "$file: \L$kind\E $object lacks $lack COMMENT ON\n";
			$bad = 1;
		}
	}
}
exit $bad;
PERL
