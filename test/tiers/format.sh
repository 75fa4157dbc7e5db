#!/bin/bash
# Tier "format": every C file is laid out as clang-format 14 would with .clang-format.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh

if [ -z "${VDB_CLANG_FORMAT:-}" ]; then
	vdb_skip format "clang-format 14 is not installed, and other versions lay out otherwise"
	exit 0
fi
vdb_try format bash test/lint/format.sh check
exit "$vdb_failed"
