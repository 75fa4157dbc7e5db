#!/bin/bash
# Tier "asan": the regress tests and test/asan/stress.sql on a server with assertions,
# AddressSanitizer and UndefinedBehaviorSanitizer.  Not part of "make check": the first run
# builds that server.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/prepare.sh
. test/lib/server.sh
. test/lib/regress.sh
. test/asan/server.sh

reason=$(vdb_asan_obstacle)
if [ -n "$reason" ]; then
	vdb_skip asan "$reason"
	exit 0
fi
vdb_make_asan_server "$(vdb_debian_major)" || exit 1
vdb_open_work
vdb_build_extension gcc-asan >"$vdb_work/tmp/build.log" 2>&1 ||
	{ cat "$vdb_work/tmp/build.log"; exit 1; }
vdb_make_private_tree && vdb_install_extension gcc-asan &&
	vdb_start_server fsync=off autovacuum=off wal_consistency_checking=generic \
		max_wal_size=8GB || exit 1

# stress: run test/asan/stress.sql, then crash, recover and verify the indexes that it left
stress()
{
	vdb_psql -d stress -o /dev/null -f - <test/asan/stress.sql &&
		vdb_as_server "$vdb_bin/pg_ctl" -D "$vdb_data" -s -m immediate stop &&
		vdb_as_server "$vdb_bin/pg_ctl" -D "$vdb_data" -l "$vdb_log" -w -t 300 -s start &&
		vdb_psql -d stress -o /dev/null -c "SELECT indexrelid::regclass, vdb_index_check(indexrelid)
			FROM pg_index JOIN pg_class ON oid = indexrelid
			JOIN pg_am ON pg_am.oid = relam AND amname = 'ivfkm' WHERE indisvalid"
}

vdb_installcheck asan ISOLATION=
if vdb_psql -c "CREATE DATABASE stress" && vdb_psql -d stress -c "CREATE EXTENSION vdb"; then
	vdb_try "all operations, page layouts, distances and SIMD levels" stress
else
	vdb_not_ok "a database after the regress tests"
fi
cp "$vdb_log" "$vdb_build/check/asan/server.log"
vdb_try "no report of a sanitizer, an assertion or a leak" vdb_asan_reports "$vdb_log"
exit "$vdb_failed"
