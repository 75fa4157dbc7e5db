# Private throw-away servers that leave the machine's own installation and clusters alone.
#
# Sourced after common.sh, with PG_CONFIG set.  The order of use:
#
#   vdb_open_work             a temporary folder, removed when the script ends
#   vdb_build_extension gcc   compile a copy of the sources below build/
#   vdb_make_private_tree     a copy of the server's installation that we may write to
#   vdb_install_extension gcc into the private tree
#   vdb_start_server          initdb and start; socket only
#   vdb_psql ARGUMENT...      as the user who runs the server
#
# The private tree holds real copies of the server's programs and symbolic links to all its
# other files.  PostgreSQL finds its library and share folders from where its program lies,
# so the copy uses the private folders: nothing has to be installed into the system.
# Root cannot run a server: there everything that touches one runs as "postgres" or "nobody".
# shellcheck shell=bash

vdb_work=

# Who runs the server when we are root.
vdb_server_user()
{
	if id postgres >/dev/null 2>&1; then
		echo postgres
	else
		echo nobody
	fi
}

# vdb_as_server COMMAND...: run as the server's user, in the work folder
vdb_as_server()
{
	local user

	if vdb_is_root; then
		user=$(vdb_server_user)
		(cd "$vdb_work" &&
			exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups \
				env HOME="$vdb_work" TMPDIR="$vdb_work/tmp" "$@")
	else
		(cd "$vdb_work" && exec env TMPDIR="$vdb_work/tmp" "$@")
	fi
}

# Make the work folder.  Its path is short, because a socket's path is limited to 107 bytes.
vdb_open_work()
{
	local base=${TMPDIR:-/tmp}

	[ "${#base}" -le 50 ] || base=/tmp
	vdb_work=$(mktemp -d "$base/vdb.XXXXXX") || vdb_die "could not make a temporary folder in $base"
	trap vdb_close_work EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	chmod 755 "$vdb_work"
	mkdir "$vdb_work/tmp" "$vdb_work/socket"
	chmod 700 "$vdb_work/socket"
	if vdb_is_root; then
		chown -R "$(vdb_server_user)" "$vdb_work"
	fi
	vdb_bin=$vdb_work/root$("$PG_CONFIG" --bindir)
	vdb_data=$vdb_work/data
	vdb_log=$vdb_work/server.log
	export PGHOST=$vdb_work/socket PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
}

# End every server whose data lie in the work folder, then remove the folder.
vdb_close_work()
{
	local status=$? file pid tries

	trap '' INT TERM HUP
	[ -n "$vdb_work" ] && [ -d "$vdb_work" ] || return "$status"
	find "$vdb_work" -name postmaster.pid 2>/dev/null | while IFS= read -r file; do
		pid=$(head -n 1 "$file" 2>/dev/null)
		case $pid in '' | *[!0-9]*) continue ;; esac
		kill -QUIT "$pid" 2>/dev/null || continue
		tries=0
		while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
			sleep 0.1
			tries=$((tries + 1))
		done
	done
	if [ "$status" -ne 0 ] && [ -s "$vdb_log" ]; then
		mkdir -p "$vdb_build/check" && cp "$vdb_log" "$vdb_build/check/server.log" &&
			echo "# the server's log is kept in $vdb_build/check/server.log"
	fi
	cd / && rm -rf "$vdb_work"
	vdb_work=
	return "$status"
}

# Folder in which the extension is compiled: one per server version and compiler.
vdb_object_dir()
{
	echo "$vdb_build/pg$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')-$1"
}

# What make needs to know if the clang for the server's bitcode is not installed, or would take too
# long.
vdb_bitcode_option()
{
	[ -n "$(vdb_server_clang)" ] && [ "${VDB_QUICK:-}" != 1 ] || echo with_llvm=no
}

# The server's flags are gcc's: clang does not know all of them.
vdb_clang_options="-Werror -Wno-unknown-warning-option -Wno-ignored-optimization-argument \
	-Wno-ignored-attributes"

# vdb_build_extension gcc|clang [MAKE ARGUMENT...]
vdb_build_extension()
{
	local compiler=$1 to options

	shift
	to=$(vdb_object_dir "$compiler")
	options=(CC=gcc $(vdb_bitcode_option))
	[ "$compiler" != clang ] || options=(CC="$VDB_CLANG" with_llvm=no COPT="$vdb_clang_options")
	mkdir -p "$to" &&
		vdb_locked "$to.lock" vdb_compile "$to" PG_CONFIG="$PG_CONFIG" "${options[@]}" "$@" all
}

# vdb_read_with_clang: what clang has to say of the sources, without making objects of them
vdb_read_with_clang()
{
	local to

	to=$(vdb_object_dir clang)
	mkdir -p "$to" &&
		vdb_locked "$to.lock" vdb_compile "$to" PG_CONFIG="$PG_CONFIG" CC="$VDB_CLANG" \
			with_llvm=no COPT="$vdb_clang_options" syntax
}

