"""
Filtered searches: searches/s of every way to do them, by how much a filter
lets through and where its rows lie.

The table of a data set has three columns beside the vector:

  near      integer, the rank of the row by its distance to one row, the anchor
  created   date, a made-up one: a random permutation of the rows
  tenant    integer, skewed: the set's own (base_video), or drawn from a
            Zipf distribution

A filter "near < n" or "created < day" lets n rows through.  Of the first kind
the queries are those nearest to the anchor (aligned: the matching rows are
the query's neighbours) or farthest from it (opposed: they are far away).  The
second kind is independent of the vectors.  "tenant = x" asks for the tenant
of the row that is nearest to the query.

A way to search is a database, the indexes that the planner sees, and settings
to try in the order of rising recall until LEAST is reached.
"""

import csv
import datetime
import math
import os
import statistics
import time
from dataclasses import dataclass, field

import numpy as np

from dataset import BLOCK, normalised
from indexes import OPERATOR, VCHORD_LIST_ROWS, describe, vchordrq_options
from picture import facts, wrapped, write_below
from report import Conditions, number, size, table, times
from search import found_ids, processor_seconds
from server import copy_rows, read_note, vector_bytes, write_note

K = 10
LEAST = 0.95            # recall to be reached
SHARES = (0.5, 0.05, 0.005, 0.0005, 0.0001)
SHARES_SHOWN = (50, 5, 0.5, 0.05, 0.01)
KINDS = ("unfiltered", "aligned", "independent", "opposed", "tenant")
TENANTS = 1000          # of sets that have none
EPOCH = datetime.date(2000, 1, 1)
HOPELESS = 0.5          # seconds a search after which a way is given up
SECONDS = 2.0           # slow ways get fewer queries, at least FEWEST
FEWEST = 10
LESS = (0.005, 0.0005)  # shares at which partial indexes are tried
PEERS = ("hnsw", "vchordrq", "vchordlists", "diskann")  # ways of other extensions

NO_SORT = {"enable_seqscan": "off", "enable_sort": "off",
           "enable_bitmapscan": "off"}


@dataclass
class Way:
    """
    One way to search.

    indexes  keys of the indexes that the planner sees
    settings those of its session; sweep: what is tried on top of them
    must     text that its plan must have; "": any
    """

    key: str
    title: str
    database: str
    indexes: tuple
    settings: dict
    sweep: list
    must: str
    style: str


