"""vecs, Supabase's client for collections of vectors, with every method and measure of it."""

import importlib.metadata
import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "python"))

# what the client asks for goes through the index
os.environ["PGOPTIONS"] = "-c enable_seqscan=off -c enable_sort=off"

import vecs
from sqlalchemy import text
from vecs import IndexArgsHNSW, IndexArgsIVFFlat, IndexMeasure, IndexMethod

from common import DISTANCES, NEAREST, QUERY_VECTOR, ROWS, Tap, nearest, vector

OPERATORS = {IndexMeasure.l2_distance: "<->", IndexMeasure.max_inner_product: "<#>",
    IndexMeasure.cosine_distance: "<=>", IndexMeasure.l1_distance: "<+>"}
WANTED = {operator: nearest(distance, value, query)
    for column, operator, distance, value, query in DISTANCES if column == "v"}

tap = Tap(f"vecs {importlib.metadata.version('vecs')}")
client = vecs.create_client("postgresql://")
items = client.get_or_create_collection(name="items", dimension=3)
items.upsert(records=[(str(i), vector(i), {"n": i, "odd": i % 2 == 1})
    for i in range(1, ROWS + 1)])
tap.same([r[0] for r in items.fetch(["7", "93"])], ["7", "93"], "rows are fetched by their ids")

for method, arguments in ((IndexMethod.hnsw, IndexArgsHNSW(m=8, ef_construction=32)),
        (IndexMethod.ivfflat, IndexArgsIVFFlat(n_lists=1)), (IndexMethod.auto, None)):
    for measure, operator in OPERATORS.items():
        if method == IndexMethod.ivfflat and measure == IndexMeasure.l1_distance:
            continue  # pgvector has none
        what = f"{method.value}, {measure.value}"
        items.create_index(method=method, measure=measure, index_arguments=arguments, replace=True)
        tap.ok(items.is_indexed_for_measure(measure), f"{what}: an index")
        got = items.query(data=QUERY_VECTOR, limit=NEAREST, measure=measure, include_value=True,
            ef_search=100)
        tap.answers([(int(i), d) for i, d in got], WANTED[operator], f"{what}: nearest rows")
        got = items.query(data=QUERY_VECTOR, limit=NEAREST, measure=measure, ef_search=100,
            filters={"odd": {"$eq": True}})
        tap.ok(len(got) == NEAREST and all(int(i) % 2 == 1 for i in got), f"{what}: filtered", got)

with client.Session() as session:
    plan = str(session.execute(text(
        "EXPLAIN SELECT id FROM vecs.items ORDER BY vec <+> '[3,1,-2]' LIMIT 5")).all())
tap.ok("Index Scan using ix_vector_l1_ops_hnsw" in plan, "the plan uses the index", plan)
tap.same(items.delete(["7"]), ["7"], "rows are deleted")
client.disconnect()
tap.end()
