#!/bin/bash
# The macro-benchmarks: make bench-search, bench-build, bench-insert, bench-plans, bench-filter,
# bench-maxsim, bench-classes, bench-living, bench-serve, bench-scale, bench-target, bench-prepare,
# bench-results, bench (all) and bench-report.
#
#   run.sh search|build|insert|plans|filter|maxsim|classes|living|serve|scale|target
#   run.sh prepare|results|all|report
#
# Starts a private server with vdb and, if they are set, pgvector (PGVECTOR_SRC), VectorChord
# (VECTORCHORD_DIR) and pgvectorscale (PGVECTORSCALE_DIR), and hands over to macro.py.
# Environment: bench/macro/SETTINGS.md.
pgvector_src=${PGVECTOR_SRC:-} vectorchord=${VECTORCHORD_DIR:-} pgvectorscale=${PGVECTORSCALE_DIR:-}
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/prepare.sh
. test/lib/server.sh

command=${1:-}
case $command in
search | build | insert | plans | filter | maxsim | classes | living | serve | scale | target) ;;
prepare | results | all | report) ;;
*)
	vdb_die "usage: run.sh search|build|insert|plans|filter|maxsim|classes|living|serve|scale|" \
		"target or prepare|results|all|report"
	;;
esac

cache=$(vdb_cache_dir)

# Set python to a Python that has requirements.txt, made on first use.
open_python()
{
	local list=$vdb_root/bench/macro/requirements.txt program venv

	program=$(vdb_python) || vdb_die "python3 is not installed"
	venv=$cache/bench/python-$({ cat "$list" && "$program" --version; } | sha256sum | cut -c 1-16)
	python=$venv/bin/python
	mkdir -p "$cache/bench" || vdb_die "$cache/bench cannot be written"
	exec 8>"$cache/bench/lock"
	flock 8
	if [ ! -e "$venv/complete" ]; then
		vdb_say "installing the Python packages of bench/macro/requirements.txt in $venv"
		rm -rf "$venv"
		"$program" -m venv "$venv" >"$cache/bench/pip.log" 2>&1 &&
			"$venv/bin/pip" --disable-pip-version-check --no-input install --no-deps \
				-r "$list" >>"$cache/bench/pip.log" 2>&1 && touch "$venv/complete" ||
			{ tail -n 5 "$cache/bench/pip.log" && vdb_die "no Python environment could be made" \
				"(Debian: python3-venv); $cache/bench/pip.log tells more"; }
	fi
	exec 8>&-
}

# Put those of libraries.txt into that Python that can be had; each is tried once a run.
open_libraries()
{
	local list=$vdb_root/bench/macro/libraries.txt venv=${python%/bin/python} name

	exec 8>"$cache/bench/lock"
	flock 8
	while read -r name; do
		[ ! -e "$venv/has-$name" ] || continue
		vdb_say "installing $name in $venv"
		if "$python" -m pip --disable-pip-version-check --no-input install --no-deps "$name" \
			>"$cache/bench/pip-$name.log" 2>&1 </dev/null; then
			touch "$venv/has-$name"
		else
			vdb_say "$name could not be installed, and is left out:" \
				"$cache/bench/pip-$name.log tells more"
		fi
	done < <(grep -v '^#' "$list")
	exec 8>&-
}

