#!/bin/bash
# The RPM packages of FOLDER/.ci/vdb.spec, made for the server of PG_CONFIG by FOLDER/.ci/rpm.sh:
# what is in them makes an extension, under both names, of a private copy of the server.
#
#   rpm.sh FOLDER
#
# Part of the tier "packages".  That every file that is installed belongs to a package, and that
# none is missing, rpmbuild sees to itself.
source=$1
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/server.sh
. test/lib/prepare.sh

for program in rpmbuild rpm2archive zip unzip; do
	if ! vdb_have "$program"; then
		vdb_skip "RPM packages" "$program is not installed"
		exit 0
	fi
done
vdb_find_server
if [ -z "${PG_CONFIG:-}" ]; then
	vdb_skip "RPM packages" "no server is installed"
	exit 0
fi
vdb_open_work
rpms=$vdb_work/tmp/build/rpm
if ! VDB_BUILD_DIR=$vdb_work/tmp/build "$source/.ci/rpm.sh" >"$vdb_work/tmp/log" 2>&1; then
	sed 's/^/# /' "$vdb_work/tmp/log" | tail -n 40
	vdb_not_ok "RPM packages: build them"
	exit 1
fi
vdb_ok "RPM packages: build them"

# works DATABASE EXTENSION METHOD: create it there, and search by an index
works()
{
	vdb_psql -c "CREATE DATABASE $1" || return
	vdb_psql -d "$1" -c "SET client_min_messages = warning" -c "CREATE EXTENSION $2" \
		-c "CREATE TABLE t AS SELECT i, ARRAY[i, 1]::real[]::vector(2) AS v
			FROM generate_series(1, 2000) i" \
		-c "CREATE INDEX ON t USING $3 (v vector_l2_ops)" -c "SET enable_seqscan = off" \
		-Atc "SELECT i = 1234 FROM t ORDER BY v <-> '[1234,1]' LIMIT 1" |
		grep -qx t
}

use()
{
	vdb_make_private_tree || return
	for package in "$rpms"/*.rpm; do
		rpm2archive - <"$package" | tar -xzf - -C "$vdb_work/root" --no-same-owner || return
	done
	vdb_start_server fsync=off && works plain vdb ivfkm && works names vector hnsw
}

vdb_try "RPM packages: use what is in them" use
exit "$vdb_failed"
