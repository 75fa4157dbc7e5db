#!/bin/bash
# One place per concern: what only a certain file may contain.
cd "$(dirname "$0")/../.." || exit 2

bad=0

# only REGEX WHY FILE...: no other C file of src/ contains it in its code
only()
{
	local regex=$1 why=$2 files found

	shift 2
	mapfile -t files < <(find src -name '*.[ch]' | sort)
	found=$(perl test/lint/code.pl "${files[@]}" | grep -E "^[^:]*:[0-9]+:.*$regex")
	for file in "$@"; do
		found=$(grep -v "^$file:" <<<"$found")
	done
	if [ -n "$found" ]; then
		printf '%s\n' "$found" "    $why"
		bad=1
	fi
}

only 'PG_VERSION_NUM' "server versions are compared in src/compat.h only" src/compat.h
only 'GenericXLog|generic_xlog' "WAL is written by src/page/page_wal.[ch] only" \
	src/page/page_wal.c src/page/page_wal.h
only '__get_cpuid|__cpuid|getauxval|__builtin_cpu_|_xgetbv' \
	"the CPU is asked by src/port/vdb_cpu.c only" src/port/vdb_cpu.c

mapfile -t not_page < <(find src -name '*.[ch]' -not -path 'src/page/*' | sort)
if perl test/lint/code.pl "${not_page[@]}" | grep -E 'IvfkmPageGet|page_bytes\.h'; then
	echo "    pages are laid out and looked into by src/page only"
	bad=1
fi

if grep -nE '^[^#]*(-march=native|-ffast-math|-fassociative-math|-Ofast)' \
	Makefile test/*/Makefile bench/*/Makefile 2>/dev/null; then
	echo "    results would depend on the machine that compiled them"
	bad=1
fi
exit $bad
