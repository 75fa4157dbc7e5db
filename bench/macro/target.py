"""
Whether searches reach what ivfkm.target_recall asks for, at several LIMITs, and what they take:
rows seen, lists and rows looked at a search, processor time.

Targets take turns in each round, so that their times are of the same machine.  Recall is counted
by distance, over all queries, in the first round.
"""

import csv
import os

import numpy as np

from filter import timed
from indexes import OPERATOR
from report import Conditions, number, table
from search import found_ids
from server import vector_bytes

TARGETS = (0.90, 0.95, 0.98, 0.99)
LIMITS = (1, 10, 100)
BELOW, ABOVE = 0.01, 0.03       # how far recall may be from the target
NO_SORT = {"enable_seqscan": "off", "enable_sort": "off"}
COUNTS = ("rows", "lists", "reranked")


class TargetBench:
    """
    The searches of one data set; rows: (limit, target, recall, counts, ms of processor time).
    """

    def __init__(self, server, data, metric, options):
        self.server, self.data, self.metric = server, data, metric
        self.options = options
        self.count = min(options.queries, len(data.query))
        self.rows = []
        self.conditions = Conditions(server)

    def run(self):
        """Search with every target and LIMIT."""
        name = f"{self.data.name}_v"
        self.server.keep_index("vdb", self.data.name, name, f"USING ivfkm (v vector_{self.metric}"
                               "_ops)", self.options.processes, self.options.memory)
        self.server.only(self.data, "vdb", name)
        queries = self.data.queries(self.count)
        truth = self.data.truth(self.metric, self.count)
        arguments = [[v] for v in vector_bytes(queries)]
        with self.server.connect("vdb") as c:
            c.execute("SELECT pg_prewarm(%s)", (name,))
        for limit in LIMITS:
            spent, found = {t: [] for t in TARGETS}, {}
            for _ in range(self.options.rounds):
                for target in TARGETS:
                    with self.session(limit, target) as c:
                        timed(c, arguments[:10])
                        seconds, results = timed(c, arguments)
                        spent[target].append(1000 * seconds)
                        if target not in found:
                            found[target] = (self.recall(queries, truth, results, limit),
                                             self.counts(c, arguments[:100]))
            for target in TARGETS:
                recall, counts = found[target]
                self.rows.append((limit, target, recall, counts, min(spent[target])))
                self.server.say(f"LIMIT {limit}, target {target}: recall {recall:.4f}, "
                                f"{counts['rows']:.0f} rows, {min(spent[target]):.3f} ms")

    def session(self, limit, target):
        """A session with the search prepared."""
        c = self.server.connect("vdb", {**NO_SORT, "ivfkm.target_recall": target,
                                        "plan_cache_mode": "force_generic_plan"})
        statement = (f"SELECT id FROM {self.data.name} ORDER BY v {OPERATOR[self.metric]} $1 "
                     f"LIMIT {limit}")
        c.pgconn.prepare(b"search", statement.encode())
        return c

    def recall(self, queries, truth, results, limit):
        """Share of the neighbours that results hold."""
        hits = 0
        for query, nearest, result in zip(queries, truth, results):
            ids = np.unique(found_ids(result)).astype(np.int64)
            bound = nearest[limit - 1]
            d = self.data.distances(self.metric, query, ids)
            hits += min(limit, int((d <= bound + 1e-6 * abs(bound) + 1e-9).sum()))
        return hits / (limit * len(queries))

    @staticmethod
    def counts(c, arguments):
        """Means of what ivfkm_last_scan() tells."""
        total = dict.fromkeys(COUNTS, 0)
        for a in arguments:
            c.pgconn.exec_prepared(b"search", a, [1], 1)
            row = c.execute(f"SELECT {', '.join(COUNTS)} FROM ivfkm_last_scan()").fetchone()
            for name, value in zip(COUNTS, row):
                total[name] += value
        return {name: value / len(arguments) for name, value in total.items()}

    def report(self, folder):
        """Write the table and the figures as CSV."""
        label = os.environ.get("BENCH_LABEL", "")
        base = os.path.join(folder, f"target-{self.data.name}" + (f"-{label}" if label else ""))
        with open(base + ".csv", "w", newline="", encoding="utf-8") as f:
            out = csv.writer(f, lineterminator="\n")
            out.writerow(["set", "metric", "limit", "target", "recall", *COUNTS, "ms"])
            for limit, target, recall, counts, ms in self.rows:
                out.writerow([self.data.word, self.metric, limit, target,
                              f"{recall:.4f}", *(f"{counts[n]:.1f}" for n in COUNTS), f"{ms:.4g}"])
        text = (f"### Recall asked for: {self.data.word}\n\n"
                f"{self.data.rows:,} rows of {self.data.dims} dimensions, distance {self.metric}, "
                f"index with default options, {self.count} queries. "
                + self.conditions.text("milliseconds of processor time are the least of "
                                       f"{self.options.rounds} round(s)")
                + f"Bold recall is more than {BELOW} below or {ABOVE} above the target.\n\n")
        rows = []
        for limit, target, recall, counts, ms in self.rows:
            missed = not target - BELOW <= recall <= target + ABOVE
            shown = f"**{recall:.3f}**" if missed else f"{recall:.3f}"
            rows.append([str(limit), f"{target:g}", shown,
                         *(f"{counts[n]:,.0f}" for n in COUNTS), number(ms)])
        text += table(["LIMIT", "target", "recall", "rows seen", "lists", "looked at", "ms"], rows)
        with open(base + ".md", "w", encoding="utf-8") as f:
            f.write(text)
        self.server.say(f"wrote {base}.md")
