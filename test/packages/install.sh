#!/bin/sh
# In a clean root, as its root: installs the packages of /in for PostgreSQL $1, runs the demo on the
# installed extension, then pgvector's names, then removes the packages.
set -e
major=$1
bin=/usr/lib/postgresql/$major/bin

# as_postgres COMMAND...: from a folder that the server's user may read
as_postgres()
{
	(cd /tmp && setpriv --reuid=postgres --regid=postgres --init-groups "$@")
}

psql_demo()
{
	as_postgres "$bin/psql" -X -q -P pager=off -v ON_ERROR_STOP=1 -h /tmp -d demo "$@"
}

# load TABLE COLUMNS
load()
{
	gzip -dc "/in/data/$1.tsv.gz" | psql_demo -c "COPY $1 ($2) FROM STDIN"
}

mkdir -p /etc/postgresql-common
echo 'create_main_cluster = false' >>/etc/postgresql-common/createcluster.conf
apt-get -qq update
apt-get -qq -y install --no-install-recommends "postgresql-$major" >/dev/null
apt-get -qq -y install --no-install-recommends /in/postgresql-"$major"-vdb_*.deb >/dev/null
for file in vdb.so vdb.control from_pgvector.awk tuning.md; do
	dpkg -L "postgresql-$major-vdb" | grep "/$file\$"
done

as_postgres "$bin/initdb" -D /tmp/cluster --auth=trust >/dev/null
as_postgres "$bin/pg_ctl" -D /tmp/cluster -w -s -l /tmp/log -o "-k /tmp -c listen_addresses=" start
as_postgres "$bin/createdb" -h /tmp demo
psql_demo -f - </in/demo/tables.sql
load packages "id, name, section, priority, installed_size, synopsis, description, embedding"
load queries "id, query, embedding"
psql_demo -c "VACUUM ANALYZE packages, queries" \
	-c "CREATE INDEX packages_embedding ON packages USING ivfkm (embedding vector_cosine_ops)"
psql_demo -f - </in/demo/functions.sql
psql_demo -At -f - </in/demo/search.sql | head -n 8
psql_demo -f - </in/demo/measure.sql
psql_demo -At -c "SELECT vdb_index_check('packages_embedding') || ' entries are right'"

# an extension of one name beside the other is refused; in another database it works
apt-get -qq -y install --no-install-recommends /in/postgresql-"$major"-vdb-vector_*.deb >/dev/null
as_postgres "$bin/createdb" -h /tmp names
as_postgres "$bin/psql" -X -q -h /tmp -d names -v ON_ERROR_STOP=1 \
	-c "CREATE EXTENSION vector" -c "CREATE TABLE t (v vector(2))" \
	-c "INSERT INTO t VALUES ('[1,2]')" -c "CREATE INDEX ON t USING hnsw (v vector_l2_ops)" \
	-At -c "SELECT v FROM t ORDER BY v <-> '[1,1]' LIMIT 1"

# what the image does with a new cluster
as_postgres "$bin/createdb" -h /tmp app
as_postgres env PATH="$bin:$PATH" PGHOST=/tmp POSTGRES_DB=app bash /in/docker-init.sh
as_postgres "$bin/psql" -X -h /tmp -d app -At -v ON_ERROR_STOP=1 \
	-c "SELECT extversion FROM pg_extension WHERE extname = 'vdb'" | grep .
as_postgres "$bin/pg_ctl" -D /tmp/cluster -w -s -m fast stop
apt-get -qq -y purge "postgresql-$major-vdb" >/dev/null
if find /usr -name 'vdb.so' -o -name 'vdb--*.sql' -o -name 'vector.control' | grep .; then
	echo "something stays behind"
	exit 1
fi
echo "installed, used and removed"
