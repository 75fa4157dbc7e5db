"""
The indexes that are compared: how each is made, and the settings of its search.
"""

import math
from dataclasses import dataclass

HNSW_EF = (10, 20, 30, 40, 60, 80, 100, 120, 160, 200, 250, 300, 400, 500, 600,
           800, 1000)
PROBES = (1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128,
          160, 192, 256, 320, 384, 512, 640, 768, 1024, 1536, 2048, 3072, 4096,
          6144, 8192)
VCHORD_LIST_ROWS = 500
VCHORD_EPSILON = (0.2, 0.5, 0.8, 1.0, 1.2, 1.5, 1.9, 2.5, 3.2, 4.0)
VCHORDG_EF = (10, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
DISKANN_RESCORE = (10, 20, 30, 50, 75, 100, 150, 200, 400)
DISKANN_LIST = (10, 20, 30, 50, 75, 100, 150, 200, 300, 400)
OPERATOR = {"l2": "<->", "ip": "<#>", "cosine": "<=>"}


@dataclass(eq=False)
class Index:
    """
    One index of a table.

    key       short name, used in file names and in BENCH_INDEXES
    database  vdb, pgvector, or process for an index of a library
    method    access method or library; options: text for WITH (...), or what
              the library is told
    default   settings of a session that sets nothing, as far as they matter
    sweeps    lists of settings to try, each in the order of rising recall
    label     what titles say of the options, if not the options themselves
    """

    key: str
    database: str
    method: str
    options: str
    default: dict
    sweeps: list
    label: str = ""

    @property
    def title(self):
        """What tables and plots call it."""
        options = self.label or self.options
        options = f" ({options})" if options else ""
        return f"{self.method}{options}"

    def name(self, table, metric):
        """Name of the index of a table."""
        return f"{table}_{metric}_{self.key}"

    def create(self, table, metric):
        """The statement that builds it."""
        options = f" WITH ({self.options})" if self.options else ""
        return (f"CREATE INDEX {self.name(table, metric)} ON {table} USING "
                f"{self.method} (v vector_{metric}_ops){options}")


def describe(settings):
    """Settings as tables show them."""
    return ", ".join(f"{name.split('.')[1]} {value}" for name, value
                     in settings.items()) or "automatic"


def all_indexes(rows, epsilons, metric):
    """
    Return every index for a table of so many rows.  epsilons: values of
    ivfkm.epsilon to try beside its default, as text; metric: a key of
    OPERATOR.
    """
    lists = max(1, rows // 1000, math.isqrt(rows))
    probes = tuple(p for p in PROBES if p < lists) + (lists,)
    ivfkm = [[{}], [{"ivfkm.probes": p} for p in PROBES]]
    ivfkm += [[{"ivfkm.probes": p, "ivfkm.epsilon": e} for p in PROBES]
              for e in epsilons]
    out = [Index(f"ivfkm{bits}", "vdb", "ivfkm", f"refine_bits = {bits}", {},
                 ivfkm) for bits in (8, 4, 0)]
    out.append(Index("hnsw", "pgvector", "hnsw",
                     "m = 16, ef_construction = 64", {"hnsw.ef_search": 40},
                     [[{"hnsw.ef_search": e} for e in HNSW_EF]]))
    out.append(Index("ivfflat", "pgvector", "ivfflat", f"lists = {lists}",
                     {"ivfflat.probes": 1},
                     [[{"ivfflat.probes": p} for p in probes]]))
    return out + vectorchord_indexes(rows, metric) + pgvectorscale_indexes()


def vchordrq_options(lists, metric, residual=True):
    """
    Options of a vchordrq index with so many lists, as its manual has them:
    codes of residuals, and centroids of unit length for cosines.
    """
    residual = "residual_quantization = true\n" if residual else ""
    spherical = "true" if metric == "cosine" else "false"
    return (f"options = $${residual}[build.internal]\n"
            f"lists = [{lists}]\nspherical_centroids = {spherical}\n"
            "build_threads = 2$$")


def vectorchord_indexes(rows, metric):
    """
    VectorChord's indexes.  Its manual wants no lists below 100,000 rows and
    rows / 500 from there to 2,000,000; both are made at every size, without
    options and with those for lists.  vchordg is its graph.
    """
    lists = max(1, rows // VCHORD_LIST_ROWS)
    probes = [p for p in PROBES if p < lists] + [lists]
    return [
        Index("vchordrq", "vectorchord", "vchordrq", "",
              {"vchordrq.epsilon": 1.9},
              [[{"vchordrq.epsilon": e} for e in VCHORD_EPSILON]]),
        Index("vchordlists", "vectorchord", "vchordrq",
              vchordrq_options(lists, metric), {"vchordrq.probes": 10},
              [[{"vchordrq.probes": p} for p in probes]]
              + [[{"vchordrq.probes": p, "vchordrq.epsilon": e}
                  for p in probes] for e in (0.8, 1.2)],
              f"lists = {lists}"),
        Index("vchordg", "vectorchord", "vchordg", "",
              {"vchordg.ef_search": 64},
              [[{"vchordg.ef_search": e} for e in VCHORDG_EF]])]


def pgvectorscale_indexes():
    """
    pgvectorscale's index with its own defaults; its manual tunes searches by
    query_rescore, and the length of the list searched can be set too.
    """
    size, rescore = "diskann.query_search_list_size", "diskann.query_rescore"
    return [Index(
        "diskann", "pgvectorscale", "diskann", "", {size: 100, rescore: 50},
        [[{size: 100, rescore: r} for r in DISKANN_RESCORE],
         [{size: s, rescore: 50} for s in DISKANN_LIST],
         [{size: s, rescore: s} for s in DISKANN_LIST if s > 50]])]


def chosen_indexes(known, keys, databases):
    """
    Return those of the known indexes whose keys are asked for (all, if none
    are) and whose database is there, in the order of the first.
    """
    wrong = set(keys) - {i.key for i in known}
    if wrong:
        raise SystemExit(f"there is no index {' '.join(sorted(wrong))}, only "
                         + " ".join(i.key for i in known))
    return [i for i in known
            if (not keys or i.key in keys) and i.database in databases]
