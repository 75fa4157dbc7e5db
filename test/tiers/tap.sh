#!/bin/bash
# Tier "tap": test/t/*.pl with PostgreSQL's own Perl modules; every test makes its servers
# from the private tree.  VDB_TAP_TESTS="test/t/010_recall.pl ..." runs only those; VDB_QUICK=1 the
# few that see most: a standby, reuse of space, rights, and scans that the index must refuse.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/server.sh

if [ "${VDB_QUICK:-}" = 1 ]; then
	tests=(test/t/{001_wal_replay,022_vacuum_reuse,061_rights,080_non_mvcc}.pl)
else
	tests=(test/t/*.pl)
fi
[ -z "${VDB_TAP_TESTS:-}" ] || read -ra tests <<<"$VDB_TAP_TESTS"
for test in "${tests[@]}"; do
	[ -e "$test" ] || vdb_die "there is no test $test"
done
vdb_open_work
vdb_build_extension gcc >"$vdb_work/tmp/build.log" 2>&1 ||
	{ cat "$vdb_work/tmp/build.log"; exit 1; }
vdb_make_private_tree && vdb_install_extension gcc && vdb_install_vector_shim gcc || exit 1

# The server's user may not be able to read the checkout, or to write to it.
tree=$vdb_work/tree
mkdir "$tree" && cp -R test "$tree/" || exit 1
mkdir "$tree/sql" && cp -p vdb.control "$tree/" &&
	cp -p sql/vdb--*.sql sql/vector_shim.* sql/from_pgvector.awk "$tree/sql/" || exit 1
mkdir "$tree/src" && cp -R src/page src/quant src/port src/*.h "$tree/src/" || exit 1
[ ! -d bench/data ] || { mkdir "$tree/bench" && cp -R bench/data "$tree/bench/"; } || exit 1
src=$(dirname "$(dirname "$("$vdb_bin/pg_config" --pgxs)")")
mkdir "$vdb_work/tmp_check" "$vdb_work/tmp_check/log"
! vdb_is_root || chown -R "$(vdb_server_user)" "$tree" "$vdb_work/tmp_check"

# PostgreSQL 15 reads TESTDIR, later versions TESTDATADIR and TESTLOGDIR
vdb_as_server env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE \
	PATH="$vdb_bin:$PATH" PG_CONFIG="$vdb_bin/pg_config" \
	PG_REGRESS="$src/test/regress/pg_regress" \
	PERL5LIB="$tree/test/perl:$src/test/perl${PERL5LIB:+:$PERL5LIB}" \
	TESTDIR="$vdb_work" TESTDATADIR="$vdb_work/tmp_check" TESTLOGDIR="$vdb_work/tmp_check/log" \
	bash -c 'cd "$1" && shift && exec prove --verbose --timer "$@"' tap "$tree" "${tests[@]}" ||
	vdb_failed=1

if [ "$vdb_failed" -ne 0 ]; then
	rm -rf "$vdb_build/check/tap"
	mkdir -p "$vdb_build/check/tap"
	cp -R "$vdb_work/tmp_check/log/." "$vdb_build/check/tap/"
	echo "# logs of the servers: $vdb_build/check/tap"
fi
exit "$vdb_failed"
