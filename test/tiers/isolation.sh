#!/bin/bash
# Tier "isolation": test/isolation/specs by pg_isolation_regress on a private server.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/server.sh
. test/lib/regress.sh

if ! ls test/isolation/specs/*.spec >/dev/null 2>&1; then
	vdb_skip isolation "test/isolation/specs has no test"
	exit 0
fi
vdb_open_work
vdb_build_extension gcc >"$vdb_work/tmp/build.log" 2>&1 ||
	{ cat "$vdb_work/tmp/build.log"; exit 1; }
vdb_make_private_tree && vdb_install_extension gcc && vdb_install_test_module &&
	vdb_start_server fsync=off autovacuum=off || exit 1
vdb_installcheck isolation REGRESS= VDB_TEST_POINTS=1
exit "$vdb_failed"
