"""Django: a migration with pgvector's extension operation, fields and indexes, then the ORM."""

import os

import django
from django.conf import settings

settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ["PGDATABASE"],
            "HOST": os.environ["PGHOST"],
            "PORT": os.environ["PGPORT"],
            "USER": os.environ["PGUSER"],
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.db import DataError, connection, migrations, models, transaction  # noqa: E402
from django.db.models import DecimalField  # noqa: E402
from django.db.migrations.migration import Migration  # noqa: E402
from django.db.migrations.state import ProjectState  # noqa: E402
from django.db.models.functions import Cast, Round  # noqa: E402
from pgvector import HalfVector, SparseVector, Vector  # noqa: E402
from pgvector.django import (  # noqa: E402
    BitField, CosineDistance, HalfVectorField, HammingDistance, HnswIndex,
                             IvfflatIndex, JaccardDistance, L1Distance, L2Distance, MaxInnerProduct,
                             SparseVectorField, VectorExtension, VectorField)

from common import (  # noqa: E402
    DISTANCES, NEAREST, QUERY_BITS, QUERY_HALFVEC, QUERY_SPARSE, QUERY_VECTOR, ROWS, Tap,
                    bits, halfvec, nearest, sparse, vector)

tap = Tap(f"Django {django.get_version()}")


class Item(models.Model):
    v = VectorField(dimensions=3)
    h = HalfVectorField(dimensions=3)
    b = BitField(length=8)
    s = SparseVectorField(dimensions=6)

    class Meta:
        app_label = "clients"
        db_table = "items"
        indexes = [
            HnswIndex(name="items_hnsw", fields=["v"], m=16, ef_construction=64,
                      opclasses=["vector_l2_ops"]),
            IvfflatIndex(name="items_ivfflat", fields=["h"], lists=1, opclasses=["halfvec_ip_ops"]),
            HnswIndex(name="items_bits", fields=["b"], opclasses=["bit_hamming_ops"]),
        ]


# The migration that makemigrations would write.
migration = Migration("0001_initial", "clients")
migration.operations = [
    VectorExtension(),
    migrations.CreateModel(
        name="Item",
        fields=[(field.name, field.clone()) for field in Item._meta.local_fields],
        options={"db_table": "items"},
    ),
] + [migrations.AddIndex(model_name="item", index=index) for index in Item._meta.indexes]
state = ProjectState()
with connection.schema_editor() as editor:
    migration.apply(state, editor)
with connection.cursor() as cursor:
    cursor.execute("SELECT extname FROM pg_extension WHERE extname = 'vector'")
    tap.same(cursor.fetchall(), [("vector",)], "VectorExtension creates the extension")
    cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'items_hnsw'")
    definition = cursor.fetchone()[0]
    tap.ok("USING hnsw (v vector_l2_ops) WITH (m='16', ef_construction='64')" in definition,
           "HnswIndex creates an index")

Item.objects.bulk_create(
    Item(id=i, v=vector(i), h=HalfVector(halfvec(i)), b=bits(i), s=SparseVector(sparse(i), 6))
    for i in range(1, ROWS + 1)
)
got = [(item.v, item.h, item.b, item.s) for item in Item.objects.order_by("id")]
tap.same(
    [(list(v), list(h), b, s) for v, h, b, s in got],
    [(vector(i), halfvec(i), bits(i), SparseVector(sparse(i), 6)) for i in range(1, ROWS + 1)],
    "rows inserted and read",
)

functions = {"<->": L2Distance, "<#>": MaxInnerProduct, "<=>": CosineDistance, "<+>": L1Distance,
             "<~>": HammingDistance, "<%>": JaccardDistance}
queries = {"v": Vector(QUERY_VECTOR), "h": HalfVector(QUERY_HALFVEC), "b": QUERY_BITS,
           "s": SparseVector(QUERY_SPARSE, 6)}
for column, operator, distance, value, query in DISTANCES:
    # there is no round(double precision, integer)
    expression = Cast(functions[operator](column, queries[column]),
        DecimalField(max_digits=20, decimal_places=10))
    rows = Item.objects.annotate(d=Round(expression, 4)).order_by("d", "id")
    tap.answers([(item.id, item.d) for item in rows[:NEAREST]], nearest(distance, value, query),
        f"{column} {operator}")

with transaction.atomic(), connection.cursor() as cursor:
    cursor.execute("SET LOCAL enable_seqscan = off")
    cursor.execute("SET LOCAL hnsw.ef_search = 100")
    rows = Item.objects.alias(d=L2Distance("v", QUERY_VECTOR)).order_by("d")
    tap.same([item.id for item in rows[:NEAREST]], [i for i, _ in nearest(*DISTANCES[0][2:])],
             "nearest rows through hnsw")
    tap.ok("Index Scan using items_hnsw" in rows[:NEAREST].explain(), "the plan uses hnsw")
    cursor.execute("SET LOCAL ivfflat.probes = 1")
    rows = Item.objects.alias(d=MaxInnerProduct("h", HalfVector(QUERY_HALFVEC))).order_by("d")
    tap.same([item.id for item in rows[:NEAREST]], [i for i, _ in nearest(*DISTANCES[5][2:])],
             "nearest rows through ivfflat")
close = Item.objects.alias(d=L2Distance("v", QUERY_VECTOR)).filter(d__lt=5).order_by("id")
tap.same([item.id for item in close],
    [i for i in range(1, ROWS + 1) if DISTANCES[0][2](vector(i), QUERY_VECTOR) < 5],
         "a filter by distance")
tap.same(list(Item.objects.filter(id__lte=3).aggregate(a=models.Avg("v"))["a"]), [2.0, 2.25, -1.0],
    "avg of vector")
try:
    with transaction.atomic():
        Item.objects.create(v=[1, 2], h=[1, 2, 3], b=bits(0), s=SparseVector({}, 6))
    tap.ok(False, "a vector of other dimensions is refused")
except DataError as error:
    tap.ok("expected 3 dimensions, not 2" in str(error), "a vector of other dimensions is refused",
        str(error))
tap.end()
