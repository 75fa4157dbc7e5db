"""
Regret of the planner: time of the plan that is chosen over that of the best.

Tables of different size, dimensions and storage; on each, searches with
filters of different selectivity, with and without a btree index for them, and
different LIMITs; and searches within a distance, with ORDER BY and LIMIT or
for all rows.  Every search is run by each plan that makes sense for it.

A plan is named by how it reads the table:

  ivfkm    in the order of the index, or what the index finds within a distance
  seq      all of it, then a sort
  bitmap   what the btree index finds, then a sort
  index    the same in the order of the btree index
"""

import contextlib
import csv
import math
import os
import statistics
import time
from dataclasses import dataclass, field

import numpy as np
import psycopg

from dataset import BLOCK, Synthetic
from picture import draw_plans, facts
from report import Conditions, number, table
from server import copy_rows, literal, read_note, write_note

# rows, dimensions, storage of the vector
CORNERS = ((1000, 16, "plain"), (1000, 3072, "external"),
           (10_000, 128, "plain"), (10_000, 1536, "external"),
           (50_000, 512, "plain"), (100_000, 16, "plain"),
           (100_000, 512, "external"))
FULL = CORNERS + ((1000, 128, "plain"), (1000, 512, "external"),
                  (3000, 1536, "external"), (10_000, 16, "plain"),
                  (10_000, 512, "plain"), (10_000, 512, "external"),
                  (10_000, 3072, "external"), (100_000, 128, "plain"),
                  (100_000, 1536, "external"), (1_000_000, 16, "plain"),
                  (1_000_000, 128, "plain"), (1_000_000, 512, "external"))
MIDDLE = ((60_000, 16, "plain"), (60_000, 128, "plain"),
          (60_000, 512, "plain"), (60_000, 512, "external"),
          (60_000, 1536, "external"))
GRIDS = {"corners": CORNERS, "full": FULL, "60000": MIDDLE,
         "100000": tuple(t for t in FULL if t[0] <= 100_000) + MIDDLE}
SHARES = (None, 0.5, 0.1, 0.01, 0.001, 0.0001)
LIMITS = (1, 10, 100, 1000, None)
WITHIN = (0.0001, 0.001, 0.01, 0.1, 0.5)    # share of the rows
WITHIN_LIMITS = (10, None)

PLANS = {
    "seq": {"enable_indexscan": "off", "enable_bitmapscan": "off"},
    "bitmap": {"enable_indexscan": "off", "enable_seqscan": "off"},
    "ivfkm": {"enable_sort": "off"}}
# without ORDER BY there is no sort to switch off
WITHIN_PLANS = {
    "seq": {"enable_indexscan": "off", "enable_bitmapscan": "off"},
    "ivfkm": {"enable_seqscan": "off"}}
HOPELESS = 20.0     # a plan that takes as many times the best is given up
# Queries of a search, all of them by every plan: it differs from one to the other how many rows it
# takes until some pass a filter.  No more are run when one plan has taken so many seconds; if there
# are as many as options.rounds, sooner.
QUERIES = 12
SECONDS = 1.5
QUICK_SECONDS = 0.4
LEAST_MS = 50.0     # but this long it may always take


@dataclass
class Search:
    """
    One cell of the grid.

    share    of the rows that the filter lets through; None: no filter
    column   that the filter is on: a has a btree index, b has none
    within   share of the rows within the distance; None: any distance.
             Without LIMIT, such a search has no ORDER BY
    chosen   the plan that the planner takes by itself
    ms       milliseconds of each plan, median; inf: given up
    cost     the planner's estimate of each plan
    rows     that each plan returned
    queries  of which that is the median
    """

    rows_in_table: int
    dims: int
    storage: str
    share: float
    column: str
    limit: int
    within: float = None
    chosen: str = ""
    ms: dict = field(default_factory=dict)
    cost: dict = field(default_factory=dict)
    rows: dict = field(default_factory=dict)
    queries: int = 0

    @property
    def best(self):
        """The quickest plan."""
        return min(self.ms, key=self.ms.get)

    @property
    def regret(self):
        """Times the best plan that the chosen one takes, at most HOPELESS."""
        return min(HOPELESS, self.ms[self.chosen] / self.ms[self.best])

    def statement(self, name, query, radius):
        """The SQL of it."""
        if self.within is not None:
            distance = f"v <=> '{query}'"
            order = (f" ORDER BY {distance} LIMIT {self.limit}"
                     if self.limit is not None else "")
            return (f"SELECT id FROM {name} WHERE {distance} < {radius!r}"
                    f"{order}")
        where = (f" WHERE {self.column} < {self.matching}"
                 if self.share is not None else "")
        limit = f" LIMIT {self.limit}" if self.limit is not None else ""
        return (f"SELECT id FROM {name}{where} ORDER BY v <=> '{query}'"
                f"{limit}")

    @property
    def matching(self):
        """Rows that the filter lets through."""
        return round(self.share * self.rows_in_table)

    @property
    def filter(self):
        """The filter as tables show it."""
        if self.within is not None:
            return f"{self.within:.4%}".rstrip("0%").rstrip(".") + " % within"
        if self.share is None:
            return "none"
        return f"{self.share:.4%}".rstrip("0%").rstrip(".") + " %" + (
            ", btree" if self.column == "a" else "")


