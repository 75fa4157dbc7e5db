#!/bin/bash
# The micro-benchmarks, beside an earlier run: make bench-micro.
#
#   run.sh [--save-baseline NAME] [--baseline NAME] [KERNEL|DIMENSIONS...]
#
# --save-baseline keeps the output as build/micro/NAME.csv.  --baseline adds a column, the time over
# that of NAME, and ends with the rows that changed by more than 10 %.  BENCHES="bench_dist" chooses
# programs, CC a compiler.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh

save=
baseline=
arguments=()
while [ $# -gt 0 ]; do
	case $1 in
	--save-baseline | --baseline)
		[[ ${2:-} =~ ^[A-Za-z0-9._-]+$ ]] || vdb_die "$1 needs a name"
		[ "$1" = --baseline ] && baseline=$2 || save=$2
		shift
		;;
	-*) vdb_die "usage: run.sh [--save-baseline NAME] [--baseline NAME] [KERNEL|DIMENSIONS...]" ;;
	*) arguments+=("$1") ;;
	esac
	shift
done
vdb_open_build_dir
folder=$vdb_build/micro
mkdir -p "$folder" || exit 1
[ -z "$baseline" ] || [ -f "$folder/$baseline.csv" ] ||
	vdb_die "there is no $folder/$baseline.csv: --save-baseline $baseline makes it"
make -s -C bench/micro BUILD="$folder" ${CC:+CC="$CC"} ${BENCHES:+BENCHES="$BENCHES"} all || exit 1
new=$(mktemp "$folder/run.XXXXXX") || exit 1
trap 'rm -f "$new"' EXIT
make -s -C bench/micro BUILD="$folder" ${CC:+CC="$CC"} ${BENCHES:+BENCHES="$BENCHES"} \
	ARGS="${arguments[*]}" run >"$new" || exit 1
# each program writes the heading
awk 'NR == 1 || !/^kernel,/' "$new" >"$new.csv" && mv "$new.csv" "$new"
[ -z "$save" ] || { cp "$new" "$folder/$save.csv" && chmod 644 "$folder/$save.csv"; } || exit 1
if [ -z "$baseline" ]; then
	cat "$new"
	exit 0
fi
awk -F, -v OFS=, '
	NR == FNR { before[$1 FS $2 FS $3] = $4; next }
	/^kernel,/ { print $0, "ratio_to_baseline"; next }
	{
		key = $1 FS $2 FS $3
		ratio = key in before && before[key] > 0 ? sprintf("%.2f", $4 / before[key]) : ""
		print $0, ratio
		if (ratio != "" && (ratio > 1.1 || ratio < 1 / 1.1))
			changed[++n] = sprintf("# %s at %s, %s: %s times the time", $1, $2, $3, ratio)
	}
	END { for (i = 1; i <= n; i++) print changed[i] }' "$folder/$baseline.csv" "$new"
