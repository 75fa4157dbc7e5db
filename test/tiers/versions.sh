#!/bin/bash
# Tier "versions": compiles against PostgreSQL 17 and 18 in chroots of the Debian releases
# that carry them, without a warning.
#
# VDB_VERSIONS=0 skips it, VDB_VERSIONS="18:forky" chooses; VDB_VERSIONS_FULL=1 also installs
# those servers in the chroots and runs the tiers regress, isolation, tap and clients on them.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/versions/chroot.sh

versions=${VDB_VERSIONS:-17:trixie 18:forky}
reason=
if [ "$versions" = 0 ]; then
	reason="VDB_VERSIONS=0"
elif ! vdb_is_root; then
	reason="only root can make the chroots"
elif ! vdb_have debootstrap; then
	reason="debootstrap is not installed"
fi
if [ -n "$reason" ]; then
	vdb_skip "other PostgreSQL versions" "$reason"
	exit 0
fi

mkdir -p "$vdb_chroots" || exit 1
exec 9>"$vdb_chroots/lock"
flock 9
for version in $versions; do
	major=${version%%:*}
	suite=${version#*:}
	if ! vdb_make_chroot "$suite" "$major"; then
		vdb_not_ok "PostgreSQL $major: make a chroot of Debian $suite"
		continue
	fi
	vdb_try "PostgreSQL $major compiles ($suite, gcc $(vdb_in_chroot "$suite" gcc -dumpversion))" \
		vdb_compile_in_chroot "$suite" "$major"
	if [ "${VDB_VERSIONS_FULL:-}" = 1 ]; then
		# its TAP lines are those of another run: told here, counted as one
		if vdb_test_in_chroot "$suite" "$major" >"$vdb_build/check/versions-$major.log" 2>&1; then
			vdb_ok "PostgreSQL $major passes: $(tail -n 1 "$vdb_build/check/versions-$major.log")"
		else
			sed 's/^/# /' "$vdb_build/check/versions-$major.log"
			vdb_not_ok "PostgreSQL $major: tests, see above"
		fi
	fi
done
exit "$vdb_failed"