def name_of(rows, dims, storage):
    """Name of a table."""
    return f"plans_{rows}x{dims}_{storage}"


def grid():
    """The tables that BENCH_PLANS asks for, and a word for them."""
    word = os.environ.get("BENCH_PLANS") or "corners"
    if word in GRIDS:
        return word, GRIDS[word]
    tables = []
    for text in word.split():
        size, _, storage = text.partition("-")
        rows, _, dims = size.partition("x")
        if not (rows.isdigit() and dims.isdigit()
                and storage in ("plain", "external")):
            raise SystemExit(f"BENCH_PLANS={word}: none of {', '.join(GRIDS)} "
                             "nor ROWSxDIMS-plain or -external")
        tables.append((int(rows), int(dims), storage))
    return "some", tuple(tables)


class PlansBench:
    """Measures all searches of the grid."""

    def __init__(self, server, options):
        self.server, self.options = server, options
        self.word, self.tables = grid()
        self.searches = []
        self.conditions = Conditions(server)

    def run(self):
        """Do everything; results are in searches."""
        for spec in self.tables:
            self.prepare(*spec)
            with self.server.connect("vdb") as c:
                queries = self.queries(spec[1])
                for search in self.cells(*spec):
                    self.measure(c, search, queries)
                    self.searches.append(search)
            mine = [s.regret for s in self.searches
                    if (s.rows_in_table, s.dims, s.storage) == spec]
            self.server.say(f"{name_of(*spec)}: regret "
                            f"{statistics.geometric_mean(mine):.2f}, at worst "
                            f"{max(mine):.2f}")

    def prepare(self, rows, dims, storage):
        """Make a table with its indexes, unless it is there."""
        name = name_of(rows, dims, storage)
        code = {"code": self.server.code["vdb"]}
        with self.server.connect("vdb", {
                "maintenance_work_mem": self.options.memory,
                "max_parallel_maintenance_workers":
                    self.options.processes - 1}) as c:
            if not read_note(c.execute(
                    "SELECT obj_description(to_regclass(%s), 'pg_class')",
                    (name,))):
                self.server.say(f"loading {name}")
                self.load(c, name, rows, dims, storage)
            if read_note(c.execute(
                    "SELECT obj_description(to_regclass(%s), 'pg_class')",
                    (f"{name}_v",))) == code:
                return
            self.server.say(f"indexing {name}")
            c.execute(f"DROP INDEX IF EXISTS {name}_v")
            c.execute(f"CREATE INDEX {name}_v ON {name} USING ivfkm "
                      "(v vector_cosine_ops)")
            c.execute("CHECKPOINT")
            write_note(c, f"INDEX {name}_v", code)

    @staticmethod
    def load(c, name, rows, dims, storage):
        """Fill a table; its columns a and b are permutations of row numbers."""
        generator = Synthetic(dims)
        rng = np.random.default_rng([rows, dims])
        kept = {}

        def block(start, stop):
            number = start // BLOCK
            if number not in kept:
                kept.clear()
                kept[number] = generator.block("base", number, BLOCK)
            return kept[number][start % BLOCK:][:stop - start]

        c.execute(f"DROP TABLE IF EXISTS {name}")
        c.execute(f"CREATE TABLE {name} (id integer NOT NULL, a integer NOT "
                  f"NULL, b integer NOT NULL, v vector({dims}) NOT NULL)")
        c.execute(f"ALTER TABLE {name} ALTER v SET STORAGE {storage}")
        copy_rows(c, name, 0, rows, block,
                  [(x, rng.permutation(rows)) for x in "ab"])
        c.execute(f"CREATE INDEX {name}_a ON {name} (a)")
        c.execute(f"VACUUM (FREEZE, ANALYZE) {name}")
        c.execute(f"COMMENT ON TABLE {name} IS {literal({'rows': rows})}")

    def queries(self, dims):
        """The vectors to search for, as text; the first one warms up."""
        found = Synthetic(dims).block("query", 0,
                                      max(QUERIES, self.options.rounds) + 1)
        return ["[" + ",".join(f"{x:.7g}" for x in row) + "]"
                for row in found]

    @staticmethod
    def cells(rows, dims, storage):
        """The searches of one table."""
        for share in SHARES:
            if share is not None and share * rows < 1:
                continue
            for column in "ab" if share is not None else "b":
                for limit in LIMITS:
                    yield Search(rows, dims, storage, share, column, limit)
        for within in WITHIN:
            for limit in WITHIN_LIMITS:
                if within * rows >= 1:
                    yield Search(rows, dims, storage, None, "b", limit, within)

    @staticmethod
    def radius(c, search, name, query):
        """The distance within which a search finds its share of the rows."""
        return c.execute(
            f"SELECT v <=> '{query}' FROM {name} ORDER BY 1 OFFSET %s LIMIT 1",
            (round(search.within * search.rows_in_table),)).fetchone()[0]

    def measure(self, c, search, queries):
        """Find the plan that is chosen, then run each."""
        name = name_of(search.rows_in_table, search.dims, search.storage)
        self.set(c, {})
        if search.within is not None:    # finding a distance takes a sort
            queries = queries[:self.options.rounds + 1]
        statements = [search.statement(
            name, q, search.within and self.radius(c, search, name, q))
            for q in queries]
        search.chosen, cost = self.plan(c, statements[0], {})
        plans = {n: s for n, s in PLANS.items()
                 if n != "bitmap" or (search.share is not None
                                      and search.column == "a")}
        if search.within is not None and search.limit is None:
            plans = dict(WITHIN_PLANS)
        if search.chosen not in plans:
            plans[search.chosen] = {}
        for plan, settings in plans.items():
            got, search.cost[plan] = self.plan(c, statements[0], settings)
            if got != plan:
                raise RuntimeError(f"{plan} cannot be had: {statements[0]}")
        search.cost[search.chosen] = cost
        self.times(c, search, statements, plans)

    @staticmethod
    def end_timeout(c):
        """Allow statements any time; on a busy machine even this may have
        been too slow."""
        while True:
            with contextlib.suppress(psycopg.errors.QueryCanceled):
                c.execute("RESET statement_timeout")
                return

    @staticmethod
    def set(c, settings):
        """Use settings in place of the last ones."""
        for names in PLANS.values():
            for name in names:
                c.execute(f"RESET {name}")
        for name, value in settings.items():
            c.execute(f"SET {name} = {value}")

    def plan(self, c, statement, settings):
        """Name and estimated cost of a plan."""
        self.set(c, settings)
        top = c.execute(f"EXPLAIN (FORMAT JSON) {statement}"
                        ).fetchone()[0][0]["Plan"]
        return name_of_plan(top), top["Total Cost"]

    def times(self, c, search, statements, plans):
        """
        Run each query by every plan in turn, {plan: settings}.  Into search: of each plan the
        median time in milliseconds over the queries, inf if it is hopeless, and the rows of the
        last one; and how many queries there were, the same for all plans.  A query that is ended
        counts with the time that it was allowed.
        """
        times = {plan: [] for plan in plans}
        spent = dict.fromkeys(plans, 0.0)
        best = math.inf
        for i, statement in enumerate(statements):
            for plan in list(times):
                allowed = max(LEAST_MS, HOPELESS * best) if best < math.inf else 0
                ms, rows, seconds = self.time(c, statement, plans[plan], allowed)
                spent[plan] += seconds
                if ms is None and i == 0:
                    del times[plan]
                    search.ms[plan], search.rows[plan] = math.inf, 0
                    continue
                times[plan].append(allowed if ms is None else ms)
                if ms is not None:
                    search.rows[plan] = rows
                best = min(best, statistics.median(times[plan]))
            if i == 0 and max(spent.values()) <= SECONDS / 3:
                for values in times.values():     # it warmed up
                    values.clear()
                continue
            search.queries += 1
            if max(spent.values()) > (SECONDS if search.queries < self.options.rounds
                                      else QUICK_SECONDS):
                break
        search.ms.update((plan, statistics.median(values)) for plan, values in times.items())

    def time(self, c, statement, settings, allowed):
        """
        Milliseconds of one query, its rows, and seconds by the clock; None, 0 if it was ended
        after as many milliseconds as were allowed (0: any).  It is the executor's time or the
        processor time of all of the statement, if that is less: then other processes were in the
        way.
        """
        self.set(c, settings)
        pid = c.info.backend_pid
        c.execute(f"SET statement_timeout = {math.ceil(allowed)}")
        started = time.monotonic()
        try:
            before = processor_ms(pid)
            answer = c.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
                               ).fetchone()[0][0]
            ms = min(answer["Execution Time"], processor_ms(pid) - before)
            rows = answer["Plan"]["Actual Rows"]
        except psycopg.errors.QueryCanceled:
            ms, rows = None, 0
        finally:
            seconds = time.monotonic() - started
            self.end_timeout(c)
        return ms, rows, seconds

    # ----- results -----

    def report(self, folder):
        """Write the tables, the figures as CSV and the plot."""
        base = os.path.join(folder, f"plans-{self.word}")
        with open(base + ".csv", "w", newline="", encoding="utf-8") as f:
            out = csv.writer(f, lineterminator="\n")
            names = list(PLANS) + ["index"]
            out.writerow(["rows", "dims", "storage", "filter", "limit",
                          "chosen", "best", "regret", "queries"]
                         + [f"{n}_{x}" for x in ("ms", "cost", "rows")
                            for n in names])
            for s in self.searches:
                out.writerow(
                    [s.rows_in_table, s.dims, s.storage, s.filter,
                     s.limit or "none", s.chosen, s.best, f"{s.regret:.3f}",
                     s.queries]
                    + [f"{s.ms[n]:.4g}" if n in s.ms else "" for n in names]
                    + [f"{s.cost[n]:.6g}" if n in s.cost else ""
                       for n in names]
                    + [s.rows.get(n, "") for n in names])
        text = self.text(f"plans-{self.word}.svg")
        with open(base + ".md", "w", encoding="utf-8") as f:
            f.write(text)
        with open(base + ".svg", "w", encoding="utf-8") as f:
            f.write(draw_plans(base + ".csv", facts(text.split("\n"))))
        self.server.say(f"wrote {base}.md")

    def text(self, picture):
        """The tables."""
        settings = self.server.settings(["shared_buffers", "work_mem", "random_page_cost"])
        regrets = [s.regret for s in self.searches]
        text = (f"### Plans: {self.word}\n\n"
                f"{len(regrets)} searches, warm, without parallel query. "
                + self.conditions.text(
                    f"medians of {min(s.queries for s in self.searches)} to "
                    f"{max(s.queries for s in self.searches)} queries, the same for each plan",
                    settings)
                + f"Regret, geometric mean **{statistics.geometric_mean(regrets):.2f}**, "
                f"at worst **{max(regrets):.1f}**; "
                f"{sum(r > 1.2 for r in regrets)} above 1.2, "
                f"{sum(r > 3 for r in regrets)} above 3.\n\n")
        rows = []
        for spec in self.tables:
            mine = [s for s in self.searches
                    if (s.rows_in_table, s.dims, s.storage) == spec]
            if not mine:
                continue
            worst = max(mine, key=lambda s: s.regret)
            rows.append([
                f"{spec[0]:,} x {spec[1]:,}, {spec[2]}", str(len(mine)),
                f"{statistics.geometric_mean([s.regret for s in mine]):.2f}",
                f"{worst.regret:.1f}",
                describe(worst) if worst.regret > 1.2 else ""])
        text += table(["table", "searches", "mean", "worst", "which"], rows)
        text += f"\n![regret of every search]({picture})\n\n"
        text += "<!-- details -->\n\nThe searches with the largest regret:\n\n"
        worst = sorted(self.searches, key=lambda s: -s.regret)[:30]
        text += table(["table", "filter", "LIMIT", "regret", "times"], [
            [f"{s.rows_in_table:,} x {s.dims:,}, {s.storage}", s.filter,
             str(s.limit or "none"), f"{s.regret:.2f}", describe(s, False)]
            for s in worst if s.regret > 1.0])
        return text


def describe(search, where=True):
    """A search and its times in words."""
    times = ", ".join(
        f"{n} {'given up' if ms == math.inf else number(ms) + ' ms'}"
        for n, ms in search.ms.items())
    place = (f"filter {search.filter}, LIMIT {search.limit or 'none'}: "
             if where else "")
    return f"{place}{search.chosen} chosen; {times}"


def processor_ms(pid):
    """
    Milliseconds that a process has had a processor; infinite where the system
    does not tell.
    """
    with contextlib.suppress(OSError):
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as f:
            return int(f.read().split()[0]) / 1e6
    return math.inf


def name_of_plan(plan):
    """How the plan below a node reads the table."""
    while "Plans" in plan and plan["Node Type"] != "Bitmap Heap Scan":
        plan = plan["Plans"][0]
    kind = plan["Node Type"]
    if kind == "Index Scan":
        return "ivfkm" if plan["Index Name"].endswith("_v") else "index"
    return {"Seq Scan": "seq", "Bitmap Heap Scan": "bitmap"}.get(kind, kind)
