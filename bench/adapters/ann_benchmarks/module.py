"""
vdb for ann-benchmarks: copy this folder to ann_benchmarks/algorithms/vdb there.

Connects by libpq's own variables (PGHOST, PGUSER, ...), to the user "ann" and its database when
none is set.  VDB_START_SERVICE=0 leaves the service alone; by default it is started, as the
container of the Dockerfile needs.
"""

import os
import subprocess

import psycopg
from pgvector import Vector
from pgvector.psycopg import register_vector

from ..base.module import BaseANN

# metric of ann-benchmarks: operator, operator class
METRICS = {"angular": ("<=>", "vector_cosine_ops"), "euclidean": ("<->", "vector_l2_ops"),
           "ip": ("<#>", "vector_ip_ops")}


class Vdb(BaseANN):
    """An ivfkm index with refine codes of refine_bits (None: as the index chooses)."""

    def __init__(self, metric, refine_bits=None):
        if metric not in METRICS:
            raise ValueError(f"metric {metric} is none of {', '.join(METRICS)}")
        self._operator, self._opclass = METRICS[metric]
        self._refine_bits = refine_bits
        self._target = None
        self._cursor = None
        self._statement = f"SELECT id FROM items ORDER BY v {self._operator} %s LIMIT %s"

    def fit(self, X):
        """Load the rows of X and build the index."""
        if os.environ.get("VDB_START_SERVICE", "1") not in ("0", "no", "false"):
            subprocess.run(["service", "postgresql", "start"], check=True)
        where = {} if "PGUSER" in os.environ else {"user": "ann", "dbname": "ann"}
        connection = psycopg.connect(autocommit=True, **where)
        connection.execute("CREATE EXTENSION IF NOT EXISTS vdb")
        register_vector(connection)
        cursor = connection.cursor()
        cursor.execute("DROP TABLE IF EXISTS items")
        cursor.execute(f"CREATE TABLE items (id integer, v vector({len(X[0])}))")
        cursor.execute("ALTER TABLE items ALTER COLUMN v SET STORAGE PLAIN")
        with cursor.copy("COPY items FROM STDIN WITH (FORMAT binary)") as copy:
            copy.set_types(["int4", "vector"])
            for i, row in enumerate(X):
                copy.write_row((i, Vector(row)))
        options = "" if self._refine_bits is None else f" WITH (refine_bits = {self._refine_bits})"
        cursor.execute(f"CREATE INDEX items_v ON items USING ivfkm (v {self._opclass}){options}")
        cursor.execute("VACUUM ANALYZE items")
        cursor.execute("SELECT ivfkm_prewarm('items_v', 'all')")
        cursor.execute("SET jit = off")
        cursor.execute("SET enable_seqscan = off")
        self._cursor = cursor

    def set_query_arguments(self, target_recall):
        """The recall that searches aim at, 0.8 to 1."""
        self._target = target_recall
        self._cursor.execute(f"SET ivfkm.target_recall = {target_recall}")

    def query(self, v, n):
        """The numbers of the n nearest rows."""
        self._cursor.execute(self._statement, (Vector(v), n), binary=True, prepare=True)
        return [row[0] for row in self._cursor.fetchall()]

    def get_memory_usage(self):
        """Size of the index in kB."""
        if self._cursor is None:
            return 0
        self._cursor.execute("SELECT pg_relation_size('items_v')")
        return self._cursor.fetchone()[0] / 1024

    def __str__(self):
        return f"Vdb(refine_bits={self._refine_bits}, target_recall={self._target})"
