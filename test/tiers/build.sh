#!/bin/bash
# Tier "build": the extension compiles with gcc and with clang, every warning an error.
# VDB_QUICK=1: clang reads the sources only, and there is no bitcode.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/server.sh

vdb_try "build with gcc" vdb_build_extension gcc COPT=-Werror
if [ -z "${VDB_CLANG:-}" ]; then
	vdb_skip "build with clang" "clang is not installed"
elif [ "${VDB_QUICK:-}" = 1 ]; then
	vdb_try "no warning of clang" vdb_read_with_clang
else
	vdb_try "build with clang" vdb_build_extension clang
fi
exit "$vdb_failed"
