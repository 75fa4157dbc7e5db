"""
Runs ann_benchmarks/module.py on a small set, without ann-benchmarks: its base class is replaced by
an empty one.  Asserts that recall follows target_recall.  Needs a server (PGHOST, ...), psycopg and
pgvector's package; the tier "docs" runs it.
"""

import importlib.util
import os
import random
import sys
import types

FOLDER = os.path.dirname(os.path.abspath(__file__))


def load():
    """The module, as if it lay in ann_benchmarks/algorithms/vdb."""
    for name in ("ann_benchmarks", "ann_benchmarks.algorithms", "ann_benchmarks.algorithms.base",
                 "ann_benchmarks.algorithms.vdb"):
        sys.modules[name] = types.ModuleType(name)
    base = types.ModuleType("ann_benchmarks.algorithms.base.module")
    base.BaseANN = object
    sys.modules[base.__name__] = base
    spec = importlib.util.spec_from_file_location(
        "ann_benchmarks.algorithms.vdb.module", os.path.join(FOLDER, "ann_benchmarks", "module.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main():
    """Load, build, search."""
    os.environ["VDB_START_SERVICE"] = "0"
    draw = random.Random(1)
    rows = [[draw.gauss(0, 1) + i % 20 for _ in range(16)] for i in range(4000)]
    queries = [[draw.gauss(0, 1) + i % 20 for _ in range(16)] for i in range(40)]
    vdb = load().Vdb("euclidean", 8)
    vdb.fit(rows)
    assert vdb.get_memory_usage() > 0
    recalls = []
    for target in (0.8, 1):
        vdb.set_query_arguments(target)
        found = 0
        for query in queries:
            nearest = sorted(range(len(rows)), key=lambda i, q=query: sum(
                (a - b) ** 2 for a, b in zip(rows[i], q)))[:10]
            found += len(set(nearest) & set(vdb.query(query, 10)))
        recalls.append(found / 10 / len(queries))
    print(vdb, recalls)
    assert recalls[0] > 0.7 and recalls[1] > 0.995, recalls


if __name__ == "__main__":
    main()
