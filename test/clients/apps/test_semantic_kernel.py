"""semantic-kernel, Microsoft's kit for agents: PostgresCollection with every measure and index."""

import asyncio
import importlib.metadata
import os
import sys
from typing import Annotated

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))

# what the client asks for goes through the index
os.environ["PGOPTIONS"] = "-c enable_seqscan=off -c enable_sort=off"

import psycopg
from pydantic import BaseModel
from semantic_kernel.connectors.postgres import PostgresCollection
from semantic_kernel.data.vector import (
    DistanceFunction, IndexKind, VectorStoreField, vectorstoremodel)

from common import DISTANCES, NEAREST, QUERY_VECTOR, ROWS, Tap, nearest, vector

# the operator of each; the score is the operator's distance, in this version for similarities too
MEASURES = {
    DistanceFunction.EUCLIDEAN_DISTANCE: "<->",
    DistanceFunction.DOT_PROD: "<#>",
    DistanceFunction.COSINE_DISTANCE: "<=>",
    DistanceFunction.COSINE_SIMILARITY: "<=>",
    DistanceFunction.MANHATTAN: "<+>",
}
WANTED = {operator: nearest(distance, value, query)
    for column, operator, distance, value, query in DISTANCES if column == "v"}

tap = Tap(f"semantic-kernel {importlib.metadata.version('semantic-kernel')}")


def scans(table):
    """How many scans of the table's index for vectors the server has counted."""
    with psycopg.connect(autocommit=True) as connection:
        return connection.execute(
            "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = %s",
            (f"{table}_v_idx",)).fetchone()[0]


def model(kind, measure):
    """A model as its users write it, with this index."""
    @vectorstoremodel
    class Item(BaseModel):
        id: Annotated[int, VectorStoreField("key")]
        odd: Annotated[bool, VectorStoreField("data")]
        v: Annotated[list[float] | None, VectorStoreField("vector", dimensions=3, index_kind=kind,
            distance_function=measure)] = None

    return Item


async def found(collection, **options):
    """(id, score) of what a search returns."""
    results = await collection.search(vector=QUERY_VECTOR, top=NEAREST, **options)
    return [(r.record.id, r.score) async for r in results.results]


async def collect(kind, measure):
    """A collection with that index: rows in, searches, rows out."""
    operator = MEASURES[measure]
    what = f"{kind.value}, {measure.value}"
    table = f"{kind.value}_{measure.value}"
    item = model(kind, measure)
    async with PostgresCollection(record_type=item, collection_name=table) as collection:
        await collection.ensure_collection_exists()
        await collection.upsert([item(id=i, odd=i % 2 == 1, v=vector(i))
            for i in range(1, ROWS + 1)])
        row = await collection.get(7, include_vectors=True)
        tap.same((row.id, row.v), (7, vector(7)), f"{what}: a row is fetched by its id")
        tap.answers(await found(collection), WANTED[operator], f"{what}: nearest rows")
        got = await found(collection, filter=lambda row: row.odd == True)
        tap.ok(len(got) == NEAREST and all(i % 2 == 1 for i, _ in got), f"{what}: filtered", got)
        await collection.delete([WANTED[operator][0][0]])
        got = await found(collection)
        tap.ok(WANTED[operator][0][0] not in [i for i, _ in got], f"{what}: a row is deleted", got)
    tap.ok(scans(table) >= 3, f"{what}: searches went through the index", scans(table))


async def main():
    for kind in (IndexKind.HNSW, IndexKind.IVF_FLAT):
        for measure in MEASURES:
            if kind == IndexKind.HNSW or measure != DistanceFunction.MANHATTAN:
                await collect(kind, measure)


with psycopg.connect(autocommit=True) as connection:
    connection.execute("CREATE EXTENSION vector")
asyncio.run(main())
tap.end()
