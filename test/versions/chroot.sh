# Debian chroots with a newer PostgreSQL's headers and that release's own gcc.
#
# Sourced after common.sh; root only.  They live in $VDB_CHROOT_DIR, default
# /var/cache/vdb, and are made once; removing the folder is always safe.
# shellcheck shell=bash

vdb_chroots=${VDB_CHROOT_DIR:-/var/cache/vdb}

# The mirror that the machine's own apt uses.
vdb_mirror()
{
	local mirror

	mirror=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' \
		2>/dev/null | sed -n 's/^Debian \(http[^ ]*\)$/\1/p' | head -n 1)
	echo "${mirror:-http://deb.debian.org/debian}"
}

# vdb_in_chroot SUITE COMMAND...
vdb_in_chroot()
{
	local suite=$1

	shift
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive chroot "$vdb_chroots/$suite" "$@" </dev/null
}

# vdb_in_chroot_with_proc SUITE COMMAND...: /proc is mounted for this command alone, in a mount
# namespace of its own, so that nothing stays mounted
vdb_in_chroot_with_proc()
{
	local suite=$1

	shift
	unshare --mount env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		DEBIAN_FRONTEND=noninteractive sh -c '
			mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' \
		"$vdb_chroots/$suite" "$@" </dev/null
}

# vdb_make_chroot SUITE MAJOR: make it unless it is complete
vdb_make_chroot()
{
	local suite=$1 major=$2 root=$vdb_chroots/$1 script=

	[ ! -f "$root/.vdb-pg$major" ] || return 0
	mkdir -p "$vdb_chroots" && rm -rf "$root" || return
	# debootstrap of an older release knows no script for a newer one; they are all sid's
	[ -e "/usr/share/debootstrap/scripts/$suite" ] || script=/usr/share/debootstrap/scripts/sid
	debootstrap --variant=minbase "$suite" "$root" "$(vdb_mirror)" $script || return

	# no service may start, and no cluster be made, should a server be installed later
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" &&
		chmod 755 "$root/usr/sbin/policy-rc.d" &&
		cp /etc/resolv.conf "$root/etc/resolv.conf" || return
	# mirrors that stand still, and clocks that do not, are common where tests run
	echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/90vdb" || return
	vdb_in_chroot "$suite" apt-get -qq update &&
		vdb_in_chroot "$suite" apt-get -qq -y install --no-install-recommends \
			gcc libc6-dev make || return

	# The headers and pg_config alone, without the clang and llvm that the packages depend on.
	vdb_in_chroot "$suite" sh -ec "
		cd /var/cache/apt/archives
		apt-get -qq -o APT::Sandbox::User=root download \
			postgresql-server-dev-$major postgresql-client-$major
		for package in postgresql-*.deb; do dpkg -x \$package /; done
		rm -f *.deb" || return
	touch "$root/.vdb-pg$major"
}

# vdb_check_in_chroot SUITE MAJOR TIER...: install that release's server, and what clients need, and
# run these tiers there
vdb_check_in_chroot()
{
	local suite=$1 major=$2 root=$vdb_chroots/$1

	shift 2
	if [ ! -x "$root/usr/lib/postgresql/$major/bin/postgres" ]; then
		vdb_in_chroot_with_proc "$suite" apt-get -qq -y install --no-install-recommends \
			postgresql-common &&
			echo 'create_main_cluster = false' >>"$root/etc/postgresql-common/createcluster.conf" &&
			vdb_in_chroot_with_proc "$suite" apt-get -qq -y install --no-install-recommends \
				"postgresql-$major" libipc-run-perl perl || return
	fi
	if [[ " $* " == *" clients "* ]] && [ ! -f "$root/.vdb-clients" ]; then
		# certificates that this machine was told to trust are needed for downloads there too
		mkdir -p "$root/usr/local/share" &&
			cp -R /usr/local/share/ca-certificates "$root/usr/local/share/" 2>/dev/null
		vdb_in_chroot_with_proc "$suite" apt-get -qq -y install --no-install-recommends \
			ca-certificates python3-venv nodejs npm golang-go default-jdk-headless maven &&
			touch "$root/.vdb-clients" || return
	fi
	# what was compiled the last time stays
	mkdir -p "$root/vdb-check" &&
		find "$root/vdb-check" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} + &&
		(cd "$vdb_root" && tar -cf - --exclude=./build --exclude=./.git --exclude='*.o' \
			--exclude='*.bc' --exclude='*.so' .) | tar -xf - -C "$root/vdb-check" || return
	vdb_in_chroot_with_proc "$suite" env VDB_NO_INSTALL=1 VDB_VERSIONS=0 \
		VDB_QUICK="${VDB_QUICK:-}" VDB_CLIENTS="${VDB_CLIENTS:-}" /vdb-check/test/check.sh "$@"
}

# vdb_upgrade_in_chroot SUITE: pg_upgrade from this machine's server to the one there, which
# vdb_check_in_chroot() has installed beside vdb's tree
vdb_upgrade_in_chroot()
{
	local suite=$1 root=$vdb_chroots/$1 old=/vdb-old bin library missing

	bin=$(vdb_copy_server "$root$old") && bin=${bin#"$root"} && mkdir -p "$root$old/lib" || return
	# the libraries of this release that the other one has no more, and what these need
	while missing=$(vdb_in_chroot "$suite" sh -c "LD_LIBRARY_PATH=$old/lib ldd $bin/*" 2>/dev/null |
		sed -n 's/^[[:space:]]*\([^ ]*\) => not found$/\1/p' | sort -u) && [ -n "$missing" ]; do
		for library in $missing; do
			cp -L "$(LD_LIBRARY_PATH=$root$old/lib ldd "$root$bin"/* 2>/dev/null |
				awk -v name="$library" '$1 == name && $3 ~ /^\// { print $3; exit }')" \
				"$root$old/lib/" || return
		done
	done
	vdb_in_chroot_with_proc "$suite" env VDB_NO_INSTALL=1 LD_LIBRARY_PATH="$old/lib" \
		PG_CONFIG="$(vdb_in_chroot "$suite" sh -c 'ls /usr/lib/postgresql/*/bin/pg_config')" \
		bash /vdb-check/test/versions/upgrade.sh "$bin"
}
