#!/bin/bash
# upgrade.sh OLD-BIN: pg_upgrade of a cluster with indexes, from the server whose programs lie in
# OLD-BIN, with vdb in it, to that of PG_CONFIG.  Prints one TAP line per check.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/server.sh

old_bin=$1
old_data=
vdb_open_build_dir >/dev/null
vdb_open_work
vdb_build_extension gcc >"$vdb_work/tmp/build.log" 2>&1 ||
	{ cat "$vdb_work/tmp/build.log"; exit 1; }
vdb_make_private_tree && vdb_install_extension gcc || exit 1
old_data=$vdb_work/old
old_major=$("$old_bin/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
new_major=$("$vdb_bin/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
name="PostgreSQL $old_major to $new_major"

# init BIN DATA: alike, and without checksums, which 18 would have by default
init()
{
	local checksums=

	! "$1/initdb" --help | grep -q -- --no-data-checksums || checksums=--no-data-checksums
	vdb_as_server "$1/initdb" -D "$2" -U postgres --auth=trust --no-sync --locale=C \
		--encoding=UTF8 $checksums >"$vdb_work/tmp/initdb.log" 2>&1 ||
		{ cat "$vdb_work/tmp/initdb.log"; return 1; }
	printf '%s\n' 'jit = off' "listen_addresses = ''" \
		"unix_socket_directories = '$vdb_work/socket'" |
		vdb_as_server tee -a "$2/postgresql.conf" >/dev/null
}

server()
{
	vdb_as_server "$1/pg_ctl" -D "$2" -l "$vdb_log" -w -t 300 -s "$3"
}

# What the indexes answer: rows near to some others, in their order.
answers()
{
	vdb_psql -At <<'SQL'
SET enable_seqscan = off;
SET enable_sort = off;
SELECT q.id, array(SELECT t.id FROM items t ORDER BY t.v <-> q.v LIMIT 20),
	array(SELECT t.id FROM items t ORDER BY t.h <=> q.h LIMIT 20),
	array(SELECT t.id FROM items t ORDER BY t.b <~> q.b, t.id LIMIT 20)
	FROM items q WHERE q.id % 200 = 1 AND q.v IS NOT NULL ORDER BY q.id;
SELECT i, vdb_index_check(i) FROM unnest('{items_v,items_h,items_b,long_v}'::regclass[]) i;
SELECT count(*) FROM (
	SELECT FROM items ORDER BY v <-> '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]') a;
SQL
}

init "$old_bin" "$old_data" && server "$old_bin" "$old_data" start || exit 1
vdb_psql <<'SQL' || exit 1
CREATE EXTENSION vdb;
CREATE TABLE items (id int PRIMARY KEY, v vector(16), h halfvec(16), b bit(16));
INSERT INTO items SELECT i, a::vector, a::vector::halfvec, binary_quantize(a::vector) FROM (
	SELECT i, ARRAY(SELECT sin(i * d)::real FROM generate_series(1, 16) d) a
		FROM generate_series(1, 2000) i) s;
UPDATE items SET v = NULL WHERE id % 50 = 0;
CREATE TABLE long (id int, v vector(5000));
INSERT INTO long SELECT i, ARRAY(SELECT cos(i * d)::real FROM generate_series(1, 5000) d)
	FROM generate_series(1, 40) i;
CREATE INDEX items_v ON items USING ivfkm (v);
CREATE INDEX items_h ON items USING ivfkm (h halfvec_cosine_ops);
CREATE INDEX items_b ON items USING ivfkm (b bit_hamming_ops);
CREATE INDEX long_v ON long USING ivfkm (v vector_ip_ops);
SQL
before=$(answers) && [ -n "$before" ] || exit 1
server "$old_bin" "$old_data" stop || exit 1

init "$vdb_bin" "$vdb_data" || exit 1
if vdb_as_server "$vdb_bin/pg_upgrade" --old-bindir="$old_bin" --new-bindir="$vdb_bin" \
	--old-datadir="$old_data" --new-datadir="$vdb_data" --username=postgres \
	--socketdir="$vdb_work/socket" >"$vdb_work/tmp/upgrade.log" 2>&1; then
	vdb_ok "$name: pg_upgrade"
else
	sed 's/^/# /' "$vdb_work/tmp/upgrade.log"
	find "$vdb_data" -name '*.log' -path '*upgrade*' -exec tail -n 40 {} + | sed 's/^/# /'
	vdb_not_ok "$name: pg_upgrade"
	exit 1
fi
server "$vdb_bin" "$vdb_data" start || exit 1
after=$(answers)
vdb_try "$name: the indexes answer as before" [ "$after" = "$before" ]
[ "$after" = "$before" ] || diff <(echo "$before") <(echo "$after") | head -n 20 | sed 's/^/# /'
vdb_try "$name: they take changes" vdb_psql -o /dev/null -c "
	INSERT INTO items SELECT id + 2000, v, h, b FROM items WHERE id <= 500;
	DELETE FROM items WHERE id <= 300" -c "VACUUM (INDEX_CLEANUP ON) items" -c "
	SELECT 1 / (vdb_index_check('items_v') = (SELECT count(*) FROM items))::int,
		1 / (vdb_index_check('items_h') = (SELECT count(*) FROM items))::int" \
	-c "REINDEX TABLE items"
server "$vdb_bin" "$vdb_data" stop
exit "$vdb_failed"
