#!/bin/bash
# The archive that goes to PGXN and to packagers, build/dist/vdb-VERSION.zip (make dist): what git
# has of the last commit.  META.json is looked at first.
cd "$(dirname "$0")/.." || exit 2
. test/lib/common.sh
. test/clients/lanes.sh

vdb_have git && git rev-parse HEAD >/dev/null 2>&1 || vdb_die "make dist needs a clone by git"
python=$(vdb_python) || vdb_die "make dist needs python3"
vdb_open_build_dir
"$python" .ci/check_meta.py || exit 1
version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" vdb.control)
mkdir -p "$vdb_build/dist" || exit 1
archive=$vdb_build/dist/vdb-$version.zip
rm -f "$archive"
git archive --format=zip --prefix="vdb-$version/" -o "$archive" HEAD || exit 1
vdb_close_build_dir
echo "$archive"
