#!/bin/bash
# Debian packages of vdb for the server of PG_CONFIG, in build/deb (make deb).
#
#   postgresql-NN-vdb          the extension and its documents
#   postgresql-NN-vdb-vector   extension "vector" on its library, in place of pgvector
#
# Needs what a build needs, and dpkg-deb; dpkg-shlibdeps, if it is there, finds the C library's
# version.  Environment: PG_CONFIG; VDB_DEB_REVISION, the Debian revision, default 1.
cd "$(dirname "$0")/.." || exit 2
. test/lib/common.sh
set -e

PG_CONFIG=${PG_CONFIG:-$(command -v pg_config)} || vdb_die "set PG_CONFIG to a server's pg_config"
vdb_have dpkg-deb || vdb_die "dpkg-deb is not there: packages are made on Debian"
vdb_open_build_dir
major=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" vdb.control)
# sorts before the release
[ "$(sed -n 's/^## .*(\(unreleased\)).*/\1/p' CHANGELOG.md | head -n 1)" != unreleased ] ||
	version=$version~unreleased
version=$version-${VDB_DEB_REVISION:-1}
architecture=$(dpkg --print-architecture)
name=postgresql-$major-vdb
work=$vdb_build/deb/pg$major
rm -rf "$work/root" "$work/vector"
mkdir -p "$work/source" "$work/root" "$work/vector"

options=(PG_CONFIG="$PG_CONFIG" CC="${CC:-gcc}")
[ -n "$(vdb_server_clang)" ] || options+=(with_llvm=no)
vdb_copy_sources "$work/source"
make -s -C "$work/source" -j"$(nproc)" "${options[@]}" all
make -s -C "$work/source" "${options[@]}" DESTDIR="$work/root" install
# what both install is the first package's
make -s -C "$work/source" "${options[@]}" DESTDIR="$work/vector" install-vector-shim
(cd "$work/root" && find . -type f) | (cd "$work/vector" && xargs rm -f)
find "$work/vector" -type d -empty -delete
library=$work/root$("$PG_CONFIG" --pkglibdir)/vdb.so
strip --strip-unneeded "$library"

# libraries LIBRARY: what the package depends on beside the server
libraries()
{
	if vdb_have dpkg-shlibdeps; then
		mkdir -p "$work/debian"
		printf 'Source: vdb\n\nPackage: %s\nArchitecture: any\n' "$name" >"$work/debian/control"
		(cd "$work" && dpkg-shlibdeps -O "$1" 2>/dev/null) | sed 's/^shlibs:Depends=/, /'
	else
		echo ", libc6"
	fi
}

# package NAME ROOT DEPENDS DESCRIPTION LINE...: write the control file and build the package
package()
{
	local package=$1 root=$2 depends=$3 description=$4

	shift 4
	mkdir -p "$root/DEBIAN" "$root/usr/share/doc/$package"
	cp LICENSE "$root/usr/share/doc/$package/copyright"
	gzip -9nc CHANGELOG.md >"$root/usr/share/doc/$package/changelog.gz"
	{
		printf '%s\n' "Package: $package" "Version: $version" "Architecture: $architecture" \
			"Maintainer: the vdb developers <vdb@localhost>" "Section: database" \
			"Priority: optional" "Installed-Size: $(du -sk "$root" | cut -f 1)" "Depends: $depends"
		[ $# -eq 0 ] || printf '%s\n' "$@"
		printf 'Description: %s\n' "$description"
	} >"$root/DEBIAN/control"
	(cd "$root" && find . -type f -not -path './DEBIAN/*' -printf '%P\0' | sort -z |
		xargs -0 md5sum >DEBIAN/md5sums)
	chmod -R u=rwX,go=rX "$root"
	dpkg-deb --root-owner-group --build "$root" \
		"$vdb_build/deb/${package}_${version}_$architecture.deb"
}

package "$name" "$work/root" "postgresql-$major$(libraries "$library")" \
	"vector search for PostgreSQL $major
 Types vector, halfvec and sparsevec with exact distance operators, and ivfkm,
 an index that finds the rows nearest to a vector." \
	"Enhances: postgresql-$major"
package "$name-vector" "$work/vector" "$name (= $version)" \
	"vdb as extension \"vector\" for PostgreSQL $major
 The names of pgvector: CREATE EXTENSION vector, and indexes USING hnsw and
 ivfflat, which are vdb's." \
	"Conflicts: postgresql-$major-pgvector"
vdb_close_build_dir
