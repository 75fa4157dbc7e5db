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
    """

    key: str
    database: str
    method: str
    options: str
    default: dict
    sweeps: list

    @property
    def title(self):
        """What tables and plots call it."""
        options = f" ({self.options})" if self.options else ""
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


def all_indexes(rows, epsilons):
    """
    Return every index for a table of so many rows.  epsilons: values of
    ivfkm.epsilon to try beside its default, as text.
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
    return out


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
