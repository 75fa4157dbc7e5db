#!/bin/bash
# clang-format 14 on every C file.  format.sh write: change them; check: show what would change.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh

clang_format=${VDB_CLANG_FORMAT:-$(command -v clang-format-14 || command -v clang-format)}
[ -n "$clang_format" ] && "$clang_format" --version | grep -q 'version 14\.' ||
	vdb_die "clang-format 14 is needed (Debian: apt-get install clang-format-14)"
mapfile -t files < <(find src test bench -name '*.[ch]' | sort)
case ${1:-} in
write) "$clang_format" -i "${files[@]}" ;;
check) "$clang_format" --dry-run --Werror "${files[@]}" ;;
*) vdb_die "usage: format.sh write|check" ;;
esac
