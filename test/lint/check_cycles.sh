#!/bin/bash
# Calls between the files of a layer go one way: no file calls, over others, itself.  What an object
# needs and another one defines is a call.  check_cycles.sh [FOLDER...]: of these folders of src.
cd "$(dirname "$0")/../.." || exit 2

folders=("$@")
[ $# -gt 0 ] ||
	folders=(port simd distance filter quant cluster types page am)
server=$("${PG_CONFIG:-pg_config}" --includedir-server 2>/dev/null)
objects=$(mktemp -d) || exit 2
trap 'rm -rf "$objects"' EXIT
trap 'exit 130' INT TERM HUP

# sources FOLDER: those that can be compiled here
sources()
{
	case $1 in
	port | simd | distance | filter | quant | cluster) find "src/$1" -name '*.c' ;;
	*) [ -z "$server" ] || find "src/$1" -name '*.c' ;;
	esac
}

# Without optimisation, which is quick, and leaves every call that the text has.
compile()
{
	local object=$1/${2//\//@}.o
	local flags=(-std=gnu11 -O0 -w -Isrc -D_GNU_SOURCE '-DVDB_VERSION=""')

	[ -z "$server" ] || flags+=(-isystem "$server")
	gcc "${flags[@]}" -c -o "$object" "$2"
}
export -f compile
export server

for folder in "${folders[@]}"; do
	[ ! -d "src/$folder" ] || sources "$folder"
done | sort | xargs -r -P "$(nproc)" -I '{}' bash -c 'compile "$0" "$1"' "$objects" '{}' || exit 1
[ -n "$(ls -A "$objects")" ] || exit 0

nm -A "$objects"/*.o | perl -e '
use strict;
use warnings;

# Symbols that files need, and where functions are defined.  A layer is what follows src/.
my (%needs, %defined, %layer);
while (<STDIN>)
{
	my ($file, $kind, $symbol) = m{/([^/:]*)\.o:[0-9a-f ]* (\w) (\S+)$} or next;

	$file =~ tr{@}{/};
	($layer{$file}) = $file =~ m{^src/(\w+)};
	$needs{$file}{$symbol} = 1 if $kind eq "U";
	$defined{$symbol} = $file if $kind eq "T";
}

# calls{a}{b}: the functions of b that a calls
my %calls;
for my $file (keys %needs)
{
	for my $symbol (sort keys %{ $needs{$file} })
	{
		my $other = $defined{$symbol} // next;

		push @{ $calls{$file}{$other} }, $symbol
		  if $other ne $file && $layer{$other} eq $layer{$file};
	}
}

# Tarjan, Depth-first search and linear graph algorithms, 1972
my ($number, @stack, %index, %low, %on_stack, @components) = (0);
sub visit
{
	my ($file) = @_;

	$index{$file} = $low{$file} = ++$number;
	push @stack, $file;
	$on_stack{$file} = 1;
	for my $other (sort keys %{ $calls{$file} // {} })
	{
		visit($other) unless $index{$other};
		$low{$file} = $low{$other} if $on_stack{$other} && $low{$other} < $low{$file};
	}
	return if $low{$file} != $index{$file};

	my ($member, @component);
	do
	{
		$member = pop @stack;
		delete $on_stack{$member};
		push @component, $member;
	} while ($member ne $file);
	push @components, [ sort @component ] if @component > 1;
	return;
}
$index{$_} or visit($_) for sort keys %layer;

for my $component (@components)
{
	my %member = map { $_ => 1 } @$component;

	print "a cycle of calls: @$component\n";
	for my $file (@$component)
	{
		print "    $file calls $_: @{ $calls{$file}{$_} }\n"
		  for grep { $member{$_} } sort keys %{ $calls{$file} };
	}
}
exit(@components ? 1 : 0);
'
