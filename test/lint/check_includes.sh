#!/bin/bash
# An #include may only follow an arrow of the layer map in src/README.md.
cd "$(dirname "$0")/../.." || exit 2

below_am=". port distance quant cluster types page"

# folder: folders of src/ that its files may include from ("." is src/ itself)
allowed()
{
	case $1 in
	port) echo ". port" ;;
	distance) echo ". port distance" ;;
	quant) echo ". port distance quant" ;;
	cluster) echo ". port distance quant cluster" ;;
	types) echo ". port distance types" ;;
	page) echo ". port quant cluster types page" ;;
	am) echo "$below_am" ;;
	am/index) echo "$below_am am am/index" ;;
	am/build | am/scan | am/maintain) echo "$below_am am am/index $1" ;;
	am/sql | am/shim) echo "$below_am am am/index am/build am/scan am/maintain am/sql am/shim" ;;
	.) echo "$below_am am am/index am/sql am/shim" ;;
	unit) echo ". port distance quant cluster types am/scan" ;;
	micro) echo ". port distance quant cluster types" ;;
	*) return 1 ;;
	esac
}

# Layers that know no server header at all; vdb.h, which has none either, is open to them.
pure()
{
	case $1 in
	src/port/* | src/distance/* | src/quant/* | src/cluster/* | src/types/*_parse.*) true ;;
	src/am/index/ivfkm_heap.h | src/am/scan/ivfkm_candidates.* | src/am/scan/ivfkm_given.*) true ;;
	src/am/scan/ivfkm_order.*) true ;;
	test/unit/* | bench/micro/*) true ;;
	*) false ;;
	esac
}

bad=0
while IFS= read -r file; do
	folder=$(dirname "$file")
	case $folder in
	src) folder=. ;;
	src/*) folder=${folder#src/} ;;
	*) folder=$(basename "$folder") ;;
	esac
	if ! targets=$(allowed "$folder"); then
		echo "$file: folder \"$folder\" is not in the table of test/lint/check_includes.sh"
		bad=1
		continue
	fi
	while IFS= read -r line; do
		header=$(sed 's/^[^"<]*["<]\([^">]*\)[">].*/\1/' <<<"$line")
		at=$(cut -d: -f1,2 <<<"$line")
		if [ -f "src/$header" ]; then
			target=$(dirname "$header")
		elif [ -f "$(dirname "$file")/$header" ]; then
			target=$folder
			case $folder in unit | micro) continue ;; esac
		else
			case $line in
			*'"'*)
				if pure "$file"; then
					echo "$at: \"$header\" is no header of this tree, and the layer is pure C"
					bad=1
				fi
				;;
			*)
				if pure "$file" && grep -q '^postgres\|^fmgr\|^utils/\|^access/\|^storage/' <<<"$header"; then
					echo "$at: <$header> is a server header, and the layer is pure C"
					bad=1
				fi
				;;
			esac
			continue
		fi
		case " $targets " in
		*" $target "*) ;;
		*)
			echo "$at: \"$folder\" must not include \"$header\" (allowed: $targets)"
			bad=1
			;;
		esac
		if pure "$file" && [ "$header" = compat.h ]; then
			echo "$at: compat.h includes postgres.h, and the layer is pure C"
			bad=1
		fi
	done < <(perl test/lint/code.pl "$file" | grep -E ':[0-9]+:[[:space:]]*#[[:space:]]*include[[:space:]]*["<]')
done < <(find src test/unit bench/micro -name '*.[ch]' 2>/dev/null | sort)
exit $bad
