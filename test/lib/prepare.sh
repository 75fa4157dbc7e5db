# Finds a PostgreSQL server and compilers; as root installs what is missing from Debian.
#
# Sourced after common.sh.  vdb_prepare FOR, where FOR is "demo", "check", "lint" (which needs no
# server) or "deb" (which needs its headers alone, and makes Debian packages), sets and exports
# PG_CONFIG, VDB_CLANG and VDB_CLANG_FORMAT (empty: not there), or ends the script with a message
# that names what is missing.  It never makes, starts or changes a database cluster of the machine,
# and asks nothing.  vdb_lanes_wanted, "all" or names, adds what the languages of test/clients need;
# unset: none.  vdb_versions_wanted, if not empty, adds what the tier "versions" needs,
# vdb_packages_wanted what "packages" makes RPM packages with.
# shellcheck shell=bash

# shellcheck source=test/clients/lanes.sh
. "$vdb_root/test/clients/lanes.sh"

vdb_oldest_server=15

# Newest Debian server whose programs are there; sets PG_CONFIG if the caller did not.
vdb_find_server()
{
	local candidate

	[ -z "${PG_CONFIG:-}" ] || return 0
	candidate=$(printf '%s\n' /usr/lib/postgresql/*/bin/pg_config | sort -V | tail -n 1)
	if [ -x "$candidate" ]; then
		PG_CONFIG=$candidate
	elif vdb_have pg_config && [ -x "$(pg_config --bindir)/postgres" ]; then
		PG_CONFIG=$(command -v pg_config)
	fi
}

# Major version of Debian's packages: of the server in use, or of what apt would install.
vdb_debian_major()
{
	if [ -n "${PG_CONFIG:-}" ]; then
		"$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/'
	else
		apt-cache depends postgresql 2>/dev/null |
			sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -n 1
	fi
}

vdb_has_libc_headers()
{
	vdb_have gcc && echo '#include <stdio.h>' | gcc -E - >/dev/null 2>&1
}

# Is there a program (relative to pg_config's folders) that Debian ships in a package?
vdb_has_server_file()
{
	local pgxs

	[ -n "${PG_CONFIG:-}" ] && [ -x "$PG_CONFIG" ] || return 1
	case $1 in
	server)
		[ -x "$("$PG_CONFIG" --bindir)/postgres" ] && [ -x "$("$PG_CONFIG" --bindir)/initdb" ]
		;;
	headers)
		pgxs=$("$PG_CONFIG" --pgxs)
		[ -f "$pgxs" ] && [ -f "$("$PG_CONFIG" --includedir-server)/postgres.h" ] &&
			[ -x "${pgxs%/makefiles/pgxs.mk}/test/regress/pg_regress" ]
		;;
	esac
}

# The package that has pg_buildext: one of its own since Debian 13.
vdb_buildext_package()
{
	if [ -n "$(apt-cache show postgresql-common-dev 2>/dev/null)" ]; then
		echo postgresql-common-dev
	else
		echo postgresql-common
	fi
}

# Fill vdb_missing (needed) and vdb_wanted (tests are skipped without) with package names.
vdb_list_missing()
{
	local major=${1:-NN} for=$2 lane

	vdb_missing=()
	vdb_wanted=()
	vdb_have gcc || vdb_missing+=(gcc)
	vdb_has_libc_headers || vdb_missing+=(libc6-dev)
	vdb_have make || vdb_missing+=(make)
	[ "$for" = demo ] || [ "$for" = deb ] || vdb_have clang-format-14 ||
		vdb_wanted+=(clang-format-14)
	[ "$for" = demo ] || [ "$for" = deb ] || vdb_have pyflakes3 || vdb_wanted+=(pyflakes3)
	[ "$for" = lint ] || [ "$for" = deb ] || vdb_has_server_file server ||
		vdb_missing+=("postgresql-$major")
	[ "$for" = lint ] || vdb_has_server_file headers ||
		vdb_missing+=("postgresql-server-dev-$major")
	if [ "$for" = deb ]; then
		vdb_have dpkg-buildpackage || vdb_missing+=(dpkg-dev)
		vdb_have dh || vdb_missing+=(debhelper)
		vdb_have pg_buildext || vdb_missing+=("$(vdb_buildext_package)")
	fi
	[ "$for" = check ] || return 0

	vdb_have prove || vdb_missing+=(perl)
	perl -MIPC::Run -e 1 2>/dev/null || vdb_missing+=(libipc-run-perl)
	vdb_clang=$(vdb_server_clang)
	vdb_clang=${vdb_clang:-$(command -v clang || true)}
	if [ -z "$vdb_clang" ]; then
		vdb_wanted+=(clang)
	elif ! vdb_has_sanitizers "$vdb_clang"; then
		vdb_wanted+=("libclang-rt-$("$vdb_clang" -dumpversion | cut -d. -f1)-dev")
	fi
	if [ -n "${vdb_lanes_wanted:-}" ]; then
		for lane in "${vdb_lanes[@]}"; do
			case " $vdb_lanes_wanted " in
			*" $lane "* | " all ")
				mapfile -t -O "${#vdb_wanted[@]}" vdb_wanted < <("vdb_lane_${lane}_missing")
				;;
			esac
		done
	fi
	if [ -n "${vdb_packages_wanted:-}" ]; then
		vdb_have rpmbuild || vdb_wanted+=(rpm)
		vdb_have zip || vdb_wanted+=(zip)
		vdb_have unzip || vdb_wanted+=(unzip)
	fi
	if vdb_is_root && [ -n "${vdb_versions_wanted:-}" ]; then
		vdb_have debootstrap || vdb_wanted+=(debootstrap)
		mapfile -t -O "${#vdb_wanted[@]}" vdb_wanted < <(vdb_lane_python_missing)
	fi
}

# Whatever happens, put Debian's cluster defaults back as they were.
vdb_restore_cluster_defaults()
{
	if [ -n "${vdb_saved_defaults:-}" ]; then
		cat "$vdb_saved_defaults" >/etc/postgresql-common/createcluster.conf
		rm -f "$vdb_saved_defaults"
		vdb_saved_defaults=
	fi
}

# vdb_apt_install PACKAGE...: apt-get as root, without recommended packages
vdb_apt_install()
{
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Use-Pty=0 install --no-install-recommends "$@" </dev/null >>"$vdb_apt_log" 2>&1
}

# vdb_apt_install_server PACKAGE...: install them, a server among them without the cluster
# "main" that Debian makes on first install
vdb_apt_install_server()
{
	local conf=/etc/postgresql-common/createcluster.conf status

	case $* in
	*postgresql-[0-9]*) ;;
	*)
		vdb_apt_install "$@"
		return
		;;
	esac
	vdb_apt_install postgresql-common || return
	vdb_saved_defaults=$(mktemp) && cat "$conf" >"$vdb_saved_defaults" || return
	echo 'create_main_cluster = false' >>"$conf"
	vdb_apt_install "$@"
	status=$?
	vdb_restore_cluster_defaults
	return $status
}

vdb_install_missing()
{
	local for=$1 major package

	vdb_apt_log=$(mktemp)
	trap 'vdb_restore_cluster_defaults; rm -f "$vdb_apt_log"' EXIT
	trap 'exit 130' INT TERM HUP

	vdb_say "updating apt's package lists"
	apt-get -qq -o DPkg::Lock::Timeout=300 update </dev/null >>"$vdb_apt_log" 2>&1 ||
		vdb_say "apt-get update failed; trying with the lists at hand"
	major=$(vdb_debian_major)
	[ -n "$major" ] || vdb_die "apt knows no package \"postgresql\"; set PG_CONFIG to a server"
	[ "$major" -ge "$vdb_oldest_server" ] ||
		vdb_die "apt offers PostgreSQL $major, vdb needs $vdb_oldest_server or newer; set PG_CONFIG"
	vdb_list_missing "$major" "$for"
	if [ "${#vdb_missing[@]}" -gt 0 ]; then
		vdb_say "installing ${vdb_missing[*]}"
		if ! vdb_apt_install_server "${vdb_missing[@]}"; then
			tail -n 20 "$vdb_apt_log" >&2
			vdb_die "apt-get could not install: ${vdb_missing[*]}"
		fi
	fi
	hash -r
	vdb_find_server
	vdb_list_missing "$major" "$for"
	if [ "${#vdb_wanted[@]}" -gt 0 ]; then
		vdb_say "installing ${vdb_wanted[*]}"
		# one that is not to be had must not keep the others away
		vdb_apt_install "${vdb_wanted[@]}" ||
			for package in "${vdb_wanted[@]}"; do
				vdb_apt_install "$package" ||
					vdb_say "$package is not to be had; its tests are skipped"
			done
	fi
	rm -f "$vdb_apt_log"
	trap - EXIT INT TERM HUP
	hash -r
}

# vdb_prepare demo|check|lint
vdb_prepare()
{
	local for=$1 major

	[ -z "${PG_CONFIG:-}" ] || vdb_have "$PG_CONFIG" || vdb_die "PG_CONFIG=$PG_CONFIG is no program"
	[ -z "${PG_CONFIG:-}" ] || PG_CONFIG=$(command -v "$PG_CONFIG")
	vdb_find_server
	vdb_list_missing "$(vdb_debian_major)" "$for"
	if [ "$((${#vdb_missing[@]} + ${#vdb_wanted[@]}))" -gt 0 ] && vdb_is_root &&
		vdb_have apt-get && [ "${VDB_NO_INSTALL:-}" = "" ]; then
		vdb_install_missing "$for"
		vdb_list_missing "$(vdb_debian_major)" "$for"
	fi
	if [ "${#vdb_missing[@]}" -gt 0 ]; then
		vdb_say "vdb: missing on this machine: ${vdb_missing[*]}" >&2
		vdb_say "vdb: install with" >&2
		vdb_say "    sudo apt-get install --no-install-recommends" \
			"${vdb_missing[*]}" ${vdb_wanted[@]+"${vdb_wanted[*]}"} >&2
		case ${vdb_missing[*]} in
		*postgresql*)
			vdb_say "vdb: or run the same make as root once, which makes no database cluster" >&2
			;;
		esac
		exit 1
	fi

	major=$(vdb_debian_major)
	[ "$for" = lint ] || [ "$major" -ge "$vdb_oldest_server" ] ||
		vdb_die "$PG_CONFIG is PostgreSQL $major, vdb needs $vdb_oldest_server or newer"
	VDB_CLANG=$(vdb_server_clang)
	[ -n "$VDB_CLANG" ] || VDB_CLANG=$(command -v clang || true)
	VDB_CLANG_FORMAT=$(command -v clang-format-14 || true)
	if [ -z "$VDB_CLANG_FORMAT" ] && vdb_have clang-format &&
		clang-format --version | grep -q 'version 14\.'; then
		VDB_CLANG_FORMAT=$(command -v clang-format)
	fi
	[ -z "${PG_CONFIG:-}" ] || export PG_CONFIG
	export VDB_CLANG VDB_CLANG_FORMAT
}
