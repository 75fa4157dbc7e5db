#!/bin/bash
# Every header compiles alone, and those of the pure-C layers without the server's headers.
# A template, which its users parameterise by macros, is no header in this sense: it has no
# include guard and calls itself a template in its box.  SIMD primitives need their CPU.
cd "$(dirname "$0")/../.." || exit 2

server=$("${PG_CONFIG:-pg_config}" --includedir-server 2>/dev/null)
flags=(-std=gnu11 -Isrc -Wall -Wextra -Werror -Wno-unused-parameter -Wno-unused-function
	-fsyntax-only)
machine=$(gcc -dumpmachine)
bad=0
while IFS= read -r header; do
	extra=()
	case $header in
	*_avx2.h | *_avx512.h) case $machine in x86_64*) ;; *) continue ;; esac ;;
	*_neon.h) case $machine in aarch64*) ;; *) continue ;; esac ;;
	esac
	if ! grep -q '^#ifndef [A-Z0-9_]*_H$' "$header"; then
		if ! head -n 20 "$header" | grep -qi template; then
			echo "$header: has neither an include guard nor the word \"template\" in its box"
			bad=1
		fi
		continue
	fi
	case $header in
	src/port/* | src/simd/* | src/distance/* | src/filter/* | src/quant/*) ;;
	src/cluster/* | src/vdb.h | src/types/*_parse.h) ;;
	src/am/scan/ivfkm_candidates.h | src/am/scan/ivfkm_given.h | src/am/scan/ivfkm_order.h) ;;
	*)
		[ -n "$server" ] || continue
		extra=(-D_GNU_SOURCE -isystem "$server")
		[ "$header" = src/compat.h ] || extra+=(-include postgres.h)
		;;
	esac
	if ! echo "#include \"${header#src/}\"" | gcc "${flags[@]}" "${extra[@]}" -x c -; then
		echo "$header: does not compile alone"
		bad=1
	fi
done < <(find src -name '*.h' | sort)
exit $bad
