#!/bin/bash
# Debian packages of vdb for the server of PG_CONFIG, in build/deb (make deb).
#
#   postgresql-NN-vdb          the extension and its documents
#   postgresql-NN-vdb-vector   extension "vector" on its library, in place of pgvector
#
# .ci/debian is the folder "debian" of the source package.  It is copied beside a clean copy of the
# sources, and what depends on the tree is added: changelog, control, licence.  Needs what a build
# needs, dpkg-dev, debhelper and pg_buildext: as root they are installed, else named.
# Environment: PG_CONFIG; CC; VDB_DEB_REVISION, the Debian revision, default 1;
# SOURCE_DATE_EPOCH, the time of all files, default the last commit's, or CHANGELOG.md's.
cd "$(dirname "$0")/.." || exit 2
. test/lib/common.sh
. test/lib/prepare.sh
set -e

vdb_have dpkg || vdb_die "dpkg is not there: packages are made on Debian"
vdb_prepare deb
major=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
[ "$("$PG_CONFIG" --bindir)" = "/usr/lib/postgresql/$major/bin" ] ||
	vdb_die "PG_CONFIG=$PG_CONFIG: packages are made for Debian's servers, /usr/lib/postgresql"
vdb_open_build_dir
version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" vdb.control)
distribution=unstable
# sorts before the release
if [ "$(sed -n 's/^## .*(\(unreleased\)).*/\1/p' CHANGELOG.md | head -n 1)" = unreleased ]; then
	version=$version~unreleased
	distribution=UNRELEASED
fi
work=$vdb_build/deb/pg$major
log=$vdb_build/deb/pg$major.log
source=$work/vdb-$version
rm -rf "$work"
mkdir -p "$source"
vdb_copy_sources "$source"
cp LICENSE CHANGELOG.md "$source/"
cp -R .ci/debian "$source/debian"
sed 's/^$/./; s/^/ /' LICENSE >>"$source/debian/copyright"
time=${SOURCE_DATE_EPOCH:-$(git -c safe.directory="$PWD" log -1 --format=%ct 2>/dev/null ||
	stat -c %Y CHANGELOG.md)}
cat >"$source/debian/changelog" <<END
vdb ($version-${VDB_DEB_REVISION:-1}) $distribution; urgency=medium

  * See changelog.gz.

 -- the vdb developers <vdb@localhost>  $(LC_ALL=C date -u -R -d "@$time")
END

# This version alone, whatever others the machine has or Debian supports.
export PG_SUPPORTED_VERSIONS=$major LC_ALL=C.UTF-8
# no packages of debugging symbols
export DEB_BUILD_OPTIONS="noautodbgsym ${DEB_BUILD_OPTIONS:-}"
options=
[ -z "${CC:-}" ] || options="CC=${CC// /\\ }"
[ -n "$(vdb_server_clang)" ] || options="$options with_llvm=no"

build()
{
	cd "$source" || return
	pg_buildext updatecontrol || return
	# -d: vdb_prepare has looked for the programs and files themselves, which need not be there as
	# packages: a compiler of one's own, headers unpacked without the clang they depend on
	MAKEFLAGS=$options dpkg-buildpackage -us -uc -b -d -j"$(nproc)"
}

if ! (build) >"$log" 2>&1; then
	tail -n 40 "$log" >&2
	vdb_die "the packages could not be built: $log"
fi
for package in "$work"/*.deb; do
	mv "$package" "$vdb_build/deb/"
	echo "$vdb_build/deb/${package##*/}"
done
rm -rf "$work"
vdb_close_build_dir