# Compile a copy of pgvector with its own default flags, and install it into the private tree.
install_pgvector()
{
	local to

	to=$(vdb_object_dir gcc)-pgvector
	mkdir -p "$to" || return
	(cd "$pgvector_src" && find Makefile ./*.control src sql -type f \
		-not -name '*.o' -not -name '*.bc' | xargs cp -p --parents -t "$to") || return
	make -s -C "$to" -j"$(nproc)" CC=gcc PG_CONFIG="$PG_CONFIG" $(vdb_bitcode_option) all &&
		make -s -C "$to" CC=gcc PG_CONFIG="$vdb_bin/pg_config" $(vdb_bitcode_option) install
}

# install_built FOLDER NAME: copy an extension that was built elsewhere into the private tree: its
# library, NAME*.so, control file and scripts, wherever below the folder they are.
install_built()
{
	local folder=$1 name=$2 libraries to

	libraries=$(find -L "$folder" -name "$name*.so") && [ -n "$libraries" ] &&
		[ -n "$(find -L "$folder" -name "$name.control")" ] ||
		vdb_die "$folder has no built $name: no $name*.so or no $name.control"
	to=$("$vdb_bin/pg_config" --pkglibdir)
	find -L "$folder" -name "$name*.so" -exec cp --remove-destination -t "$to" {} + || return
	to=$("$vdb_bin/pg_config" --sharedir)/extension
	find -L "$folder" \( -name "$name.control" -o -name "$name--*.sql" \) \
		-exec cp --remove-destination -t "$to" {} +
}

# initdb once, then start with settings of our own; a kept data directory is found again.
start_server()
{
	if [ -n "${BENCH_DIR:-}" ]; then
		vdb_data=$BENCH_DIR/server-$(vdb_debian_major)
		if vdb_is_root && [ ! -d "$vdb_data" ]; then
			install -d -o "$(vdb_server_user)" "$vdb_data" || return
		fi
	fi
	if [ ! -e "$vdb_data/PG_VERSION" ]; then
		vdb_as_server "$vdb_bin/initdb" -D "$vdb_data" -U postgres --auth=trust \
			--locale=C --encoding=UTF8 >"$vdb_work/tmp/initdb.log" 2>&1 ||
			{ cat "$vdb_work/tmp/initdb.log"; return 1; }
	fi
	vdb_as_server tee "$vdb_data/postgresql.conf" >/dev/null <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$vdb_work/socket'
		port = $PGPORT
		max_connections = 200
		shared_buffers = '${BENCH_SHARED_BUFFERS:-1GB}'
		huge_pages = try
		max_wal_size = '2GB'
		min_wal_size = '256MB'
		checkpoint_timeout = '1h'
		autovacuum = ${BENCH_AUTOVACUUM:-off}
		autovacuum_naptime = '5s'
		max_worker_processes = 16
		max_parallel_workers = 8
		jit = off
		timezone = 'UTC'
		shared_preload_libraries = '${vectorchord:+vchord}'
	CONF
	vdb_as_server "$vdb_bin/pg_ctl" -D "$vdb_data" -l "$vdb_log" -w -t 600 -s start ||
		{ cat "$vdb_log"; return 1; }
}

# A kept data directory is shut down, not killed.
finish()
{
	local status=$?

	trap '' INT TERM HUP
	[ ! -e "${vdb_data:-/none}/postmaster.pid" ] ||
		vdb_as_server "$vdb_bin/pg_ctl" -D "$vdb_data" -m fast -w -t 600 -s stop
	(exit "$status")
	vdb_close_work
}

vdb_prepare demo
vdb_open_build_dir
export BENCH_OUT=${BENCH_OUT:-$vdb_build/bench}
open_python
# a matrix product in one thread adds in the same order every time
export OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
case $command in
results | report) exec "$python" bench/macro/macro.py "$command" ;;
search | all) open_libraries ;;
esac

if [ -n "${BENCH_DIR:-}" ]; then
	mkdir -p "$BENCH_DIR" && BENCH_DIR=$(cd "$BENCH_DIR" && pwd -P) ||
		vdb_die "no folder BENCH_DIR=$BENCH_DIR"
	exec 9>"$BENCH_DIR/lock"
	flock -n 9 || vdb_die "another run uses $BENCH_DIR"
	export BENCH_CACHE=$BENCH_DIR
else
	export BENCH_CACHE=$cache/bench
fi
vdb_open_work
trap finish EXIT
vdb_build_extension gcc with_llvm=no >"$vdb_build/check/bench-build.log" 2>&1 ||
	{ tail -n 40 "$vdb_build/check/bench-build.log"; vdb_die "could not compile the extension"; }
vdb_make_private_tree && vdb_install_extension gcc with_llvm=no ||
	vdb_die "could not install the extension"
if [ -n "$pgvector_src" ]; then
	install_pgvector >"$vdb_build/check/bench-pgvector.log" 2>&1 ||
		{
			tail -n 40 "$vdb_build/check/bench-pgvector.log"
			vdb_die "could not build $pgvector_src"
		}
	export BENCH_PGVECTOR=$pgvector_src
fi
if [ -n "$vectorchord$pgvectorscale" ]; then
	[ -n "$pgvector_src" ] || vdb_die "VectorChord and pgvectorscale need pgvector: PGVECTOR_SRC"
	[ -z "$vectorchord" ] || install_built "$vectorchord" vchord ||
		vdb_die "could not install VectorChord"
	[ -z "$pgvectorscale" ] || install_built "$pgvectorscale" vectorscale ||
		vdb_die "could not install pgvectorscale"
	export BENCH_VECTORCHORD=$vectorchord BENCH_PGVECTORSCALE=$pgvectorscale
fi
start_server || vdb_die "could not start the server"
# for what runs pgbench and restarts the server
export BENCH_BIN=$vdb_bin BENCH_LOG=$vdb_log
commands=("$command") once=
if [ "$command" = all ]; then
	# inserts leave dead entries in the indexes, so they come last
	commands=(search build filter living serve scale plans insert report)
	# ten minutes on a quiet machine with two cores, beside pgvector
	export BENCH_TWO_CLIENTS=${BENCH_TWO_CLIENTS:-0}
	export BENCH_LIVING_ROWS=${BENCH_LIVING_ROWS:-5000}
	export BENCH_LIVING_ROUNDS=${BENCH_LIVING_ROUNDS:-10}
	export BENCH_LIVING_CASES=${BENCH_LIVING_CASES:-loads deletes rounds}
	export BENCH_SCALE_PEERS=${BENCH_SCALE_PEERS:-100000}
	export BENCH_CLIENT_SECONDS=${BENCH_CLIENT_SECONDS:-2}
	export BENCH_PLANS=${BENCH_PLANS:-1000x3072-external 10000x128-plain 50000x512-plain}
	[ -n "${BENCH_ROUNDS:-}" ] || once=" filter scale insert "
fi
status=0
for command in "${commands[@]}"; do
	rounds=${BENCH_ROUNDS:-}
	[[ $once != *" $command "* ]] || rounds=1
	BENCH_ROUNDS=$rounds "$python" bench/macro/macro.py "$command" || status=$?
done
vdb_close_build_dir
exit "$status"
