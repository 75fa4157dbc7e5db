#!/bin/bash
# Plants a violation of every rule in a copy of the tree and sees that its lint reports it.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh

copy=$(mktemp -d) || exit 1
trap 'rm -rf "$copy"' EXIT
trap 'exit 130' INT TERM HUP

# fresh: the tree as it is, without what is compiled
fresh()
{
	rm -rf "$copy/tree"
	mkdir "$copy/tree"
	tar -cf - --exclude=./build --exclude=./.git --exclude='*.o' --exclude='*.bc' --exclude='*.gz' \
		--exclude=./test/fuzz/corpus --exclude=./test/golden --exclude=./test/dumps . |
		tar -xf - -C "$copy/tree"
}

# plant LINT EXPECTED SHELL-COMMAND: after the command, run in the copy, LINT must fail and
# print EXPECTED
plant()
{
	local lint=$1 expected=$2 output

	fresh
	mkdir -p "$copy/tree/src/page" "$copy/tree/src/am" "$copy/tree/sql" "$copy/tree/expected"
	(cd "$copy/tree" && eval "$3") || vdb_die "could not plant for $lint: $3"
	if output=$(bash "$copy/tree/test/lint/$lint.sh" 2>&1); then
		vdb_not_ok "$lint finds \"$expected\": it passed"
	elif ! grep -qF -- "$expected" <<<"$output"; then
		vdb_not_ok "$lint finds \"$expected\""
		sed 's/^/# /' <<<"$output"
	else
		vdb_ok "$lint finds \"$expected\""
	fi
}

plant check_includes 'must not include "quant/quant.h"' \
	'echo "#include \"quant/quant.h\"" >src/distance/planted.c'
plant check_includes 'must not include "distance/dist.h"' \
	'echo "#include \"distance/dist.h\"" >src/page/planted.c'
plant check_includes 'is no header of this tree' \
	'echo "#include \"postgres.h\"" >src/port/planted.c'
plant check_includes 'compat.h includes postgres.h' \
	'echo "#include \"compat.h\"" >src/quant/planted.c'
plant check_includes 'is not in the table' 'mkdir src/newlayer && echo >src/newlayer/planted.c'
plant check_pure 'src/quant/planted.c:2:' \
	'printf "/* palloc */\nvoid *p = palloc(3);\n" >src/quant/planted.c'
plant check_places 'src/am/planted.c:1:' 'echo "#if PG_VERSION_NUM > 1" >src/am/planted.c'
plant check_places 'src/am/planted.c:1:' 'echo "GenericXLogStart(r);" >src/am/planted.c'
plant check_places 'src/am/planted.c:1:' 'echo "__get_cpuid(1);" >src/am/planted.c'
plant check_places 'src/am/planted.c:1:' 'echo "IvfkmPageGetOpaque(page);" >src/am/planted.c'
plant check_places 'would depend on the machine' 'echo "CFLAGS += -march=native" >>Makefile'
plant check_versions 'META.json says "9.9.9"' \
	'sed -i "0,/\"version\": \"[0-9.]*\"/s//\"version\": \"9.9.9\"/" META.json'
plant check_versions '.ci/vdb.spec says' 'sed -i "s/^Version: .*/Version: 9.9.9/" .ci/vdb.spec'
plant check_versions 'the top of CHANGELOG.md' 'sed -i "0,/^## [^ ]*/s//## 9.9.9/" CHANGELOG.md'
plant check_versions 'sql/vdb--9.9.9.sql is missing' \
	'sed -i "s/^default_version.*/default_version = '"'9.9.9'"'/" vdb.control'
plant check_versions 'no line about the on-disk format' 'sed -i "/[Oo]n-disk format/d" CHANGELOG.md'
plant check_readmes 'src/newfolder: has code' 'mkdir src/newfolder && echo >src/newfolder/planted.c'
plant check_readmes 'src/page/README.md: no heading "## Invariants"' \
	'echo "## Purpose" >src/page/README.md'
plant check_readmes 'src/am/README.md: 901 words' 'seq 901 >src/am/README.md'
! vdb_have pyflakes3 ||
	plant check_python "undefined name 'os'" 'echo "print(os.name)" >bench/macro/planted.py'
plant check_regress 'expected/planted.out is missing' 'echo "SELECT 1;" >sql/planted.sql'
plant check_regress 'sql/README.md does not name it' \
	'echo >sql/planted.sql; echo >expected/planted.out'
plant check_regress 'sql/planted.sql is missing' 'echo >expected/planted.out'
plant check_regress 'does not say why' \
	'echo >sql/planted.sql; echo >expected/planted.out; echo >expected/planted_1.out'
plant check_markers 'src/am/build/planted.c:1:' 'echo "/* TO""DO */" >src/am/build/planted.c'
plant check_markers 'sql/planted.sql:1:' 'echo "<<<<""<<< HEAD" >sql/planted.sql'
plant check_markers 'src/am/planted.c:2: // comment' \
	'printf "char *s = \"//\";\nint i; // no\n" >src/am/planted.c'
plant check_names 'planted.c:' 'echo >src/am/planted.c; echo >src/page/planted.c'
plant check_names 'src/page/planted.h: its name must begin with one of: page' \
	'echo >src/page/planted.h'
plant check_names 'src/am/scan/ivfkmx.c: its name must begin with one of: ivfkm' \
	'echo >src/am/scan/ivfkmx.c'
plant check_cycles 'src/port/planted_c.c calls src/port/planted_a.c: planted_a' \
	'find src -name "*.c" -delete
	echo "void planted_b(void); void planted_a(void) { planted_b(); }" >src/port/planted_a.c
	echo "void planted_c(void); void planted_b(void) { planted_c(); }" >src/port/planted_b.c
	echo "void planted_a(void); void planted_c(void) { planted_a(); }" >src/port/planted_c.c'
# the other headers take long, and are seen by the lint itself
alone='find src -name "*.h" -delete;'
guard='#ifndef PLANTED_H\n#define PLANTED_H\n'
plant check_headers 'src/port/planted.h: does not compile alone' \
	"$alone"'printf "$guard uint32_t planted;\n#endif\n" >src/port/planted.h'
plant check_headers 'src/port/planted.h: does not compile alone' \
	"$alone"'printf "$guard#include \"postgres.h\"\n#endif\n" >src/port/planted.h'
plant check_headers 'has neither an include guard' "$alone"'echo >src/port/planted.h'
plant check_scripts 'function planted lacks 1 COMMENT ON' \
	'echo "CREATE FUNCTION planted(x vector) RETURNS int" >sql/vdb--0.0.9.sql'
plant check_scripts 'no guard' 'echo "SELECT 1;" >sql/vdb--0.0.9.sql'
plant check_shell 'test/planted.sh' 'echo "if" >test/planted.sh'
plant check_shell 'is not executable' 'chmod -x .ci/run'
plant check_width 'src/am/planted.c:2: 101 columns' \
	'printf "\n\t/* %091d */\n" 0 >src/am/planted.c'
plant check_width 'sql/planted.sql:1: 102 columns' 'printf "%0102d\n" 0 >sql/planted.sql'
plant check_width 'src/page/README.md:1: 101 columns' 'printf "|%0100d\n" 0 >src/page/README.md'
exit "$vdb_failed"
