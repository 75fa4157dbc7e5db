#!/bin/sh
# Installs vdb as extension "vector" too: pgvector's names, vdb's library.
#
#   vector_shim.sh check|install|uninstall EXTENSION-FOLDER LIBRARY-FOLDER
#
# "check" ends with status 1 if the folders hold a pgvector, or anything else of that name.
# Run by "make install-vector-shim" and "make uninstall-vector-shim".
set -eu

command=$1
extension=$2
library=$3
here=$(dirname "$0")
version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" "$here/vector_shim.control")
vdb_version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" "$here/../vdb.control")

# What our files say on their first line, and no other's do.
mark="vdb under pgvector's name"

is_ours()
{
	head -n 1 "$1" | grep -qF "$mark"
}

# Names the files of extension "vector" in the folders that are not ours.
others()
{
	for file in "$extension/vector.control" "$extension"/vector--*.sql; do
		[ ! -e "$file" ] || is_ours "$file" || echo "$file"
	done
	for file in "$library"/vector.so "$library"/vector.dylib; do
		[ ! -e "$file" ] || echo "$file"
	done
}

# The script of extension "vector", from that of "vdb".
generate()
{
	echo "-- $mark: generated from vdb--$vdb_version.sql and vector_shim.sql.in"
	sed 's/^\\echo Use "CREATE EXTENSION vdb"/\\echo Use "CREATE EXTENSION vector"/' \
		"$here/vdb--$vdb_version.sql"
	cat "$here/vector_shim.sql.in"
}

case $command in
check)
	found=$(others)
	if [ -n "$found" ]; then
		echo "Extension \"vector\" is installed here, and is not vdb's:"
		echo "$found" | sed 's/^/    /'
		echo "Databases may use it, so nothing was changed.  Remove pgvector first (after moving"
		echo "its data, see \"Coming from pgvector\" in README.md), or use extension \"vdb\""
		echo "beside it."
		exit 1
	fi >&2
	;;
install)
	trap 'rm -f "$extension/vector.new"' EXIT
	generate >"$extension/vector.new"
	chmod 644 "$extension/vector.new"
	mv "$extension/vector.new" "$extension/vector--$version.sql"
	cp "$here/vector_shim.control" "$extension/vector.new"
	chmod 644 "$extension/vector.new"
	mv "$extension/vector.new" "$extension/vector.control"
	echo "installed extension \"vector\" $version: vdb $vdb_version under pgvector's name"
	;;
uninstall)
	for file in "$extension/vector.control" "$extension"/vector--*.sql; do
		if [ -e "$file" ] && is_ours "$file"; then
			rm -f "$file"
		fi
	done
	;;
*)
	echo "usage: $0 check|install|uninstall EXTENSION-FOLDER LIBRARY-FOLDER" >&2
	exit 2
	;;
esac
