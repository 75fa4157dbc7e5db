#!/bin/bash
# Tier "clients": programs in other languages, with the drivers, ORMs and pgvector packages that
# people use, against extension "vector".
#
# VDB_CLIENTS="python go" chooses languages, VDB_CLIENTS=0 skips all.  What they download is
# kept in VDB_CACHE_DIR.  VDB_CLIENTS_PGVECTOR=FOLDER, with a compiled pgvector in it,
# runs the same programs against that: they expect of vdb what they get there.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/server.sh
. test/clients/lanes.sh

lanes=${VDB_CLIENTS:-${vdb_lanes[*]}}
if [ "$lanes" = 0 ]; then
	vdb_skip clients "VDB_CLIENTS=0"
	exit 0
fi
cache=$(vdb_cache_dir)/clients
mkdir -p "$cache" || exit 1
exec 9>"$cache/lock"
flock 9

# Downloads trust whom the system trusts, as apt does, rather than lists that tools bring along.
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -e "$bundle" ]; then
	export PIP_CERT=${PIP_CERT:-$bundle} NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$bundle}
fi

vdb_open_work
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
clients=$vdb_work/clients

# Something did not come over the network, rather than being wrong.
is_network_error()
{
	local words

	words='could not resolve|temporary failure in name|name or service not known'
	words="$words|no such host|unknown host|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT"
	words="$words|timed out|certificate|PKIX|connection refused|network is unreachable"
	words="$words|no route to host|failed to establish a new connection|transfer failed"
	words="$words|could not transfer"
	grep -qiE "$words" "$1"
}

# Folder of the cache for a lane: another for other locks, sources or tools.
lane_folder()
{
	local lane=$1 key

	key=$({
		case $lane in
		python | apps) cat "test/clients/$lane/requirements.txt" && "$(vdb_python)" --version ;;
		node) cat test/clients/node/package-lock.json ;;
		*) find "test/clients/$lane" -type f -print0 | sort -z | xargs -0 cat ;;
		esac
		cat test/clients/lanes.sh
		uname -sm
	} | sha256sum | cut -c 1-16)
	echo "$cache/$lane-$key"
}

# prepare LANE: sets folder; 0 if it is complete, 2 if it could not be downloaded, 1 if it is wrong
prepare()
{
	local lane=$1 log=$vdb_build/check/clients-$1.log

	folder=$(lane_folder "$lane")
	[ ! -f "$folder/complete" ] || return 0
	rm -rf "$cache/$lane"-*
	mkdir -p "$folder" && cp -R "test/clients/$lane" "$vdb_work/prepare-$lane" || return 1
	if (cd "$vdb_work/prepare-$lane" && "vdb_lane_${lane}_prepare" "$folder") >"$log" 2>&1; then
		touch "$folder/complete"
		return 0
	fi
	rm -rf "$folder"
	sed 's/^/# /' "$log" | tail -n 30
	! is_network_error "$log" || return 2
	return 1
}

# run LANE PROGRAM: on a database of its own; its TAP lines, and its end as one if it is bad
run()
{
	local lane=$1 program=$2 database=${1}_${2%%.*} status

	database=${database,,}
	vdb_psql -c "CREATE DATABASE $database" || return
	vdb_as_server env PATH="$PATH" PGDATABASE="$database" VDB_CLIENT_PORT="$PGPORT" \
		VDB_CLIENT_PASSWORD="$password" \
		bash -c '. "$1/lanes.sh" && cd "$1/$2" && "vdb_lane_$2_run" "$3" "$4"' \
		clients "$clients" "$lane" "$folder" "$program" 2>"$vdb_work/tmp/errors" 9>&-
	status=$?
	if [ "$status" -ne 0 ]; then
		tail -n 40 "$vdb_work/tmp/errors" | sed 's/^/# /'
		vdb_not_ok "$lane: $program ended with status $status"
	fi
	vdb_psql -c "DROP DATABASE $database WITH (FORCE)"
}

ready=()
folders=()
for lane in $lanes; do
	declare -F "vdb_lane_${lane}_run" >/dev/null ||
		vdb_die "VDB_CLIENTS: there is no \"$lane\", only: ${vdb_lanes[*]}"
	missing=$("vdb_lane_${lane}_missing" | tr '\n' ' ')
	if [ -n "$missing" ]; then
		vdb_skip "clients in $lane" "not installed: ${missing% }"
		continue
	fi
	prepare "$lane"
	case $? in
	0)
		ready+=("$lane")
		folders+=("$folder")
		;;
	2)
		vdb_skip "clients in $lane" \
			"could not download its packages, see build/check/clients-$lane.log"
		;;
	*) vdb_not_ok "clients in $lane: could not be prepared, see build/check/clients-$lane.log" ;;
	esac
done
[ "${#ready[@]}" -gt 0 ] || exit "$vdb_failed"

vdb_make_private_tree || exit 1
if [ -n "${VDB_CLIENTS_PGVECTOR:-}" ]; then
	make -s -C "$VDB_CLIENTS_PGVECTOR" PG_CONFIG="$vdb_bin/pg_config" with_llvm=no install || exit 1
else
	vdb_build_extension gcc >"$vdb_work/tmp/build.log" 2>&1 ||
		{ cat "$vdb_work/tmp/build.log"; exit 1; }
	vdb_install_extension gcc && vdb_install_vector_shim gcc || exit 1
fi
cp -R test/clients "$clients" || exit 1
! vdb_is_root || chown -R "$(vdb_server_user)" "$clients"

# Java knows no Unix sockets: a port of this machine alone, which asks for a password
PGPORT=$(perl -MIO::Socket::INET -e '
	print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1", Proto => "tcp")
		->sockport') ||
	exit 1
vdb_start_server fsync=off listen_addresses=127.0.0.1 || exit 1
printf '%s\n' 'local all all trust' 'host all all 127.0.0.1/32 scram-sha-256' |
	vdb_as_server tee "$vdb_data/pg_hba.conf" >/dev/null
vdb_psql -c "ALTER ROLE postgres PASSWORD '$password'" -c 'SELECT pg_reload_conf()' >/dev/null ||
	exit 1

for i in "${!ready[@]}"; do
	folder=${folders[$i]}
	for program in $("vdb_lane_${ready[$i]}_programs"); do
		run "${ready[$i]}" "$program"
	done
done
exit "$vdb_failed"
