#!/bin/bash
# Tier "valgrind": regress tests on a server under valgrind, which sees what no sanitizer does:
# bytes that were never written and are looked at.  Not part of "make check", because it is slow.
# VDB_REGRESS="vector_io ..." chooses the tests.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/server.sh
. test/lib/regress.sh

if ! vdb_have valgrind; then
	vdb_skip valgrind "valgrind is not installed"
	exit 0
fi
vdb_open_work
vdb_build_extension gcc >"$vdb_work/tmp/build.log" 2>&1 ||
	{ cat "$vdb_work/tmp/build.log"; exit 1; }
vdb_make_private_tree && vdb_install_extension gcc && vdb_start_server fsync=off autovacuum=off &&
	vdb_as_server "$vdb_bin/pg_ctl" -D "$vdb_data" -s -m fast stop || exit 1

# pg_ctl starts a program "postgres" of its own folder: this one starts it under valgrind
mv "$vdb_bin/postgres" "$vdb_bin/postgres.bin"
mkdir "$vdb_work/valgrind"
! vdb_is_root || chown "$(vdb_server_user)" "$vdb_work/valgrind"
cat >"$vdb_bin/postgres" <<EOF
#!/bin/sh
exec valgrind -q --leak-check=no --error-limit=no --trace-children=yes --num-callers=25 \\
	--log-file='$vdb_work/valgrind/%p.log' '$vdb_bin/postgres.bin' "\$@"
EOF
chmod 755 "$vdb_bin/postgres"
vdb_as_server "$vdb_bin/pg_ctl" -D "$vdb_data" -l "$vdb_log" -w -t 600 -s start || exit 1

# reports: those with a function of the extension on their stack; fails if there are some.  What
# the server does by itself, such as writing bytes of padding, is its own affair.
reports()
{
	local sources

	ls "$vdb_work"/valgrind/*.log >/dev/null || return 1
	sources=$(cd src && find . -name '*.[ch]' -printf '%f\n' | sed 's/\./\\./' | paste -sd '|')
	! grep -hE -B 10 -A 10 "\((in .*/vdb\.so|($sources):[0-9]+)\)" "$vdb_work"/valgrind/*.log |
		head -n 200 | sed 's/^/# /' | grep .
}

vdb_installcheck valgrind ISOLATION= \
	REGRESS="${VDB_REGRESS:-vector_io sparsevec_io vector_cast halfvec_arith ivfkm_insert}"
vdb_as_server "$vdb_bin/pg_ctl" -D "$vdb_data" -s -m fast -t 600 stop
cat "$vdb_work"/valgrind/*.log >"$vdb_build/check/valgrind/valgrind.log"
vdb_try "no report of valgrind has the extension on its stack" reports
exit "$vdb_failed"
