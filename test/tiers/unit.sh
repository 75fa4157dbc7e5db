#!/bin/bash
# Tier "unit": the pure-C layers without a server, under sanitizers, as shipped, with clang,
# and for AArch64 where an emulator is installed.  VDB_QUICK=1: all as shipped, and the parsers,
# which take what users send, under sanitizers; those take long to compile the kernels.
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
		make -C test/unit -j"$(nproc)" BUILD="$vdb_build/unit" V=1 "$@" ||
			vdb_not_ok "unit tests: $name"
		echo "# $name: ended after $SECONDS s"
	} >"$outputs/$name" 2>&1 &
}

finish()
{
	wait
	cat "$outputs"/*
	! grep -q '^not ok ' "$outputs"/*
	exit
}

run "gcc, as shipped" check-release
if [ "${VDB_QUICK:-}" = 1 ]; then
	run "parsers, gcc, sanitizers" check BUILD="$vdb_build/unit-parsers" CORE_DIRS=port \
		TESTS="test_parse test_sparsevec_parse test_fuzz_corpus"
	finish
fi
run "gcc, sanitizers" check
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
finish
