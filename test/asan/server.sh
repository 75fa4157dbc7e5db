# A PostgreSQL server with assertions, AddressSanitizer and UndefinedBehaviorSanitizer,
# built from Debian's source package.
#
# Sourced after common.sh, with PG_CONFIG set to the server whose version is wanted.  It is
# built once and kept in $VDB_ASAN_DIR; removing the folder is always safe.
# shellcheck shell=bash

. test/versions/chroot.sh

if [ -n "${VDB_ASAN_DIR:-}" ]; then
	vdb_asan=$VDB_ASAN_DIR
elif vdb_is_root; then
	vdb_asan=/var/cache/vdb/asan
else
	vdb_asan=${XDG_CACHE_HOME:-$HOME/.cache}/vdb/asan
fi

# What is compiled in; PGXS compiles the extension with the same.
vdb_asan_cflags="-O1 -g1 -fno-omit-frame-pointer"
vdb_asan_cflags="$vdb_asan_cflags -fsanitize=address,undefined -fno-sanitize-recover=all"

# The parts of the source that make a server to run tests on, in the order of building.
vdb_asan_parts="config src/common src/port src/timezone src/backend \
	src/backend/utils/mb/conversion_procs src/backend/snowball \
	src/backend/replication/libpqwalreceiver src/backend/replication/pgoutput src/include \
	src/interfaces/libpq src/fe_utils src/bin src/pl src/makefiles src/test/regress \
	src/test/isolation src/test/perl"

# The first problem ends the process with SIGABRT, which the server logs.  Leaks: memory
# contexts, not the heap, are what must not leak here.  Fake stacks would defeat
# check_stack_depth().
export ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=1
export UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1:print_stacktrace=1

# Why there can be no such server here; empty if there can.
vdb_asan_obstacle()
{
	local program

	if ! vdb_has_sanitizers gcc; then
		echo "gcc has no sanitizers"
		return
	fi
	for program in apt-get flock tar bzip2; do
		vdb_have "$program" || { echo "$program is not installed"; return; }
	done
}

# vdb_asan_apt COMMAND...: apt-get on lists of source packages of our own; the system's lists
# and sources are not touched, its proxies are used
vdb_asan_apt()
{
	apt-get -q -o Dir::Etc::SourceList="$vdb_asan/apt/sources.list" -o Dir::Etc::SourceParts=- \
		-o Dir::State::Lists="$vdb_asan/apt/lists" -o Dir::Cache="$vdb_asan/apt/cache" \
		-o APT::Sandbox::User="$(id -un)" -o Acquire::Check-Valid-Until=false "$@" </dev/null
}

# vdb_asan_unpack MAJOR FOLDER: download the source of postgresql-MAJOR into FOLDER
vdb_asan_unpack()
{
	local major=$1 to=$2 suite archive

	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	rm -rf "$to" "$vdb_asan/apt"
	mkdir -p "$to.new" "$vdb_asan/apt/lists/partial" "$vdb_asan/apt/cache/archives/partial" ||
		return
	echo "deb-src $(vdb_mirror) $suite main" >"$vdb_asan/apt/sources.list"
	vdb_asan_apt update &&
		(cd "$vdb_asan/apt" && vdb_asan_apt source --download-only "postgresql-$major") || return
	archive=$(find "$vdb_asan/apt" -maxdepth 1 -name "postgresql-${major}_*.orig.tar.*" | head -n 1)
	tar -xf "$archive" -C "$to.new" --strip-components=1 && mv "$to.new" "$to" || return
	rm -rf "$vdb_asan/apt"
}

# vdb_make_asan_server MAJOR: build it unless it is there, and set PG_CONFIG to it.  What was
# compiled before an interruption is kept, and make goes on from there.
vdb_make_asan_server()
{
	local major=$1 source=$vdb_asan/source-$1 build=$vdb_asan/build-$1 prefix=$vdb_asan/server-$1
	local shim=$vdb_asan/include want part

	mkdir -p "$shim/valgrind" || return
	exec 9>"$vdb_asan/lock"
	flock 9
	cmp -s test/asan/memcheck.h "$shim/valgrind/memcheck.h" ||
		cp test/asan/memcheck.h "$shim/valgrind/memcheck.h" || return
	want="$vdb_asan_cflags $(cksum <test/asan/memcheck.h)"
	if [ "$(cat "$prefix/.vdb-complete" 2>/dev/null)" != "$want" ]; then
		if ! vdb_have bison && [ "$major" -ge 17 ]; then
			vdb_say "# PostgreSQL $major's source needs bison and flex"
			return 1
		fi
		vdb_say "# building PostgreSQL $major with sanitizers in $vdb_asan (takes some minutes)"
		rm -rf "$prefix"
		[ -f "$source/configure" ] || vdb_asan_unpack "$major" "$source" || return
		if [ "$(cat "$build/.vdb-configured" 2>/dev/null)" != "$want" ]; then
			rm -rf "$build"
			mkdir -p "$build" &&
				(cd "$build" && nice -n 5 "$source/configure" -q --prefix="$prefix" \
					--enable-cassert --enable-debug \
					--without-readline --without-zlib --without-icu \
					$(perl -MIPC::Run -e 'print "--enable-tap-tests"' 2>/dev/null) \
					CFLAGS="$vdb_asan_cflags" CPPFLAGS="-I$shim -DUSE_VALGRIND") || return
			echo "$want" >"$build/.vdb-configured"
		fi
		for part in $vdb_asan_parts; do
			nice -n 5 make -s -C "$build/$part" -j"$(nproc)" COPT=-Wno-maybe-uninitialized all &&
				nice -n 5 make -s -C "$build/$part" install || return
		done
		nice -n 5 make -s -C "$build/src" install-local || return
		echo "$want" >"$prefix/.vdb-complete"
		rm -rf "$build" "$source"
	fi
	exec 9>&-
	PG_CONFIG=$prefix/bin/pg_config
}

# vdb_asan_reports LOG: lines of a server's log that tell of a problem; fails if there are some
vdb_asan_reports()
{
	! grep -nE -A 30 -e 'AddressSanitizer|runtime error:|TRAP: |detected write past chunk end' \
		-e 'problem in (alloc|slab|generation)|(refcount|reference) leak|was terminated by signal' \
		-e 'inconsistent page found' "$1" | head -n 200 | sed 's/^/# /' | grep .
}
