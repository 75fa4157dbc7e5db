#!/bin/bash
# Tier "versions": PostgreSQL 16 from a Python package, 17 and 18 in chroots of the Debian releases
# that carry them.  vdb compiles there without a warning and passes the tiers regress, isolation
# and, in its short form, tap; indexes of the machine's own server survive pg_upgrade to it.
#
# VDB_VERSIONS=0 skips it, VDB_VERSIONS="16:wheel 18:forky" chooses; VDB_VERSIONS_FULL=1 runs all of
# tap, and in the chroots clients.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/server.sh
. test/clients/lanes.sh
. test/versions/chroot.sh
. test/versions/wheel.sh

versions=${VDB_VERSIONS:-16:wheel 17:trixie 18:forky}
if [ "$versions" = 0 ]; then
	vdb_skip "other PostgreSQL versions" "VDB_VERSIONS=0"
	exit 0
fi
tiers=(build regress isolation tap)
clients=
export VDB_QUICK=1
if [ "${VDB_VERSIONS_FULL:-}" = 1 ]; then
	VDB_QUICK=
	[ "${VDB_CLIENTS:-}" = 0 ] || clients=clients
fi

# Why a version cannot be had here; empty if it can.
obstacle()
{
	if [ "$1" = wheel ]; then
		vdb_wheel_obstacle
	elif ! vdb_is_root; then
		echo "only root can make the chroots"
	elif ! vdb_have debootstrap; then
		echo "debootstrap is not installed"
	fi
}

# report MAJOR COMMAND...: the TAP lines of another run, told in its log, counted as one
report()
{
	local major=$1 log=$vdb_build/check/versions-$1.log

	shift
	if "$@" >"$log" 2>&1; then
		vdb_ok "PostgreSQL $major passes: $(tail -n 1 "$log")"
	else
		sed 's/^/# /' "$log"
		vdb_not_ok "PostgreSQL $major: tests, see above"
	fi
}

# upgrade MAJOR COMMAND...: pg_upgrade from the machine's server, if that is older
upgrade()
{
	local major=$1 log=$vdb_build/check/upgrade-$1.log own

	shift
	own=$("$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
	if [ "$own" -ge "$major" ]; then
		vdb_skip "pg_upgrade to PostgreSQL $major" "the server of $PG_CONFIG is not older"
	elif "$@" >"$log" 2>&1 && ! grep -q '^not ok' "$log"; then
		vdb_ok "pg_upgrade from PostgreSQL $own to $major: indexes answer, and take changes"
	elif grep -q 'unrecognized parameter "pg_attver"' "$log"; then
		# a build of 18 whose pg_dump writes what its server refuses, of any table
		vdb_skip "pg_upgrade to PostgreSQL $major" "its own pg_dump writes pg_attver"
	else
		sed 's/^/# /' "$log"
		vdb_not_ok "pg_upgrade from PostgreSQL $own to $major, see above"
	fi
}

mkdir -p "$vdb_chroots" || exit 1
exec 9>"$vdb_chroots/lock"
flock 9
for version in $versions; do
	major=${version%%:*}
	suite=${version#*:}
	reason=$(obstacle "$suite")
	if [ -n "$reason" ]; then
		vdb_skip "PostgreSQL $major" "$reason"
	elif [ "$suite" = wheel ]; then
		if vdb_make_wheel; then
			report "$major" vdb_check_with_wheel "${tiers[@]}"
			upgrade "$major" vdb_upgrade_with_wheel
		else
			vdb_not_ok "PostgreSQL $major: unpack the package of test/versions/wheel.txt"
		fi
	elif vdb_make_chroot "$suite" "$major"; then
		report "$major" vdb_check_in_chroot "$suite" "$major" "${tiers[@]}" $clients
		upgrade "$major" vdb_upgrade_in_chroot "$suite"
	else
		vdb_not_ok "PostgreSQL $major: make a chroot of Debian $suite"
	fi
done 9>&-
exit "$vdb_failed"
