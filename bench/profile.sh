#!/bin/bash
# make profile: where the time of warm searches goes, by perf, on a private server.
#
# Generated rows, an index, one session that searches in a loop, recorded for PROFILE_SECONDS (10).
# Writes to build/profile: report.txt (functions), callers.txt (who calls them), folded.txt (stacks
# for flame graphs), perf.data.
#
# Environment: PROFILE_ROWS (50000), PROFILE_DIMS (512), PROFILE_LIMIT (10), PROFILE_SETTINGS
# ("ivfkm.target_recall=0.99"), PROFILE_EVENT (cycles, where there are counters; else cpu-clock),
# PG_CONFIG.
cd "$(dirname "$0")/.." || exit 2
. test/lib/common.sh
. test/lib/prepare.sh
. test/lib/server.sh

rows=${PROFILE_ROWS:-50000}
dims=${PROFILE_DIMS:-512}
limit=${PROFILE_LIMIT:-10}
seconds=${PROFILE_SECONDS:-10}
vdb_have perf || vdb_die "perf is not installed (Debian: linux-perf)"
event=${PROFILE_EVENT:-cycles}
counted=$(perf stat -e "$event" true 2>&1) && ! grep -q 'not supported' <<<"$counted" ||
	event=cpu-clock

vdb_prepare demo
vdb_open_build_dir
out=$vdb_build/profile
mkdir -p "$out" || exit 1
vdb_open_work
# frame pointers, for stacks that are cheap to record
vdb_build_extension gcc with_llvm=no COPT="-g -fno-omit-frame-pointer" \
	>"$vdb_build/check/profile-build.log" 2>&1 ||
	{ tail -n 40 "$vdb_build/check/profile-build.log"; vdb_die "could not compile the extension"; }
vdb_make_private_tree && vdb_install_extension gcc with_llvm=no || exit 1
vdb_start_server fsync=off shared_buffers=1GB jit=off || exit 1

vdb_say "loading $rows rows of $dims dimensions"
vdb_psql -v rows="$rows" -v dims="$dims" -f - <<'SQL' || exit 1
CREATE EXTENSION vdb;
CREATE TABLE items (id integer, v vector(:dims));
INSERT INTO items
SELECT i, (SELECT array_agg(sin(i % 500 * j) + random()) FROM generate_series(1, :dims) j)::vector
FROM generate_series(1, :rows) i;
VACUUM ANALYZE items;
SET maintenance_work_mem = '512MB';
CREATE INDEX items_v ON items USING ivfkm (v vector_l2_ops);
CREATE FUNCTION search(seconds float8, k integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	query vector;
	ends timestamptz := clock_timestamp() + seconds * interval '1 second';
	n bigint := 0;
BEGIN
	LOOP
		FOR query IN SELECT v FROM items WHERE id <= 1000 LOOP
			EXIT WHEN clock_timestamp() > ends;
			PERFORM id FROM items ORDER BY v <-> query LIMIT k;
			n := n + 1;
		END LOOP;
		EXIT WHEN clock_timestamp() > ends;
	END LOOP;
	RETURN n;
END $$;
SQL

settings=
for setting in ${PROFILE_SETTINGS:-}; do
	settings+="SET ${setting%%=*} = '${setting#*=}';"
done
vdb_psql -At >"$out/searches.txt" <<-SQL &
	SET application_name = 'profiled';
	$settings
	SELECT search(1, $limit);
	SELECT search($seconds + 2, $limit);
SQL
session=$!
for ((tries = 0; tries < 100; tries++)); do
	backend=$(vdb_psql -At -c "SELECT pid FROM pg_stat_activity
		WHERE application_name = 'profiled' AND query LIKE 'SELECT search($seconds%'")
	[ -z "$backend" ] || break
	sleep 0.1
done
[ -n "${backend:-}" ] || vdb_die "the session that searches did not begin"
perf record -q -e "$event" -F 997 -g -p "$backend" -o "$out/perf.data" sleep "$seconds" || exit 1
wait "$session" || exit 1

perf report --stdio -i "$out/perf.data" --no-children -g none 2>/dev/null >"$out/report.txt"
perf report --stdio -i "$out/perf.data" --no-children -g caller,0.5,callee --max-stack 12 \
	2>/dev/null >"$out/callers.txt"
perf script -i "$out/perf.data" 2>/dev/null | awk '
	/^[^\t ]/ { n = 0; next }
	/^[\t ]/ && NF >= 2 { name = $2; sub(/\+0x[0-9a-f]+$/, "", name); stack[n++] = name; next }
	/^$/ && n > 0 {
		line = stack[n - 1]
		for (i = n - 2; i >= 0; i--) line = line ";" stack[i]
		count[line]++
		n = 0
	}
	END { for (line in count) print line, count[line] }' | sort >"$out/folded.txt"
vdb_close_build_dir
vdb_say "$(tail -n 1 "$out/searches.txt") searches of $rows x $dims, LIMIT $limit, in" \
	"$((seconds + 2)) s, event $event"
grep -v '^#' "$out/report.txt" | grep -v '^$' | head -n 20
vdb_say "all of it: $out"
