#!/bin/bash
# No marks of unfinished work or of an unfinished merge, and no // comments in C.
cd "$(dirname "$0")/../.." || exit 2

bad=0
if grep -rnIwE 'TODO|FIXME|XXX' --exclude-dir=build --exclude-dir=.git --exclude-dir=lint \
	--exclude-dir=results . ; then
	echo "    finish it, or open an issue"
	bad=1
fi
if grep -rnIE '^(<{7}|>{7}) ' --exclude-dir=build --exclude-dir=.git . ; then
	echo "    finish the merge"
	bad=1
fi
mapfile -t files < <(find src test bench -name '*.[ch]' | sort)
if perl test/lint/code.pl --comments "${files[@]}" | grep .; then
	echo "    C comments are /* ... */"
	bad=1
fi
exit $bad