# vdb_compile FOLDER MAKE-ARGUMENT...: bring the sources there up to date, and what is made of them
vdb_compile()
{
	local to=$1

	shift
	vdb_copy_sources "$to" && make -s -k -C "$to" -j"$(nproc)" "$@"
}

# Copy the server's installation: programs as files, the rest as links.
vdb_make_private_tree()
{
	local dir kind include program

	dir=$("$PG_CONFIG" --bindir)
	mkdir -p "$vdb_bin" || return
	for program in "$dir"/postgres "$dir"/psql "$dir"/initdb "$dir"/pgbench "$dir"/pg_* \
		"$dir"/createdb "$dir"/dropdb "$dir"/vacuumdb "$dir"/reindexdb; do
		[ ! -x "$program" ] || cp -L "$program" "$vdb_bin/" || return
	done
	for kind in pkglibdir sharedir; do
		dir=$("$PG_CONFIG" --$kind)
		mkdir -p "$vdb_work/root$dir" || return
		cp -Rs "$dir/." "$vdb_work/root$dir/" || return
	done
	for kind in includedir includedir-server; do
		include=$("$PG_CONFIG" --$kind)
		[ ! -e "$vdb_work/root$include" ] || continue
		mkdir -p "$vdb_work/root$(dirname "$include")" || return
		ln -s "$include" "$vdb_work/root$include" || return
	done

	# a vdb or pgvector that is installed on the machine is none of our business
	find "$vdb_work/root" \( -name 'vdb.control' -o -name 'vdb--*.sql' -o -name 'vdb.so' -o \
		-name 'vdb.index.bc' -o -name 'from_pgvector.awk' -o -name 'vector.control' -o \
		-name 'vector--*.sql' -o -name 'vector.so' \) -delete
	rm -rf "$vdb_work/root$("$PG_CONFIG" --pkglibdir)/bitcode/vdb"
	[ "$("$vdb_bin/pg_config" --pkglibdir)" = "$vdb_work/root$("$PG_CONFIG" --pkglibdir)" ] ||
		vdb_die "the copy of $PG_CONFIG does not find its own folders"
}

# vdb_install_extension gcc|clang [MAKE ARGUMENT...]
vdb_install_extension()
{
	vdb_install "$@" install
}

# vdb_install_vector_shim gcc|clang [MAKE ARGUMENT...]: extension "vector" too
vdb_install_vector_shim()
{
	vdb_install "$@" install-vector-shim
}

vdb_install()
{
	local from

	from=$(vdb_object_dir "$1")
	shift
	vdb_locked "$from.lock" make -s -C "$from" PG_CONFIG="$vdb_bin/pg_config" \
		$(vdb_bitcode_option) "$@"
}

# Compile test/modules/test_vdb and put it where LOAD finds it.
vdb_install_test_module()
{
	local to=$vdb_work/test_vdb

	cp -R "$vdb_root/test/modules/test_vdb" "$to" &&
		make -s -C "$to" PG_CONFIG="$PG_CONFIG" with_llvm=no test_vdb.so >&2 &&
		cp "$to/test_vdb.so" "$vdb_work/root$("$PG_CONFIG" --pkglibdir)/"
}

# vdb_start_server [NAME=VALUE...]: settings beside the defaults
vdb_start_server()
{
	local setting

	if ! vdb_as_server "$vdb_bin/initdb" -D "$vdb_data" -U postgres --auth=trust --no-sync \
		--locale=C --encoding=UTF8 >"$vdb_work/tmp/initdb.log" 2>&1; then
		cat "$vdb_work/tmp/initdb.log"
		return 1
	fi
	{
		echo "listen_addresses = ''"
		echo "unix_socket_directories = '$vdb_work/socket'"
		echo "port = $PGPORT"
		echo "max_connections = 40"
		echo "ivfkm.maintenance = off" # tests say when an index is renewed
		for setting in "$@"; do
			echo "${setting%%=*} = '${setting#*=}'"
		done
	} | vdb_as_server tee -a "$vdb_data/postgresql.conf" >/dev/null || return
	if ! vdb_as_server "$vdb_bin/pg_ctl" -D "$vdb_data" -l "$vdb_log" -w -t 300 -s start; then
		cat "$vdb_log"
		return 1
	fi
}

vdb_psql()
{
	vdb_as_server "$vdb_bin/psql" -X -q -P pager=off -v ON_ERROR_STOP=1 "$@"
}

# vdb_copy_server FOLDER: a copy of PG_CONFIG's server with the extension, with no link out of the
# folder; prints where its programs are
vdb_copy_server()
{
	local to=$1

	(
		vdb_open_work
		vdb_build_extension gcc >"$vdb_work/tmp/build.log" 2>&1 && vdb_make_private_tree &&
			vdb_install_extension gcc >"$vdb_work/tmp/build.log" 2>&1 || exit
		rm -rf "$vdb_work/root$("$PG_CONFIG" --includedir)"
		rm -rf "$to" && mkdir -p "$to" && cp -RL "$vdb_work/root/." "$to/" &&
			chmod -R a+rX "$to" || exit
		echo "$to${vdb_bin#"$vdb_work/root"}"
	)
}
