#!/bin/bash
# Recall and size of indexes on small data, against quality.csv.
#
#   quality.sh check    TAP lines: the figures are those of quality.csv (tier "quality")
#   quality.sh write    make quality.csv (make bench-quality)
#
# Recall may differ by 0.005, everything else must be equal.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/prepare.sh
. test/lib/server.sh

expected=$vdb_root/bench/expected/quality.csv

# load TABLE COLUMNS FIELDS: some fields of a file of bench/data
load()
{
	gzip -dc "bench/data/$1.tsv.gz" | cut -f "$3" |
		vdb_psql -c "COPY $1 ($2) FROM STDIN (ENCODING 'UTF8')"
}

# Print the figures of this build of vdb as CSV.
measure()
{
	vdb_psql -c "CREATE EXTENSION vdb" \
		-c "CREATE TABLE packages (id integer, embedding vector(384))" \
		-c "CREATE TABLE queries (id integer, embedding vector(384))" &&
		load packages "id, embedding" 1,8 && load queries "id, embedding" 1,3 &&
		vdb_psql -f - <bench/expected/quality.sql
}

# compare ACTUAL: one test a line of quality.csv; its first three columns name the index
compare()
{
	awk -F, '
	function key() { return $1 ", " $2 ", refine_bits " $3 }
	FNR == 1 { for (i = 1; i <= NF; i++) title[NR == 1, i] = $i; columns[NR == 1] = NF; next }
	NR == FNR { expected[key()] = $0; order[++count] = key(); next }
	{ actual[key()] = $0 }
	END {
		for (n = 1; n <= count; n++)
		{
			name = order[n]
			bad = columns[0] != columns[1] ? "# other columns" : ""
			split(expected[name], e)
			if (split(actual[name], a) == 0)
				bad = "# no such index"
			for (i = 4; !bad && i <= columns[1]; i++)
			{
				off = a[i] - e[i]
				if (title[0, i] != title[1, i] ||
					(title[1, i] ~ /^recall/ ? off > 0.005 || off < -0.005 : a[i] != e[i]))
					bad = "# " title[1, i] " is " a[i] ", expected " e[i]
			}
			print (bad ? "not ok" : "ok") " - " name
			if (bad) print bad
			failed = failed || bad != ""
			delete actual[name]
		}
		for (name in actual) { print "not ok - " name " is not in quality.csv"; failed = 1 }
		exit failed
	}' "$expected" "$1"
}

case ${1:-} in
check) ;;
write)
	vdb_prepare demo
	vdb_open_build_dir
	;;
*) vdb_die "usage: bench/expected/quality.sh check|write" ;;
esac
vdb_open_work
vdb_build_extension gcc >"$vdb_work/tmp/build.log" 2>&1 ||
	{ cat "$vdb_work/tmp/build.log"; exit 1; }
vdb_make_private_tree && vdb_install_extension gcc &&
	vdb_start_server fsync=off autovacuum=off shared_buffers=256MB vdb.simd=scalar || exit 1
started=$SECONDS
measure >"$vdb_work/tmp/quality.csv" || exit 1
if [ "$1" = write ]; then
	cp "$vdb_work/tmp/quality.csv" "$expected"
	vdb_say "wrote $expected in $((SECONDS - started)) s"
	vdb_close_build_dir
else
	compare "$vdb_work/tmp/quality.csv"
fi
