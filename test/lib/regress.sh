# Runs PGXS's installcheck against a private server.  Sourced after server.sh.
# shellcheck shell=bash

# vdb_installcheck NAME MAKE-ARGUMENT...: prints one TAP line per test.  NAME is the folder of
# build/check that keeps results and differences.
vdb_installcheck()
{
	local name=$1 keep=$vdb_build/check/$1 output status

	shift
	vdb_copy_sources "$vdb_work/tree" || return
	vdb_is_root && chown -R "$(vdb_server_user)" "$vdb_work/tree"
	output=$vdb_work/installcheck.log
	vdb_as_server make -C "$vdb_work/tree" PG_CONFIG="$vdb_bin/pg_config" with_llvm=no \
		installcheck "$@" >"$output" 2>&1
	status=$?
	sed 's/^\(not \)*ok /# &/' "$output"
	vdb_regress_tap "$output"
	rm -rf "$keep"
	mkdir -p "$keep"
	for file in results regression.diffs output_iso; do
		[ ! -e "$vdb_work/tree/$file" ] || cp -R "$vdb_work/tree/$file" "$keep/"
	done
	if [ "$status" -ne 0 ]; then
		find "$keep" -name 'regression.diffs' -exec head -n 400 {} + | sed 's/^/# /'
		grep -q 'FAILED\|^not ok' "$output" || vdb_not_ok "$name: make installcheck"
		vdb_failed=1
	fi
}

# One TAP line per test from pg_regress's output: "test a ... ok 12 ms" before version 16,
# "ok 1 - a 12 ms" since.
vdb_regress_tap()
{
	sed -n \
		-e 's/^test \([^ ]*\) *\.\.\. *ok .*/ok - \1/p' \
		-e 's/^test \([^ ]*\) *\.\.\. *FAILED.*/not ok - \1/p' \
		-e 's/^ok [0-9][0-9]* *[-+] \([^ ]*\).*/ok - \1/p' \
		-e 's/^not ok [0-9][0-9]* *[-+] \([^ ]*\).*/not ok - \1/p' "$1"
}
