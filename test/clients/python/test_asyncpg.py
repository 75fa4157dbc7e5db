"""asyncpg with pgvector's codecs: binary parameters, results and COPY; text by casts."""

import asyncio

import asyncpg
from pgvector import Vector
from pgvector.asyncpg import register_vector

from common import DISTANCES, NEAREST, QUERIES, QUERY_BITS, ROWS, Tap, bits, nearest, row

tap = Tap(f"asyncpg {asyncpg.__version__}")


def record(i):
    """Row i with asyncpg's own type for bit strings."""
    v, h, _, s = row(i)
    return (i, v, h, asyncpg.BitString(bits(i)), s)


async def rows(connection, table):
    return [tuple(r) for r in await connection.fetch(f"SELECT * FROM {table} ORDER BY id")]


async def main():
    connection = await asyncpg.connect()
    await connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    await register_vector(connection)
    await connection.execute(
        "CREATE TABLE items (id bigint PRIMARY KEY, v vector(3), h halfvec(3), b bit(8), "
        "s sparsevec(6))"
    )
    expected = [record(i) for i in range(1, ROWS + 1)]

    await connection.executemany("INSERT INTO items VALUES ($1, $2, $3, $4, $5)", expected)
    tap.same(await rows(connection, "items"), expected, "rows inserted in binary")
    await connection.execute("CREATE TABLE text_items (LIKE items)")
    await connection.executemany(
        "INSERT INTO text_items VALUES ($1, $2::text::vector, $3::text::halfvec, $4::text::bit(8), "
        "$5::text::sparsevec)",
        [(i, *(value.to_text() for value in row(i))) for i in range(1, ROWS + 1)],
    )
    tap.same(await rows(connection, "text_items"), expected, "rows inserted as text")
    got = await connection.fetch(
        "SELECT v::text, h::text, b::text, s::text FROM items WHERE id = 9")
    tap.same(tuple(got[0]), ("[9,2.25,-4.5]", "[4,2.25,1.5]", "00001001", "{1:9,4:-1,6:0.5}/6"),
        "rows read as text")
    await connection.execute("CREATE TABLE copied (LIKE items)")
    await connection.copy_records_to_table("copied", records=expected)
    tap.same(await rows(connection, "copied"), expected, "COPY FROM in binary")

    for column, operator, distance, value, query in DISTANCES:
        got = await connection.fetch(
            f"SELECT id, round(({column} {operator} $1)::numeric, 4) FROM items "
            f"ORDER BY 2, 1 LIMIT {NEAREST}",
            asyncpg.BitString(QUERY_BITS) if column == "b" else QUERIES[column],
        )
        tap.answers([tuple(r) for r in got], nearest(distance, value, query),
            f"{column} {operator}")

    await connection.execute("CREATE INDEX ON items USING hnsw (h halfvec_l2_ops)")
    await connection.execute("CREATE INDEX ON items USING hnsw (b bit_hamming_ops)")
    await connection.execute("SET enable_seqscan = off")
    async with connection.transaction():
        await connection.execute("SET LOCAL hnsw.iterative_scan = strict_order")
        statement = await connection.prepare(
            f"SELECT id, h <-> $1 FROM items ORDER BY h <-> $1 LIMIT {NEAREST}")
        got = [tuple(r) for r in await statement.fetch(QUERIES["h"])]
        tap.answers(got, nearest(*DISTANCES[4][2:]), "nearest rows through hnsw, prepared")
        got = await connection.fetch(
            f"SELECT id, b <~> $1 AS d FROM items ORDER BY b <~> $1 LIMIT {NEAREST}",
            asyncpg.BitString(QUERY_BITS)
        )
        tap.same([r["d"] for r in got], [d for _, d in nearest(*DISTANCES[8][2:])],
            "nearest bit strings through hnsw")
    try:
        await connection.execute("INSERT INTO items VALUES (0, $1)", Vector([1.0]))
        tap.ok(False, "a vector of other dimensions is refused")
    except asyncpg.DataError as error:
        tap.same((error.sqlstate, str(error)), ("22000", "expected 3 dimensions, not 1"),
                 "a vector of other dimensions is refused")
    await connection.close()


asyncio.run(main())
tap.end()