def ways(rows):
    """Every way, for a table of so many rows."""
    ivfkm = [{}] + [{"ivfkm.probes": p} for p in
                    (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)]
    hnsw = [{"hnsw.ef_search": e} for e in (10, 20, 40, 100, 300, 1000)]
    lists = max(1, rows // VCHORD_LIST_ROWS)
    vchordrq = [{"vchordrq.epsilon": e} for e in (0.5, 1, 1.5, 1.9, 3, 4)]
    vchordlists = [{"vchordrq.probes": p, "vchordrq.epsilon": e}
                   for p in (4, 8, 16, 32, 64, 128, 256, 512, 1024)
                   if p < lists for e in (0.8, 1.9)]
    vchordlists += [{"vchordrq.probes": lists, "vchordrq.epsilon": e}
                    for e in (0.8, 1.9, 4)]
    diskann = [{"diskann.query_search_list_size": s,
                "diskann.query_rescore": max(50, s)}
               for s in (10, 50, 100, 200, 400)]
    return [
        Way("columns", "ivfkm, columns in the index", "vdb", ("c",), NO_SORT,
            ivfkm, "Index Cond", "o-"),
        Way("plain", "ivfkm, rows filtered", "vdb", ("v",), NO_SORT,
            ivfkm, "Filter", "^-"),
        Way("partial", "ivfkm, partial index", "vdb", ("p",), NO_SORT, ivfkm,
            "Index Scan", "v:"),
        Way("sort", "btree or table, and sort", "vdb",
            ("near", "created", "tenant"), {}, [{}], "", "x--"),
        Way("chosen", "as planned with all of them", "vdb",
            ("c", "near", "created", "tenant"), {}, [{}], "", "+:"),
        Way("hnsw", "pgvector, hnsw, iterative scan", "pgvector", ("h",),
            {**NO_SORT, "hnsw.iterative_scan": "relaxed_order",
             "hnsw.max_scan_tuples": max(rows, 20_000),
             "hnsw.scan_mem_multiplier": 50}, hnsw, "Index Scan", "s--"),
        Way("vchordrq", "VectorChord, vchordrq, prefilter", "vectorchord",
            ("r",), {**NO_SORT, "vchordrq.prefilter": "on"}, vchordrq,
            "Index Scan", "d--"),
        Way("vchordlists", "VectorChord, lists, prefilter", "vectorchord",
            ("l",), {**NO_SORT, "vchordrq.prefilter": "on"}, vchordlists,
            "Index Scan", "D:"),
        Way("diskann", "pgvectorscale, diskann", "pgvectorscale", ("d",),
            NO_SORT, diskann, "Index Scan", "p--")]


@dataclass
class Cell:
    """
    One filter: its condition, the row numbers that meet it (for "tenant", of
    each query), and the queries.  values: of the parameter $2, or None.
    """

    kind: str
    share: float
    where: str
    matching: list
    queries: np.ndarray
    values: list = None
    truth: list = field(default_factory=list)

    def rows_of(self, i):
        """The row numbers that query i may find."""
        return self.matching[i if self.values else 0]


@dataclass
class Result:
    """
    What one way did in one cell; setting is text, ms nan where it was given
    up.
    """

    cell: Cell
    way: Way
    setting: str
    recall: float
    ms: float
    fewer: int      # searches that returned fewer rows than there are, or K
    settings: dict = None   # as the server takes them; None: of another run
    count: int = 0          # searches of a round


class FilterBench:
    """The filtered searches of one data set."""

    def __init__(self, server, data, metric, options):
        self.server, self.data, self.metric = server, data, metric
        self.options = options
        self.count = min(options.queries, 100, len(data.query))
        self.name = f"{data.name}_filter"
        self.ways = [w for w in ways(data.rows)
                     if w.database in server.databases]
        chosen = os.environ.get("BENCH_WAYS", "").split()
        self.measured = [w for w in self.ways if w.key in chosen or not chosen]
        self.with_recall = "recall" in chosen or not chosen
        used = {w.database for w in self.measured} | ({"vdb"} if self.with_recall else set())
        self.databases = [d for d in self.server.databases if d in used]
        self.results = []
        self.recalls = None  # of searches by default
        self.builds = {}
        self.conditions = Conditions(server)

    # ----- table and indexes -----

    def run(self):
        """Do everything; results are in results."""
        self.make_columns()
        for database in self.databases:
            self.load(database)
        self.build_all()
        for cell in self.cells():
            self.find_truth(cell)
            self.take_times([self.measure(cell, way) for way in self.measured])
        if self.with_recall:
            from filter_recall import FilterRecall

            self.recalls = FilterRecall(self)
            self.recalls.run()
        for database in self.databases:
            self.see(database, None)

    def distances_to(self, rows):
        """Distances of all rows to some, float32 [len(rows), all]."""
        rows = normalised(rows) if self.metric == "cosine" else rows
        out = np.empty((len(rows), self.data.rows), dtype=np.float32)
        for start in range(0, self.data.rows, BLOCK):
            x = self.data.block(start, min(self.data.rows, start + BLOCK))
            if self.metric == "cosine":
                x = normalised(x)
            score = -2 * (rows @ x.T)
            if self.metric == "l2":
                score += (x * x).sum(1)
            out[:, start:start + len(x)] = score
        return out

    def make_columns(self):
        """The values of the columns, and the queries by their distance to
        the anchor."""
        rows = self.data.rows
        rng = np.random.default_rng([rows, self.data.dims])
        self.anchor = self.data.block(0, 1)
        self.near = np.empty(rows, dtype=np.int64)
        self.near[np.argsort(self.distances_to(self.anchor)[0],
                             kind="stable")] = np.arange(rows)
        self.created = rng.permutation(rows)
        if self.data.tenant is not None:
            self.tenant = np.asarray(self.data.tenant).astype(np.int64)
        else:
            weight = 1.0 / np.arange(1, TENANTS + 1)
            self.tenant = rng.choice(TENANTS, rows, p=weight / weight.sum())
        queries = self.data.queries(len(self.data.query))
        shown = normalised(queries) if self.metric == "cosine" else queries
        anchor = (normalised(self.anchor) if self.metric == "cosine"
                  else self.anchor)[0]
        away = ((shown - anchor) ** 2).sum(1)
        order = np.argsort(away, kind="stable")
        self.queries = {"aligned": queries[order[:self.count]],
                        "opposed": queries[order[::-1][:self.count]],
                        "independent": queries[:self.count]}

    def load(self, database):
        """Make the table in a database, unless it is there."""
        with self.server.connect(database) as c:
            note = read_note(c.execute(
                "SELECT obj_description(to_regclass(%s), 'pg_class')",
                (self.name,)))
            if note.get("fingerprint") == self.data.fingerprint:
                return
            self.server.say(f"loading {self.name} into {database}")
            c.execute(f"DROP TABLE IF EXISTS {self.name}")
            c.execute(f"CREATE TABLE {self.name} (id integer NOT NULL, near "
                      "integer NOT NULL, created date NOT NULL, tenant "
                      f"integer NOT NULL, v vector({self.data.dims}) NOT NULL)")
            # a date is sent as the number of its days since EPOCH
            copy_rows(c, self.name, 0, self.data.rows, self.data.block,
                      [("near", self.near), ("created", self.created),
                       ("tenant", self.tenant)])
            c.execute(f"VACUUM (FREEZE, ANALYZE) {self.name}")
            c.execute("CHECKPOINT")
            write_note(c, f"TABLE {self.name}",
                       {"fingerprint": self.data.fingerprint})

    def build_all(self):
        """Build the indexes of the measured ways that are the same for all filters."""
        ops = f"v vector_{self.metric}_ops"
        lists = max(1, self.data.rows // VCHORD_LIST_ROWS)
        definitions = {column: f"({column})" for column in ("near", "created", "tenant")}
        definitions |= {
            "v": f"USING ivfkm ({ops})",
            "c": f"USING ivfkm ({ops}, near, created, tenant)",
            "h": f"USING hnsw ({ops}) WITH (m = 16, ef_construction = 64)",
            "r": f"USING vchordrq ({ops})",
            "l": f"USING vchordrq ({ops}) WITH ({vchordrq_options(lists, self.metric)})",
            "d": f"USING diskann ({ops})"}
        for way in self.measured:
            for key in way.indexes:
                if key in definitions and (way.database, key) not in self.builds:
                    self.build(way.database, key, definitions[key])

    def build(self, database, key, definition):
        """Build an index, unless it is there; note seconds and bytes."""
        self.builds[database, key] = self.server.keep_index(
            database, self.name, f"{self.name}_{key}", definition,
            self.options.processes, self.options.memory)

    def see(self, database, keys):
        """Let the planner see some indexes of the table (None: all)."""
        with self.server.connect(database) as c:
            c.execute("UPDATE pg_index SET indisvalid = %s OR "
                      "indexrelid::regclass::text = ANY (%s) WHERE indrelid "
                      "= %s::regclass",
                      (keys is None, [f"{self.name}_{k}" for k in keys or ()],
                       self.name))
            for key in keys or ():
                c.execute("SELECT pg_prewarm(to_regclass(%s))",
                          (f"{self.name}_{key}",))

    # ----- filters -----

    def cells(self):
        """Every filter that lets a row through."""
        rows = self.data.rows
        everything = np.arange(rows)
        yield Cell("unfiltered", 1.0, "true", [everything],
                   self.queries["independent"])
        for share in SHARES:
            n = round(share * rows)
            if n < 1:
                continue
            near = [np.flatnonzero(self.near < n)]
            for kind in ("aligned", "opposed"):
                yield Cell(kind, share, f"near < {n}", near,
                           self.queries[kind])
            day = EPOCH + datetime.timedelta(days=n)
            yield Cell("independent", share, f"created < '{day}'",
                       [np.flatnonzero(self.created < n)],
                       self.queries["independent"])
        queries = self.queries["independent"]
        wanted = self.tenant[self.distances_to(queries).argmin(1)]
        yield Cell("tenant", float(np.mean([(self.tenant == t).mean()
                                            for t in wanted])),
                   "tenant = $2",
                   [np.flatnonzero(self.tenant == t) for t in wanted],
                   queries, [int(t) for t in wanted])

    def find_truth(self, cell):
        """The distance of the K-th neighbour among the rows that match."""
        best = self.distances_to(cell.queries)
        for i, query in enumerate(cell.queries):
            rows = cell.rows_of(i)
            keep = min(len(rows), K + 20)
            chosen = rows[np.argpartition(best[i, rows], keep - 1)[:keep]]
            found = np.sort(self.data.distances(self.metric, query, chosen))
            cell.truth.append(found[min(K, len(rows)) - 1])

    def recall(self, cell, results):
        """Share of the neighbours that results hold, and how many results
        have fewer rows than they could."""
        hits = wanted = fewer = 0
        for i, result in enumerate(results):
            ids = np.unique(found_ids(result)).astype(np.int64)
            if not np.isin(ids, cell.rows_of(i)).all():
                raise RuntimeError(f"a row that does not match: {cell.where}")
            have, limit = min(K, len(cell.rows_of(i))), cell.truth[i]
            d = self.data.distances(self.metric, cell.queries[i], ids)
            hits += min(have, int((d <= limit + 1e-6 * abs(limit)
                                   + 1e-9).sum()))
            wanted += have
            fewer += len(ids) < have
        return hits / wanted, fewer

    # ----- measurements -----

    def measure(self, cell, way):
        """Try the settings of a way until the recall is high enough; the
        result, None where the way is not for the cell."""
        if way.key == "partial":
            if cell.share not in LESS or cell.kind == "tenant":
                return None
            self.build("vdb", "p", f"USING ivfkm (v vector_{self.metric}_ops) "
                                   f"WHERE {cell.where}")
        must = way.must
        if cell.kind == "unfiltered":
            if way.key not in ("columns", "plain") + PEERS:
                return None
            must = "Index Scan"
        self.see(way.database, way.indexes)
        found = None
        for setting in way.sweep:
            found = self.try_setting(cell, way, setting, must)
            if found.recall >= LEAST or math.isnan(found.ms):
                break
        self.results.append(found)
        return found

    def session(self, cell, way, setting):
        """A session in which "search" is prepared, and the arguments of each
        query."""
        statement = (f"SELECT id FROM {self.name} WHERE {cell.where} ORDER BY "
                     f"v {OPERATOR[self.metric]} $1 LIMIT {K}")
        c = self.server.connect(way.database, {
            **way.settings, **setting, "plan_cache_mode": "force_generic_plan"})
        c.pgconn.prepare(b"search", statement.encode())
        return c, [[v] if cell.values is None
                   else [v, cell.values[i].to_bytes(4, "big")]
                   for i, v in enumerate(vector_bytes(cell.queries))]

    def try_setting(self, cell, way, setting, must):
        """Run the queries of a cell once with one setting."""
        c, arguments = self.session(cell, way, setting)
        with c:
            text = "[" + ",".join(map(repr, cell.queries[0].tolist())) + "]"
            value = f", {cell.values[0]}" if cell.values else ""
            plan = "\n".join(r[0] for r in c.execute(
                f"EXPLAIN (COSTS OFF) EXECUTE search('{text}'{value})"))
            if must not in plan:
                raise RuntimeError(f"no plan of {way.title}:\n{plan}")
            seconds, results = timed(c, arguments[:2])
            if seconds > HOPELESS:
                return Result(cell, way, describe(setting), math.nan, math.nan,
                              0)
            count = max(FEWEST, int(SECONDS / seconds))
            seconds, results = timed(c, arguments[:count])
            recall, fewer = self.recall(cell, results)
            return Result(cell, way, describe(setting), recall, seconds * 1e3,
                          fewer, setting, count)

    def take_times(self, results):
        """Take the times of all ways in turns: what else the machine does, or
        how warm it is, then falls on all of them alike."""
        results = [r for r in results if r is not None and r.count > 0]
        spent = [[] for _ in results]
        for turn in range(self.options.rounds):
            order = list(zip(results, spent))
            for r, times_of in order if turn % 2 == 0 else order[::-1]:
                self.see(r.way.database, r.way.indexes)
                c, arguments = self.session(r.cell, r.way, r.settings)
                with c:
                    timed(c, arguments[:r.count])
                    times_of.append(timed(c, arguments[:r.count])[0] * 1e3)
        for r, times_of in zip(results, spent):
            r.ms = statistics.median(times_of)
            self.server.say(
                f"{r.cell.kind} {r.cell.share:.4%}, {r.way.title}: "
                f"{number(r.ms)} ms, recall {r.recall:.3f} "
                f"({r.setting}){', fewer rows' * bool(r.fewer)}")

    # ----- results -----

    def keep_others(self, path):
        """Take the results of ways that were not measured from a CSV."""
        missing = {w.key: w for w in self.ways if w not in self.measured}
        if not missing or not os.path.exists(path):
            return
        with open(path, newline="", encoding="utf-8") as f:
            for row in csv.DictReader(f):
                if row["way"] not in missing:
                    continue
                cell = Cell(row["filter"], float(row["share"]), "", [], None)
                self.results.append(Result(
                    cell, missing[row["way"]], row["setting"],
                    float(row["recall"]), float(row["ms"]), int(row["fewer"])))

    def report(self, folder):
        """Write the tables, the figures as CSV and the plot."""
        label = os.environ.get("BENCH_LABEL", "")
        name = f"filter-{self.data.name}" + (f"-{label}" if label else "")
        base = os.path.join(folder, name)
        self.keep_others(base + ".csv")
        with open(base + ".csv", "w", newline="", encoding="utf-8") as f:
            out = csv.writer(f, lineterminator="\n")
            out.writerow(["set", "metric", "filter", "share", "way",
                          "setting", "recall", "ms", "fewer"])
            for r in self.results:
                out.writerow([self.data.word, self.metric, r.cell.kind,
                              f"{r.cell.share:.6f}", r.way.key,
                              r.setting, f"{r.recall:.4f}",
                              f"{r.ms:.4g}", r.fewer])
        text = self.text(name + ".svg")
        with open(base + ".md", "w", encoding="utf-8") as f:
            f.write(text)
        self.plot(base + ".svg", facts(text.split("\n")))
        if self.recalls is not None:
            self.recalls.write(base + "-recall.csv")
        self.server.say(f"wrote {base}.md")

    def result(self, kind, share, way):
        """The result of a way in a cell, or None."""
        return next((r for r in self.results if r.cell.kind == kind
                     and abs(r.cell.share - share) < 1e-6
                     and r.way.key == way), None)

    def text(self, picture):
        """The tables."""
        settings = self.server.settings(["shared_buffers", "work_mem"])
        text = (f"### Filters: {self.data.word}\n\n"
                f"{self.data.rows:,} rows of {self.data.dims} dimensions, "
                f"distance {self.metric}, LIMIT {K}, {self.count} queries. "
                + self.conditions.text(f"medians of {self.options.rounds} round(s)", settings)
                + "Milliseconds of processor time a search, with the first "
                f"settings of each way that reach recall {LEAST}; the recall "
                "stands behind those that do not.\n\n")
        shown = sorted({(KINDS.index(r.cell.kind), -round(r.cell.share, 6))
                        for r in self.results})
        ways_shown = [w for w in self.ways
                      if any(r.way.key == w.key for r in self.results)]
        peers = [w for w in ways_shown if w.key in PEERS]
        rows = []
        for number_of_kind, share in shown:
            kind, share = KINDS[number_of_kind], -share
            row = [f"{kind}, {share:.4%}".rstrip("0%").rstrip(".") + " %"]
            for way in ways_shown:
                row.append(shown_ms(self.result(kind, share, way.key)))
            ours = self.result(kind, share, "columns")
            for way in peers:
                theirs = self.result(kind, share, way.key)
                row.append(times(theirs.ms / ours.ms) if ours and theirs
                           and theirs.recall >= LEAST <= ours.recall else "")
            rows.append(row)
        text += table(["filter, rows that match"]
                      + [w.title for w in ways_shown]
                      + [f"columns over {w.key}" for w in peers], rows)
        for database, title in (("pgvector", "pgvector"), ("vectorchord", "VectorChord"),
                                ("pgvectorscale", "pgvectorscale")):
            if not any(w.database == database for w in ways_shown):
                text += f"\n{title} was not measured.\n"
        text += f"\n![searches/s by selectivity]({picture})\n\n"
        text += "<!-- details -->\n\n" + table(
            ["index", "seconds to build", "size"],
            [[f"{key} ({database})", f"{seconds:.2f}", size(n)]
             for (database, key), (seconds, n) in self.builds.items()
             if key != "p"])
        fewer = [r for r in self.results if r.fewer]
        text += "\nSearches with fewer rows than there are: " + (
            ", ".join(f"{r.fewer} of {self.count} ({r.way.title}, "
                      f"{r.cell.kind} {r.cell.share:.4%})" for r in fewer)
            or "none") + ".\n"
        if self.recalls is not None:
            text += self.recalls.text()
        return text

    def plot(self, path, notes):
        """
        Share on a falling logarithmic x, searches/s on y, by kind; notes are paragraphs that go
        below.
        """
        import matplotlib
        matplotlib.use("svg")
        matplotlib.rcParams["svg.hashsalt"] = "vdb"
        matplotlib.rcParams["svg.fonttype"] = "none"
        from matplotlib import pyplot
        from matplotlib.ticker import FuncFormatter, NullFormatter

        figure, grid_axes = pyplot.subplots(
            1, 3, figsize=(12, 5.5), sharey=True, layout="constrained")
        for axes, kind in zip(grid_axes, KINDS[1:]):
            for way in self.ways:
                points = [r for r in self.results
                          if r.way.key == way.key and r.cell.kind == kind
                          and r.recall >= LEAST]
                if not any(r.way.key == way.key for r in self.results):
                    continue
                axes.plot([100 * r.cell.share for r in points],
                          [1000 / r.ms for r in points], way.style,
                          markersize=5, label=way.title)
            plain = self.result("unfiltered", 1.0, "columns")
            if plain:
                axes.axhline(1000 / plain.ms, color="grey", linewidth=0.8,
                             linestyle=":")
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xticks(SHARES_SHOWN, [f"{s:g}" for s in SHARES_SHOWN])
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.0f}"))
            axes.set_xlim(100, 0.005)
            axes.set_xlabel("rows that match, %")
            axes.set_title(kind)
            axes.grid(True, which="both", linewidth=0.3)
        grid_axes[0].set_ylabel(f"searches/s at recall {LEAST}")
        # above the curves, which fill the axes, in place of the title's empty lines
        figure.suptitle(f"{self.data.word}; dotted line: unfiltered\n\n ", fontsize=10)
        figure.legend(*grid_axes[0].get_legend_handles_labels(), loc="upper center",
                      bbox_to_anchor=(0.5, 0.96), ncols=6, fontsize="small")
        height = write_below(figure, wrapped(notes, 230))
        figure.get_layout_engine().set(rect=(0, height, 1, 1 - height))
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)


def shown_ms(result):
    """A time as the table shows it."""
    if result is None:
        return ""
    if math.isnan(result.ms):
        return f"above {HOPELESS * 1000:.0f}"
    text = number(result.ms)
    return text if result.recall >= LEAST else f"{text} at {result.recall:.2f}"


def timed(connection, arguments):
    """
    Run the prepared search with each of the arguments; mean seconds of
    processor time of the backend, or of the round trip where the system does
    not tell, and the results.
    """
    pid, link = connection.info.backend_pid, connection.pgconn
    before, clock = processor_seconds(pid), time.perf_counter()
    results = [link.exec_prepared(b"search", a, [1] * len(a), 1)
               for a in arguments]
    spent = time.perf_counter() - clock
    if before is not None:
        # the backend has gone to sleep, so that its time is counted
        connection.execute("SELECT pg_sleep(0.001)")
        spent = processor_seconds(pid) - before
    for result in results:
        if result.status != 2:
            raise RuntimeError(result.error_message.decode())
    return spent / len(arguments), results
