"""psycopg 3 with pgvector's adapters: text and binary parameters, results and COPY."""

import psycopg
from pgvector import Bit, Vector
from pgvector.psycopg import register_vector

from common import DISTANCES, NEAREST, QUERIES, ROWS, Tap, nearest, row, vector

tap = Tap(f"psycopg {psycopg.__version__}")
connection = psycopg.connect(autocommit=True)
connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
register_vector(connection)
connection.execute(
    "CREATE TABLE items (id bigint PRIMARY KEY, v vector(3), h halfvec(3), b bit(8), "
    "s sparsevec(6))")


def rows(table, binary):
    cursor = connection.cursor(binary=binary)
    cursor.execute(f"SELECT v, h, b, s FROM {table} ORDER BY id")
    return [
        # psycopg has no bit string of its own: results are text, and bytes if binary
        (v, h, Bit.from_binary(b) if isinstance(b, bytes) else Bit(b), s)
        for v, h, b, s in cursor.fetchall()
    ]


# parameters in text, then in binary
half = ROWS // 2
for i in range(1, half + 1):
    connection.execute("INSERT INTO items VALUES (%s, %t, %t, %t, %t)", (i, *row(i)))
for i in range(half + 1, ROWS + 1):
    connection.execute("INSERT INTO items VALUES (%s, %b, %b, %b, %b)", (i, *row(i)))
expected = [row(i) for i in range(1, ROWS + 1)]
tap.same(rows("items", False), expected, "rows inserted, read as text")
tap.same(rows("items", True), expected, "rows inserted, read in binary")

# COPY
for form, types in (("text", None), ("binary", ("int8", "vector", "halfvec", "bit", "sparsevec"))):
    connection.execute(f"CREATE TABLE {form}_copy (LIKE items)")
    with connection.cursor() as cursor, \
            cursor.copy(f"COPY {form}_copy FROM STDIN (FORMAT {form})") as copy:
        if types:
            copy.set_types(types)
        for i in range(1, ROWS + 1):
            values = row(i)
            copy.write_row((i, *(values if types else [value.to_text() for value in values])))
    tap.same(rows(f"{form}_copy", True), expected, f"COPY FROM in {form}")
    with connection.cursor() as cursor, \
            cursor.copy(f"COPY {form}_copy (v, h, s) TO STDOUT (FORMAT {form})") as copy:
        copy.set_types(("vector", "halfvec", "sparsevec"))
        tap.same(list(copy.rows()), [(v, h, s) for v, h, _, s in expected], f"COPY TO in {form}")

# every operator, exactly
for column, operator, distance, value, query in DISTANCES:
    cast = {"v": "vector", "h": "halfvec", "b": "bit(8)", "s": "sparsevec"}[column]
    operator_sql = operator.replace("%", "%%")
    got = connection.execute(
        f"SELECT id, round(({column} {operator_sql} %(q)s::{cast})::numeric, 4) FROM items "
        f"ORDER BY 2, 1 LIMIT {NEAREST}",
        {"q": QUERIES[column].to_text() if column == "b" else QUERIES[column]},
    ).fetchall()
    tap.answers(got, nearest(distance, value, query), f"{column} {operator}")

# indexes
connection.execute(
    "CREATE INDEX ON items USING hnsw (v vector_l2_ops) WITH (m = 16, ef_construction = 64)")
connection.execute("SET enable_seqscan = off")
connection.execute("SET hnsw.ef_search = 100")
got = connection.execute(
    f"SELECT id, v <-> %s FROM items ORDER BY v <-> %s LIMIT {NEAREST}",
    (QUERIES["v"], QUERIES["v"])
).fetchall()
column, operator, distance, value, query = DISTANCES[0]
tap.answers(got, nearest(distance, value, query), "nearest rows through hnsw")
plan = connection.execute(
    "EXPLAIN SELECT id FROM items ORDER BY v <-> '[3,1,-2]' LIMIT 5").fetchall()
tap.ok("Index Scan using items_v_idx" in str(plan), "the plan uses hnsw", str(plan))
tap.same(connection.execute("SHOW hnsw.ef_search").fetchone()[0], "100", "hnsw.ef_search is kept")
connection.execute("DROP INDEX items_v_idx")
connection.execute("CREATE INDEX ON items USING ivfflat (h halfvec_cosine_ops) WITH (lists = 1)")
with connection.transaction():
    connection.execute("SET LOCAL ivfflat.probes = 10")
    got = connection.execute(
        f"SELECT id, h <=> %s FROM items ORDER BY h <=> %s LIMIT {NEAREST}",
        (QUERIES["h"], QUERIES["h"])
    ).fetchall()
tap.answers(got, nearest(*DISTANCES[6][2:]), "nearest rows through ivfflat")

# aggregates and errors
average = connection.execute("SELECT avg(v), sum(h) FROM items WHERE id <= 3").fetchone()
tap.same(average[0].to_list(), [2.0, 2.25, -1.0], "avg of vector")
tap.same(average[1].to_list(), [6.0, 1.5, 1.5], "sum of halfvec")
try:
    connection.execute("INSERT INTO items VALUES (0, %s)", (Vector([1.0, 2.0]),))
    tap.ok(False, "a vector of other dimensions is refused")
except psycopg.DataError as error:
    tap.same((error.sqlstate, error.diag.message_primary),
             ("22000", "expected 3 dimensions, not 2"),
             "a vector of other dimensions is refused")
version = connection.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
tap.same(version.fetchone()[0][:4], "0.8.",
         "the version of the extension")
tap.same(vector(1), connection.execute("SELECT v FROM items WHERE id = 1").fetchone()[0].to_list(),
    "as a list")
tap.end()
