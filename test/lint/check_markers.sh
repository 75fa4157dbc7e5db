#!/bin/bash
# No marks of unfinished work or of an unfinished merge, and no // comments in C.
cd "$(dirname "$0")/../.." || exit 2

bad=0
mapfile -d '' -t everything < <(find . \( -path ./build -o -path ./.git -o -name results \) -prune \
	-o -type f -print0)
if printf '%s\0' "${everything[@]}" | grep -zv '^\./test/lint/' |
	xargs -0 grep -nIwE 'TODO|FIXME|XXX' /dev/null; then
	echo "    finish it, or open an issue"
	bad=1
fi
if printf '%s\0' "${everything[@]}" | xargs -0 grep -nIE '^(<{7}|>{7}) ' /dev/null; then
	echo "    finish the merge"
	bad=1
fi
mapfile -t files < <(find src test bench -name '*.[ch]' | sort)
if perl test/lint/code.pl --comments "${files[@]}" | grep .; then
	echo "    C comments are /* ... */"
	bad=1
fi
exit $bad
