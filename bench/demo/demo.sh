#!/bin/bash
# make demo: real data, an index and nearest neighbours, on a private throw-away server.
#
#   demo.sh          show the searches, then stop the server
#   demo.sh psql     load and index, then open psql; the server stops when psql ends
#
# Environment: PG_CONFIG, VDB_BUILD_DIR, TMPDIR.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/prepare.sh
. test/lib/server.sh

demo=$vdb_root/bench/demo
data=$vdb_root/bench/data

step()
{
	printf '\n== %s\n' "$*"
}

# Hundredths of a second since this shell started.
now()
{
	local time=${EPOCHREALTIME/[.,]/}

	echo $((time / 10000))
}

# since START: seconds with one decimal
since()
{
	local spent=$(($(now) - $1))

	printf '%d.%d s' $((spent / 100)) $((spent % 100 / 10))
}

# Run a file of this folder in the demo's database.
run_sql()
{
	vdb_psql "${@:2}" -f - <"$demo/$1"
}

# load TABLE COLUMNS: a file of bench/data is COPY's text format, compressed
load()
{
	gzip -dc "$data/$1.tsv.gz" | vdb_psql -c "COPY $1 ($2) FROM STDIN"
}

# Print each new phase that the server reports until the CREATE INDEX with process id $1 ends.
show_progress()
{
	local seen='' line

	while kill -0 "$1" 2>/dev/null; do
		line=$(run_sql progress.sql -At 2>/dev/null)
		if [ -n "$line" ] && [ "$line" != "$seen" ]; then
			echo "   $line"
			seen=$line
		fi
		sleep 0.05
	done
}

vdb_prepare demo
vdb_open_build_dir
vdb_open_work

step "Starting a private PostgreSQL $("$PG_CONFIG" --version | cut -d' ' -f2) in $vdb_work"
if ! vdb_build_extension gcc with_llvm=no >"$vdb_build/check/demo-build.log" 2>&1; then
	tail -n 40 "$vdb_build/check/demo-build.log"
	vdb_die "could not compile the extension"
fi
vdb_make_private_tree && vdb_install_extension gcc with_llvm=no ||
	vdb_die "could not install the extension"
vdb_close_build_dir
vdb_start_server || vdb_die "could not start the server"

step "Loading Debian packages and search sentences with their embeddings (bench/data)"
started=$(now)
run_sql tables.sql &&
	load packages "id, name, section, priority, installed_size, synopsis, description, embedding" &&
	load queries "id, query, embedding" &&
	vdb_psql -c "VACUUM ANALYZE packages, queries" || vdb_die "could not load the sample"
vdb_psql -At -c "SELECT format('%s packages, %s queries, %s dimensions',
	(SELECT count(*) FROM packages), (SELECT count(*) FROM queries),
	(SELECT vector_dims(embedding) FROM packages LIMIT 1))"
echo "loaded in $(since "$started")"

step "Building the index"
statement="CREATE INDEX packages_embedding ON packages USING ivfkm (embedding vector_cosine_ops)"
echo "$statement;"
started=$(now)
vdb_psql -c "$statement" &
builder=$!
show_progress $builder
wait $builder || vdb_die "could not build the index"
echo "built in $(since "$started")"

run_sql functions.sql || vdb_die "could not make the demo's functions"
if [ "${1:-}" = psql ]; then
	step "psql on the demo's database; \\q stops the server"
	cat "$demo/welcome.txt"
	# the terminal's Ctrl-C cancels psql's statement, not this script
	trap : INT
	vdb_as_server env PSQLRC=/dev/null PSQL_HISTORY="$vdb_work/tmp/history" "$vdb_bin/psql"
	exit 0
fi

step "Searching"
run_sql search.sql -At || vdb_die "a search failed"

step "One search, as the server executes it"
run_sql explain.sql -At || vdb_die "EXPLAIN failed"

step "Recall and time, 10 nearest packages for each query"
run_sql measure.sql || vdb_die "the measurement failed"
step "The server in $vdb_work stops"
