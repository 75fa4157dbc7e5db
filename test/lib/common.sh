# Shared by every script of test/ and bench/demo: paths, messages, TAP lines.
#
# Sourced, not run.  Sets:
#   vdb_root    the checkout
#   vdb_build   where compiled files and logs go: $VDB_BUILD_DIR or build/
#   vdb_major   after vdb_use_server: the server's major version
# shellcheck shell=bash

set -u
umask 022

vdb_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
vdb_build=${VDB_BUILD_DIR:-$vdb_root/build}

# A caller's make must not hand its job server to ours, nor a caller's session its database.
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
for vdb_name in ${!PG@}; do
	case $vdb_name in
	PG_CONFIG | PG_TEST_*) ;;
	*) unset "$vdb_name" ;;
	esac
done

vdb_say()
{
	printf '%s\n' "$*"
}

# vdb_die MESSAGE...: print it and end with status 1
vdb_die()
{
	printf 'vdb: %s\n' "$*" >&2
	exit 1
}

vdb_have()
{
	command -v "$1" >/dev/null 2>&1
}

vdb_is_root()
{
	[ "$(id -u)" -eq 0 ]
}

# Make sure that build/ can be written; else fall back to the user's cache folder.
vdb_open_build_dir()
{
	if ! mkdir -p "$vdb_build/check" 2>/dev/null || [ ! -w "$vdb_build/check" ] ||
		[ -n "$(find "$vdb_build" -maxdepth 2 ! -writable -print -quit)" ]; then
		[ -z "${VDB_BUILD_DIR:-}" ] || vdb_die "VDB_BUILD_DIR=$VDB_BUILD_DIR cannot be written"
		vdb_build=${XDG_CACHE_HOME:-$HOME/.cache}/vdb/build
		mkdir -p "$vdb_build/check" || vdb_die "neither build/ nor $vdb_build can be written"
		vdb_say "build/ cannot be written, using $vdb_build"
	fi
	export VDB_BUILD_DIR=$vdb_build
}

# Where downloads are kept from one run to the next.
vdb_cache_dir()
{
	if [ -n "${VDB_CACHE_DIR:-}" ]; then
		echo "$VDB_CACHE_DIR"
	elif vdb_is_root; then
		echo /var/cache/vdb
	else
		echo "${XDG_CACHE_HOME:-$HOME/.cache}/vdb"
	fi
}

# Give what root built in a user's checkout to that user.
vdb_close_build_dir()
{
	if vdb_is_root && [ "$vdb_build" = "$vdb_root/build" ]; then
		chown -R --reference="$vdb_root" "$vdb_build" 2>/dev/null || true
	fi
}

# vdb_copy_sources FOLDER: copy what PGXS needs from the checkout, with its times, so that
# make rebuilds only what changed.  Objects already in FOLDER stay.
vdb_copy_sources()
{
	local to=$1

	mkdir -p "$to" || return
	rm -rf "$to/sql" "$to/expected" "$to/test" || return
	find "$to" -name '*.[ch]' -delete
	cp -p "$vdb_root/Makefile" "$vdb_root/vdb.control" "$to/" || return
	(cd "$vdb_root" &&
		find Makefile vdb.control src sql expected test/isolation -type f \
			\( -name '*.[ch]' -o -name '*.sql' -o -path 'sql/docs/*.md' -o -name '*.out' -o \
			-name '*.spec' -o -name 'vector_shim.*' -o -name '*.awk' \) \
			-print 2>/dev/null | xargs -r cp -p --parents -t "$to")
}

# vdb_locked FILE COMMAND...: run it while nobody else holds the lock of that file
vdb_locked()
{
	local file=$1

	shift
	(flock 8 && "$@" 8>&-) 8>"$file"
}

# The clang that the server's bitcode was made with, if it is installed.
vdb_server_clang()
{
	local clang

	[ -n "${PG_CONFIG:-}" ] || return 0
	clang=$("$PG_CONFIG" --configure 2>/dev/null | sed -n "s/.*'CLANG=\([^']*\)'.*/\1/p")
	[ -z "$clang" ] || [ ! -x "$clang" ] || printf '%s\n' "$clang"
}

# vdb_has_sanitizers COMPILER
vdb_has_sanitizers()
{
	echo 'int main(void) { return 0; }' |
		"$1" -fsanitize=address,undefined -x c -o /dev/null - >/dev/null 2>&1
}

# TAP lines, counted by check.sh.
vdb_ok()
{
	printf 'ok - %s\n' "$1"
}

vdb_not_ok()
{
	printf 'not ok - %s\n' "$1"
	vdb_failed=1
}

# vdb_skip NAME REASON
vdb_skip()
{
	printf 'ok - %s # SKIP %s\n' "$1" "$2"
}

# vdb_try NAME COMMAND...: one test that passes if the command does
vdb_try()
{
	local name=$1

	shift
	if "$@"; then
		vdb_ok "$name"
	else
		vdb_not_ok "$name"
	fi
}

vdb_failed=0
