"""LlamaIndex's PGVectorStore: both types, filters, hybrid and asynchronous queries."""

import asyncio
import importlib.metadata
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))

# what the client asks for goes through the index
os.environ["PGOPTIONS"] = "-c enable_seqscan=off -c enable_sort=off"

import psycopg2
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode
from llama_index.vector_stores.postgres import PGVectorStore

from common import DISTANCES, NEAREST, ROWS, Tap, nearest

tap = Tap("llama-index-vector-stores-postgres "
    + importlib.metadata.version("llama-index-vector-stores-postgres"))
CLASSES = {False: ("vector_cosine_ops", "vector_l2_ops", "vector_ip_ops", "vector_l1_ops"),
    True: ("halfvec_cosine_ops", "halfvec_l2_ops", "halfvec_ip_ops", "halfvec_l1_ops")}
ODD = MetadataFilters(filters=[
    MetadataFilter(key="odd", value="yes", operator=FilterOperator.EQ)])


def sql(statement, *parameters):
    """The first row of a statement of our own."""
    connection = psycopg2.connect("")
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchone()
    finally:
        connection.close()


def nodes(value):
    """The rows as an index of documents has them: two nodes of each document."""
    return [TextNode(id_=str(i), text=f"row {i} is {'odd' if i % 2 else 'even'}",
        metadata={"n": i, "odd": "yes" if i % 2 else "no"}, embedding=value(i),
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=f"document {i // 2}")})
        for i in range(1, ROWS + 1)]


def found(result):
    """(id, cosine distance) of what a query returns."""
    return [(int(i), 1 - similarity) for i, similarity in zip(result.ids, result.similarities)]


def query(vector, **options):
    return VectorStoreQuery(query_embedding=vector, similarity_top_k=NEAREST, **options)


def store(half, operator_class):
    """A store with an index of that class, and what is found there."""
    column = "h" if half else "v"
    value, asked, wanted = next((value, asked, nearest(distance, value, asked))
        for name, operator, distance, value, asked in DISTANCES
        if (name, operator) == (column, "<=>"))
    # the socket's folder in the URL's query, as SQLAlchemy wants it
    rest = f"{os.environ['PGUSER']}@/{os.environ['PGDATABASE']}" \
        f"?host={os.environ['PGHOST']}&port={os.environ['PGPORT']}"
    items = PGVectorStore.from_params(
        connection_string=f"postgresql+psycopg2://{rest}",
        async_connection_string=f"postgresql+asyncpg://{rest}",
        table_name=operator_class, embed_dim=3, use_halfvec=half, hybrid_search=True,
        hnsw_kwargs={"hnsw_m": 8, "hnsw_ef_construction": 32, "hnsw_ef_search": 100,
            "hnsw_dist_method": operator_class})
    items.add(nodes(value))
    definition, valid = sql("""SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index
        WHERE indexrelid = to_regclass(%s)""", f"data_{operator_class}_embedding_idx")
    tap.ok(valid and "USING hnsw" in definition, f"{operator_class}: an index", definition)

    tap.answers(found(items.query(query(asked))), wanted, f"{operator_class}: nearest rows")
    got = asyncio.run(asked_later(items, asked))
    tap.answers(got, wanted, f"{operator_class}: asynchronous")
    got = found(items.query(query(asked, filters=ODD)))
    tap.ok(len(got) == NEAREST and all(i % 2 == 1 for i, _ in got), f"{operator_class}: filtered",
        got)
    mixed = items.query(query(asked, query_str="row 77", sparse_top_k=2,
        mode=VectorStoreQueryMode.HYBRID))
    tap.ok({"77", str(wanted[0][0])} <= set(mixed.ids), f"{operator_class}: hybrid", mixed.ids)
    gone = wanted[0][0]
    items.delete(f"document {gone // 2}")
    tap.ok(gone not in [i for i, _ in found(items.query(query(asked)))],
        f"{operator_class}: a document is deleted")
    asyncio.run(items.close())
    scans, = sql("SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = %s",
        f"data_{operator_class}_embedding_idx")
    if operator_class.endswith("cosine_ops"):
        # its queries are by cosine whatever the index is for
        tap.ok(scans >= 4, f"{operator_class}: queries went through the index", scans)


async def asked_later(items, vector):
    return found(await items.aquery(query(vector)))


for half, classes in CLASSES.items():
    for operator_class in classes:
        store(half, operator_class)
tap.end()
