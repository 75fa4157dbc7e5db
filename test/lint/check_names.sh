#!/bin/bash
# File names are unique among the C files of the tree: gdb, gcov and log lines stay clear.
cd "$(dirname "$0")/../.." || exit 2

bad=0
while IFS= read -r name; do
	echo "more than one file is called $name:" $(find src test bench -name "$name" | sort)
	bad=1
done < <(find src test bench -name '*.[ch]' -printf '%f\n' | sort | uniq -d)
exit $bad
