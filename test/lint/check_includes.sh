#!/bin/bash
# An #include may only follow an arrow of the layer map in src/README.md.
cd "$(dirname "$0")/../.." || exit 2

exec perl - <<'PERL'
use strict;
use warnings;
use File::Find;

my $below_am = '. port simd distance filter quant cluster types page';

# folder: folders of src/ that its files may include from ("." is src/ itself)
my %allowed = (
	port => '. port',
	simd => '. port simd',
	distance => '. port simd distance',
	filter => '. port simd filter',
	quant => '. port simd distance quant',
	cluster => '. port simd distance quant cluster',
	types => '. port distance types',
	page => '. port quant cluster types page',
	am => $below_am,
	'am/index' => "$below_am am am/index",
	'am/build' => "$below_am am am/index am/build",
	'am/scan' => "$below_am am am/index am/scan",
	'am/maintain' => "$below_am am am/index am/build am/maintain",
	'am/sql' => "$below_am am am/index am/build am/scan am/maintain am/sql am/shim",
	'am/shim' => "$below_am am am/index am/build am/scan am/maintain am/sql am/shim",
	'.' => "$below_am am am/index am/maintain am/scan am/sql am/shim",
	unit => '. port simd distance filter quant cluster types am/scan',
	micro => '. port simd distance filter quant cluster types');

# Layers that know no server header at all; vdb.h, which has none either, is open to them.
my $pure = qr{^(?:
	src/(?:port|simd|distance|filter|quant|cluster)/ | src/types/\w*_parse\. |
	src/am/index/ivfkm_heap\.h | src/am/scan/ivfkm_(?:candidates|given|order|slack)\. |
	test/unit/ | bench/micro/)}x;

my @files;
find({ no_chdir => 1, wanted => sub { push @files, $_ if /\.[ch]$/ } },
	grep { -d } 'src', 'test/unit', 'bench/micro');
@files = sort @files;

# src/am/scan/x.c: am/scan; src/x.c: "."; test/unit/x.c: unit
my %folder;
my $bad = 0;
for my $file (@files)
{
	my ($path) = $file =~ m{^(.*)/};

	$folder{$file} = $path eq 'src' ? '.' : $path =~ m{^src/(.*)} ? $1 : $path =~ s{.*/}{}r;
	next if $allowed{ $folder{$file} };
	print qq{$file: folder "$folder{$file}" is not in the table of test/lint/check_includes.sh\n};
	$bad = 1;
}

sub complain
{
	my ($at, $text) = @_;

	print "$at: $text\n";
	$bad = 1;
	return;
}

open(my $code, '-|', 'perl', 'test/lint/code.pl', @files) or die "code.pl: $!\n";
while (<$code>)
{
	my ($file, $line, $quote, $header) =
	  /^([^:]*):(\d+):\s*#\s*include\s*(["<])([^">]*)[">]/ or next;
	my ($at, $from) = ("$file:$line", $folder{$file});
	my ($target) = $header =~ m{^(.*)/};

	next unless $allowed{$from};
	if (-f "src/$header")
	{
		$target //= '.';
	}
	elsif (-f ($file =~ s{[^/]*$}{}r) . $header)
	{
		next if $from eq 'unit' || $from eq 'micro';
		$target = $from;
	}
	else
	{
		next unless $file =~ $pure;
		if ($quote eq '"')
		{
			complain($at, qq{"$header" is no header of this tree, and the layer is pure C});
		}
		elsif ($header =~ m{^(?:postgres|fmgr|utils/|access/|storage/)})
		{
			complain($at, "<$header> is a server header, and the layer is pure C");
		}
		next;
	}
	complain($at, qq{"$from" must not include "$header" (allowed: $allowed{$from})})
	  unless grep { $_ eq $target } split / /, $allowed{$from};
	complain($at, 'compat.h includes postgres.h, and the layer is pure C')
	  if $file =~ $pure && $header eq 'compat.h';
}
close($code) or die "code.pl failed\n";
exit $bad;
PERL
