#!/bin/bash
# File names of C are unique in the tree, so that gdb, gcov and log lines stay clear, and tell their
# layer: they begin with one of its words.
cd "$(dirname "$0")/../.." || exit 2

bad=0
while IFS= read -r name; do
	echo "more than one file is called $name:" $(find src test bench -name "$name" | sort)
	bad=1
done < <(find src test bench -name '*.[ch]' -printf '%f\n' | sort | uniq -d)

# words LAYER: what comes before the first "_" or "." of a file's name; none if the layer is
# unknown, which check_includes.sh reports
words()
{
	case $1 in
	port) echo "vdb" ;;
	simd) echo "simd vf" ;;
	distance) echo "bits dist sparse vec" ;;
	filter) echo "filter" ;;
	quant) echo "quant" ;;
	cluster) echo "gemm kmeans" ;;
	types) echo "bit dense halfvec sparsevec text vector wire" ;;
	page) echo "page" ;;
	am) echo "ivfkm" ;;
	esac
}

while IFS= read -r file; do
	layer=${file#src/}
	allowed=$(words "${layer%%/*}")
	name=${file##*/}
	case " $allowed " in
	"  " | *" ${name%%[_.]*} "*) ;;
	*)
		echo "$file: its name must begin with one of: $allowed"
		bad=1
		;;
	esac
done < <(find src -mindepth 2 -name '*.[ch]' | sort)
exit $bad
