#!/bin/bash
# Tier "regress": sql/*.sql against expected/*.out by pg_regress on a private server.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/server.sh
. test/lib/regress.sh

if [ -z "$(find sql -name '*.sql' -not -name 'vdb--*' 2>/dev/null)" ]; then
	vdb_skip regress "sql/ has no test"
	exit 0
fi
vdb_open_work
vdb_build_extension gcc >"$vdb_work/tmp/build.log" 2>&1 ||
	{ cat "$vdb_work/tmp/build.log"; exit 1; }
# ANALYZE by autovacuum, of catalogs too, holds back the horizon of VACUUM, which tests rely on.
vdb_make_private_tree && vdb_install_extension gcc &&
	vdb_start_server fsync=off autovacuum=off || exit 1
vdb_installcheck regress ISOLATION=
exit "$vdb_failed"
