"""
Recall of filtered searches by default: for filters of several shares, near
the queries, far from them or neither, written in several ways.

Each share has an index of its own on the table of filter.py, which has the
expressions of all its conditions as columns.  Two more than those:

  equality     "near / n = 0" lets n rows through
  IN           "near / m IN (0, 1, 2)" about n, in three values
  two columns  "near < 2 n AND id % 2 = 0" about n
"""

import csv
import math
from dataclasses import dataclass

import numpy as np

from filter import EPOCH, NO_SORT
from indexes import OPERATOR
from report import table
from search import found_ids
from server import vector_bytes

SHARES = (0.5, 0.05, 0.005, 0.0005)
ROWS = 10               # and a filter that lets so many rows through
KINDS = ("aligned", "independent", "opposed")
LIMITS = (10, 100)
DAY = f"(created - date '{EPOCH}')"
FORMS = ("range", "equality", "IN", "two columns")


@dataclass
class Recall:
    """What was found with one filter and LIMIT."""

    share: float
    kind: str
    form: str
    limit: int
    recall: float
    fewer: int      # searches that returned fewer rows than there are, or LIMIT


def conditions(number, values, n):
    """
    The condition of each form on an expression whose values are known, and
    which rows meet it.
    """
    ids = np.arange(len(values))
    third = math.ceil(n / 3)
    return {
        "range": (f"{number} < {n}", values < n),
        "equality": (f"{number} / {n} = 0", values < n),
        "IN": (f"{number} / {third} IN (0, 1, 2)", values < 3 * third),
        "two columns": (f"{number} < {2 * n} AND id % 2 = 0",
                        (values < 2 * n) & (ids % 2 == 0))}


class FilterRecall:
    """The recall of all filters on the table of a FilterBench."""

    def __init__(self, bench):
        self.bench = bench
        self.results = []

    def run(self):
        """Measure all of them; results are in results."""
        bench = self.bench
        distances = {kind: bench.distances_to(bench.queries[kind])
                     for kind in KINDS}
        for share in (*SHARES, ROWS / bench.data.rows):
            n = round(share * bench.data.rows)
            if n < 1:
                continue
            third = math.ceil(n / 3)
            bench.build("vdb", "r", "USING ivfkm (v vector_"
                        f"{bench.metric}_ops, " + ", ".join(
                            f"({number}), ({number} / {n}), "
                            f"({number} / {third})"
                            for number in ("near", DAY)) + ", (id % 2))")
            bench.see("vdb", ("r",))
            for kind in KINDS:
                number, values = (
                    (DAY, bench.created) if kind == "independent"
                    else ("near", bench.near))
                for form, (where, mask) in conditions(number, values,
                                                      n).items():
                    for limit in LIMITS:
                        self.measure(share, kind, form, where,
                                     np.flatnonzero(mask), limit,
                                     distances[kind])
        with bench.server.connect("vdb") as c:
            c.execute(f"DROP INDEX {bench.name}_r")
        del bench.builds["vdb", "r"]

    def measure(self, share, kind, form, where, rows, limit, distances):
        """Search with one filter and LIMIT."""
        bench = self.bench
        queries = bench.queries[kind]
        have = min(limit, len(rows))
        keep = min(len(rows), have + 20)
        hits = fewer = 0
        with bench.server.connect("vdb", {
                **NO_SORT, "plan_cache_mode": "force_generic_plan"}) as c:
            c.pgconn.prepare(
                b"search", f"SELECT id FROM {bench.name} WHERE {where} ORDER "
                f"BY v {OPERATOR[bench.metric]} $1 LIMIT {limit}".encode())
            text = "[" + ",".join(map(repr, queries[0].tolist())) + "]"
            plan = "\n".join(r[0] for r in c.execute(
                f"EXPLAIN (COSTS OFF) EXECUTE search('{text}')"))
            if f"Index Scan using {bench.name}_r" not in plan:
                raise RuntimeError(f"no index scan:\n{plan}")
            for i, query in enumerate(vector_bytes(queries)):
                ids = np.unique(found_ids(c.pgconn.exec_prepared(
                    b"search", [query], [1], 1))).astype(np.int64)
                if not np.isin(ids, rows).all():
                    raise RuntimeError(f"a row that does not match: {where}")
                chosen = rows[np.argpartition(distances[i, rows],
                                              keep - 1)[:keep]]
                bound = np.sort(bench.data.distances(
                    bench.metric, queries[i], chosen))[have - 1]
                d = bench.data.distances(bench.metric, queries[i], ids)
                hits += min(have, int((d <= bound + 1e-6 * abs(bound)
                                       + 1e-9).sum()))
                fewer += len(ids) < have
        found = Recall(share, kind, form, limit,
                       hits / (have * len(queries)), fewer)
        self.results.append(found)
        bench.server.say(f"recall@{limit}, {kind} {share:.4%}, {form}: "
                         f"{found.recall:.4f}"
                         + f", {fewer} with fewer rows" * bool(fewer))

    def write(self, path):
        """Write every figure as CSV."""
        with open(path, "w", newline="", encoding="utf-8") as f:
            out = csv.writer(f, lineterminator="\n")
            out.writerow(["set", "metric", "filter", "share", "form", "limit",
                          "recall", "fewer"])
            for r in self.results:
                out.writerow([self.bench.data.word, self.bench.metric, r.kind,
                              f"{r.share:.6f}", r.form, r.limit,
                              f"{r.recall:.4f}", r.fewer])

    def text(self):
        """The table."""
        found = {(r.share, r.kind, r.form, r.limit): r for r in self.results}
        rows = []
        for share in sorted({r.share for r in self.results}, reverse=True):
            for kind in KINDS:
                rows.append([f"{kind}, {share:.4%}".rstrip("0%").rstrip(".")
                             + " %"] + [" / ".join(
                                 f"{found[share, kind, form, limit].recall:.3f}"
                                 for limit in LIMITS) for form in FORMS])
        fewer = sum(r.fewer for r in self.results)
        return ("\nRecall with default settings, LIMIT "
                + " / ".join(map(str, LIMITS)) + ":\n\n"
                + table(["filter, rows that match", *FORMS], rows)
                + "\nOf these searches, "
                + (f"{fewer} returned" if fewer else "none returned")
                + " fewer rows than there are, or than LIMIT wants.\n")
