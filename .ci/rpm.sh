#!/bin/bash
# RPM packages of vdb for the server of PG_CONFIG, in build/rpm (make rpm), by .ci/vdb.spec from an
# archive such as make dist makes.
#
# Needs what a build needs, rpmbuild, zip and unzip.  On a machine whose packages are not RPM, as
# Debian with its package "rpm", what the spec wants to be installed is not looked for.
cd "$(dirname "$0")/.." || exit 2
. test/lib/common.sh
set -e

PG_CONFIG=${PG_CONFIG:-$(command -v pg_config)} || vdb_die "set PG_CONFIG to a server's pg_config"
for program in rpmbuild zip unzip; do
	vdb_have "$program" || vdb_die "$program is not there"
done
vdb_open_build_dir
major=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" vdb.control)
top=$vdb_build/rpm/pg$major
rm -rf "$top"
mkdir -p "$top/SOURCES/vdb-$version"
vdb_copy_sources "$top/SOURCES/vdb-$version"
cp LICENSE "$top/SOURCES/vdb-$version/"
(cd "$top/SOURCES" && zip -qr "vdb-$version.zip" "vdb-$version" && rm -rf "vdb-$version")
options=()
[ ! -e /etc/debian_version ] || options+=(--nodeps)
rpmbuild -bb --quiet "${options[@]}" --define "_topdir $top" --define "pg_config $PG_CONFIG" \
	--define "pgmajorversion $major" --define "_build_id_links none" .ci/vdb.spec
mv "$top"/RPMS/*/*.rpm "$vdb_build/rpm/"
rm -rf "$top"
vdb_close_build_dir
