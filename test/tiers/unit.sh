#!/bin/bash
# Tier "unit": the pure-C layers without a server, under sanitizers, as shipped, with clang,
# and for AArch64 where an emulator is installed.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh

outputs=$(mktemp -d) || exit 1
trap 'rm -rf "$outputs"' EXIT
trap 'exit 143' INT TERM HUP

# run NAME MAKE-ARGUMENT...: in the background, each into its own file, because emulation and
# sanitizers take long; the programs print their own TAP lines
run()
{
	local name=$1

	shift
	{
		echo "# $name"
		make -C test/unit -j"$(nproc)" BUILD="$vdb_build/unit" V=1 "$@" || vdb_not_ok "unit tests: $name"
		echo "# $name: ended after $SECONDS s"
	} >"$outputs/$name" 2>&1 &
}

run "gcc, sanitizers" check
run "gcc, as shipped" check-release
if [ -n "${VDB_CLANG:-}" ] && vdb_has_sanitizers "$VDB_CLANG"; then
	run "clang, sanitizers" check CC="$VDB_CLANG"
else
	vdb_skip "unit tests with clang" "clang with sanitizers is not installed"
fi
if vdb_have qemu-aarch64 && vdb_have aarch64-linux-gnu-gcc; then
	run "AArch64 under qemu" check-neon
else
	vdb_skip "unit tests for AArch64" "aarch64-linux-gnu-gcc and qemu-aarch64 are not installed"
fi
wait
cat "$outputs"/*
! grep -q '^not ok ' "$outputs"/*
