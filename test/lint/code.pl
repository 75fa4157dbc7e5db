#!/usr/bin/perl
# code.pl [--comments] FILE...: print each line of C code as FILE:LINE:TEXT, with comments
# and the insides of string and character literals blanked out.  With --comments, print
# only the lines on which a // comment starts.
use strict;
use warnings;

my $comments = @ARGV && $ARGV[0] eq '--comments' ? shift : 0;

for my $file (@ARGV)
{
	open(my $handle, '<', $file) or die "$file: $!\n";
	my $text = do { local $/; <$handle> };
	my @lines_of_comments;

	$text =~ s{
		(?<block>/\*.*?\*/) | (?<line>//[^\n]*) |
		(?<include>^[ \t]*\#[ \t]*include[ \t]*"[^"\n]*") |
		(?<string>"(?:\\.|[^"\\\n])*") | (?<char>'(?:\\.|[^'\\\n])*')
	}{
		if (defined $+{line})
		{
			push @lines_of_comments, 1 + (substr($text, 0, $-[0]) =~ tr/\n//);
			'';
		}
		elsif (defined $+{block}) { "\n" x ($+{block} =~ tr/\n//) }
		elsif (defined $+{include}) { $+{include} }
		elsif (defined $+{string}) { '""' }
		else { "''" }
	}gsemx;

	if ($comments)
	{
		print "$file:$_: // comment\n" for @lines_of_comments;
		next;
	}
	my $number = 0;
	print "$file:", ++$number, ":$_\n" for split /\n/, $text, -1;
}
