#!/bin/bash
# Tier "packages": the Debian packages of make deb are built in a chroot, installed in a clean one,
# and the demo runs there on the installed extension.  RPM packages are built here, and used from a
# private copy of the server.  All are made from the archive of make dist.
#
# VDB_PACKAGES="15:bookworm" chooses versions, VDB_PACKAGES=0 skips those; needs root, debootstrap
# and a kernel with overlayfs.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/versions/chroot.sh

packages=${VDB_PACKAGES:-15:bookworm 17:trixie 18:forky}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# Why packages cannot be tested here; empty if they can.
obstacle()
{
	if ! vdb_is_root; then
		echo "only root can make the chroots"
	elif ! vdb_have debootstrap; then
		echo "debootstrap is not installed"
	elif ! can_layer; then
		echo "file systems cannot be mounted over another here"
	fi
}

# Can overlayfs be mounted in a namespace of its own?
can_layer()
{
	mkdir -p "$work/try" && unshare --mount sh -ec 'mount -t tmpfs layer "$1"
		mkdir "$1/lower" "$1/upper" "$1/work" "$1/root"
		mount -t overlay -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" overlay \
			"$1/root"' sh "$work/try" >/dev/null 2>&1
}

# in_layer SUITE IN OUT COMMAND...: run in a copy of the chroot that is gone afterwards, with folder
# IN at /in, read only, and folder OUT at /out
in_layer()
{
	local suite=$1 in=$2 out=$3

	shift 3
	mkdir -p "$work/layer"
	unshare --mount env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive sh -ec '
			lower=$1 layer=$2 in=$3 out=$4
			shift 4
			mount -t tmpfs layer "$layer"
			mkdir "$layer/upper" "$layer/work" "$layer/root"
			mount -t overlay overlay "$layer/root" \
				-o "lowerdir=$lower,upperdir=$layer/upper,workdir=$layer/work"
			mkdir -p "$layer/root/in" "$layer/root/out"
			mount --bind -o ro "$in" "$layer/root/in"
			mount --bind "$out" "$layer/root/out"
			mount -t proc proc "$layer/root/proc"
			exec chroot "$layer/root" "$@"' \
		sh "$vdb_chroots/$suite" "$work/layer" "$in" "$out" "$@" </dev/null
}

# test_packages MAJOR SUITE
test_packages()
{
	local major=$1 suite=$2 config=/usr/lib/postgresql/$1/bin/pg_config debs=$work/debs-$1

	mkdir -p "$debs"
	if ! in_layer "$suite" "$work/source" "$debs" env VDB_BUILD_DIR=/out PG_CONFIG="$config" \
		/in/.ci/deb.sh >"$work/log" 2>&1; then
		sed 's/^/# /' "$work/log"
		vdb_not_ok "PostgreSQL $major: build the packages"
		return
	fi
	vdb_ok "PostgreSQL $major: build the packages"
	mv "$debs"/deb/*.deb "$debs/" && rm -rf "$debs/deb" "$debs/check"
	cp -R .ci/docker-init.sh test/packages bench/demo bench/data "$debs/"
	if in_layer "$suite" "$debs" "$work/log-$major" sh /in/packages/install.sh "$major" \
		>"$work/log" 2>&1; then
		sed 's/^/# /' "$work/log"
		vdb_ok "PostgreSQL $major: install them in a clean root, run the demo, remove them"
	else
		sed 's/^/# /' "$work/log"
		vdb_not_ok "PostgreSQL $major: install them in a clean root, run the demo, remove them"
	fi
}

vdb_try "META.json is what PGXN wants" python3 .ci/check_meta.py
# The archive of make dist, or the tree where that has changes of its own.
mkdir -p "$vdb_chroots" "$work/source" || exit 1
if git -c safe.directory="$PWD" diff --quiet HEAD 2>/dev/null; then
	echo "# packages are made from the archive of make dist"
	git -c safe.directory="$PWD" archive --format=tar HEAD | tar -xf - -C "$work/source" || exit 1
else
	tar -cf - --exclude=./build --exclude=./.git --exclude='*.o' --exclude='*.bc' \
		--exclude='*.so' . | tar -xf - -C "$work/source" || exit 1
fi

test/packages/rpm.sh "$work/source" || vdb_failed=1

if [ "$packages" = 0 ]; then
	vdb_skip "Debian packages" "VDB_PACKAGES=0"
	exit "$vdb_failed"
fi
reason=$(obstacle)
if [ -n "$reason" ]; then
	vdb_skip "Debian packages" "$reason"
	exit "$vdb_failed"
fi
exec 9>"$vdb_chroots/lock"
flock 9
for version in $packages; do
	major=${version%%:*}
	suite=${version#*:}
	mkdir -p "$work/log-$major"
	if vdb_make_chroot "$suite" "$major" >"$work/log" 2>&1; then
		test_packages "$major" "$suite"
	else
		sed 's/^/# /' "$work/log"
		vdb_not_ok "PostgreSQL $major: make a chroot of Debian $suite"
	fi
done 9>&-
exit "$vdb_failed"
