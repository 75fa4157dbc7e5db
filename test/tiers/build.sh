#!/bin/bash
# Tier "build": the extension compiles with gcc and with clang, every warning an error.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/server.sh

vdb_try "build with gcc" vdb_build_extension gcc COPT=-Werror
if [ -n "${VDB_CLANG:-}" ]; then
	vdb_try "build with clang" vdb_build_extension clang
else
	vdb_skip "build with clang" "clang is not installed"
fi
exit "$vdb_failed"
