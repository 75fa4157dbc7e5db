# PostgreSQL 16, which no release of Debian carries, out of a Python package that ships a server
# with its headers, PGXS and pg_regress: pgserver, which is pinned in wheel.txt by its hash.
#
# Sourced after common.sh, chroot.sh and test/clients/lanes.sh.  It lives beside the chroots, and is
# unpacked once; removing the folder is always safe.
# shellcheck shell=bash

vdb_wheel=$vdb_chroots/wheel-16

# Why there can be no such server here; empty if there can.
vdb_wheel_obstacle()
{
	local missing

	missing=$(vdb_lane_python_missing)
	if [ "$(uname -sm)" != "Linux x86_64" ]; then
		echo "the package is for Linux on x86_64"
	elif [ -n "$missing" ]; then
		echo "not installed: $missing"
	elif [ ! -d "$(vdb_wheel_perl)" ]; then
		echo "no Debian server brings PostgreSQL's Perl modules for tests"
	fi
}

# PostgreSQL's Perl modules for tests, which the package lacks: those of a server near in version.
vdb_wheel_perl()
{
	printf '%s\n' /usr/lib/postgresql/*/lib/pgxs/src/test/perl | sort -V | head -n 1
}

# vdb_make_wheel: download and unpack it unless it is there
vdb_make_wheel()
{
	local new=$vdb_wheel.new want

	want=$(cat test/versions/wheel.txt)
	[ "$(cat "$vdb_wheel/.vdb-complete" 2>/dev/null)" != "$want" ] || return 0
	rm -rf "$vdb_wheel" "$new" && mkdir -p "$new" &&
		"$(vdb_python)" -m venv "$new/venv" &&
		"$new/venv/bin/pip" download -q --disable-pip-version-check --no-deps --only-binary=:all: \
			--platform manylinux2014_x86_64 --implementation cp --python-version 3.11 --abi cp311 \
			--require-hashes -r test/versions/wheel.txt -d "$new/wheel" &&
		"$new/venv/bin/python" -m zipfile -e "$new"/wheel/*.whl "$new" &&
		rm -rf "$new/venv" "$new/wheel" || return
	# zip files that Python unpacks are not executable
	find "$new/pgserver/pginstall/bin" "$new/pgserver/pginstall/lib/postgresql/pgxs/config" \
		"$new/pgserver/pginstall/lib/postgresql/pgxs/src/test" -type f -exec chmod 755 {} + &&
		echo "$want" >"$new/.vdb-complete" && mv "$new" "$vdb_wheel"
}

# vdb_check_with_wheel TIER...: run those tiers on it
vdb_check_with_wheel()
{
	env VDB_NO_INSTALL=1 VDB_BUILD_DIR="$vdb_build/wheel-16" \
		PG_CONFIG="$vdb_wheel/pgserver/pginstall/bin/pg_config" \
		LD_LIBRARY_PATH="$vdb_wheel/pgserver.libs" PERL5LIB="$(vdb_wheel_perl)" \
		test/check.sh "$@"
}

# pg_upgrade from this machine's server to the package's
vdb_upgrade_with_wheel()
{
	local bin

	bin=$(vdb_copy_server "$vdb_wheel.old") || return
	env VDB_NO_INSTALL=1 VDB_BUILD_DIR="$vdb_build/wheel-16" \
		PG_CONFIG="$vdb_wheel/pgserver/pginstall/bin/pg_config" \
		LD_LIBRARY_PATH="$vdb_wheel/pgserver.libs" bash test/versions/upgrade.sh "$bin"
}
