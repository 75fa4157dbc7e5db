#!/bin/bash
# sql/docs/reference.md from the catalog and the index options of src/am/index/ivfkm_options.c.
#
#   reference.sh write    the file, from a private server (make docs-reference)
#
# Sourced after common.sh, in the checkout: print_reference alone.
if [ "${BASH_SOURCE[0]}" = "$0" ]; then
	cd "$(dirname "$0")/../.." || exit 2
	. test/lib/common.sh
	. test/lib/server.sh
fi

# print_reference COMMAND...: the page, to standard output; COMMAND runs psql
print_reference()
{
	cat <<-'END'
		# Reference

		What extension `vdb` has. Written by `make docs-reference` from the catalog; `\dx+ vdb` in
		psql lists the objects, `\d+` and `\df+` show the same sentences.

	END
	"$@" -f - <test/docs/reference.sql || return
	cat <<-'END'

		## Index options

		`CREATE INDEX ... USING ivfkm (...) WITH (option = value)`, or `ALTER INDEX ... SET (...)`,
		after which `refine_bits` waits for `REINDEX`, and `centroids` and `lists` for that or for
		the next renewal of the whole index.

		| option | default | what |
		|---|---|---|
	END
	# a default is written out, or the name of a constant
	perl -0777 -ne 's/"\s*\n?\s*"//g;
		my $text = qr/"((?:[^"\\]|\\.)*)"/;
		while (/add_\w+_reloption\(\s*ivfkm_relopt_kind,\s*$text,\s*$text,(.*?)\);/gs) {
		my ($name, $what, $rest) = ($1, $2, $3);
		my $default = $rest =~ /^\s*(true|false)/ ? { true => "on", false => "off" }->{$1}
			: $rest =~ /_AUTO/ ? "auto" : $rest =~ /^\s*(-?[0-9.]+)/ ? $1
			: $rest =~ /^\s*(\w+)/ ? (`grep -rhw "define $1" src/am` =~ /(\S+)\s*$/)[0] : "";
		$default = $rest =~ /^\s*NULL/ ? "" : "`$default`";
		$what =~ s/\|/\\|/g;
		print "| `$name` | $default | $what. |\n"; }' src/am/index/ivfkm_options.c
}

[ "${BASH_SOURCE[0]}" = "$0" ] || return 0
[ "${1:-}" = write ] || vdb_die "usage: test/docs/reference.sh write"
. test/lib/prepare.sh
vdb_prepare demo
vdb_open_build_dir
vdb_open_work
vdb_build_extension gcc with_llvm=no >"$vdb_work/tmp/build.log" 2>&1 ||
	{ cat "$vdb_work/tmp/build.log"; exit 1; }
vdb_make_private_tree && vdb_install_extension gcc with_llvm=no >"$vdb_work/tmp/install.log" 2>&1 &&
	vdb_start_server fsync=off || exit 1
print_reference vdb_psql >"$vdb_build/reference.md" &&
	mv "$vdb_build/reference.md" sql/docs/reference.md
status=$?
vdb_close_build_dir
exit "$status"
