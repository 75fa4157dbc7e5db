#!/bin/bash
# No line is wider than 100 columns; a tab goes to the next multiple of four.
cd "$(dirname "$0")/../.." || exit 2

# Not written here: outputs, databases made by pgvector, measurements.  Rows of a table in Markdown,
# and addresses in it, cannot be divided.
mapfile -t files < <(find . \( -path ./build -o -path ./.git -o -path ./expected \
	-o -path ./test/dumps -o -name results -o -name tmp_check -o -name node_modules \) -prune \
	-o -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.p[lmy]' -o -name '*.awk' \
	-o -name '*.sql' -o -name '*.sql.in' -o -name '*.spec' -o -name '*.md' -o -name Makefile \
	-o -name run \) -print | sort)
perl -CSD - "${files[@]}" <<'PERL'
use strict;
use warnings;

my $bad = 0;
while (<>)
{
	chomp;
	next if $ARGV =~ /\.md$/ && (/^\s*\|.*\|$/ || /^\s*\S*https?:\S*$/);
	1 while s/\t/' ' x (4 - $-[0] % 4)/e;
	next if length() <= 100;
	print $ARGV =~ s{^\./}{}r, ":$.: ", length(), " columns\n";
	$bad = 1;
}
continue
{
	close ARGV if eof;
}
exit $bad;
PERL
