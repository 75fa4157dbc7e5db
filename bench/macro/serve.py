"""
What clients of a running server meet: searches/s and times of many clients at once, by pgbench,
and searches after a restart, with nothing in memory.

Every index has its default settings.  A search reads its vector from a table of queries, by number,
in one prepared statement, and asks for the 10 nearest rows.
"""

import csv
import glob
import os
import statistics
import subprocess
import tempfile

import numpy as np

from indexes import OPERATOR
from report import Conditions, size, table
from search import K, INDEX_SETTINGS, Client, awake, recall
from server import copy_rows, vector_bytes

COLD_QUERIES = 20
PERCENTILES = (50, 95, 99, 99.9)


class ServeBench:
    """
    The clients of one data set.

    warm  [(index, clients, searches/s, [milliseconds of PERCENTILES])]
    cold  [(index, first ms, median ms of the next, median ms of the same when all is warm)]
    """

    def __init__(self, server, data, metric, indexes, options):
        self.server, self.data, self.metric = server, data, metric
        self.indexes, self.options = indexes, options
        self.count = min(options.queries, len(data.query))
        self.warm, self.cold, self.recalls = [], [], {}

    def load_queries(self, database):
        """Make the table of queries, id from 0."""
        with self.server.connect(database) as c:
            c.execute(f"DROP TABLE IF EXISTS {self.data.name}_queries")
            c.execute(f"CREATE TABLE {self.data.name}_queries "
                      f"(id integer PRIMARY KEY, v vector({self.data.dims}))")
            copy_rows(c, f"{self.data.name}_queries", 0, self.count,
                      lambda i, j: self.data.queries(self.count)[i:j])
            c.execute(f"VACUUM (FREEZE, ANALYZE) {self.data.name}_queries")

    def statement(self, number):
        """The search for a query by its number, which may be a variable of pgbench."""
        return (f"SELECT id FROM {self.data.name} ORDER BY v {OPERATOR[self.metric]} "
                f"(SELECT v FROM {self.data.name}_queries WHERE id = {number}) LIMIT {K}")

    def pgbench(self, index, clients):
        """Run pgbench; return searches/s and the milliseconds of every search."""
        settings = " ".join(f"-c {name}={value}" for name, value in
                            {**INDEX_SETTINGS, "jit": "off",
                             "max_parallel_workers_per_gather": 0}.items())
        with tempfile.TemporaryDirectory() as folder:
            script = os.path.join(folder, "search.sql")
            with open(script, "w", encoding="utf-8") as f:
                f.write(f"\\set n random(0, {self.count - 1})\n{self.statement(':n')};\n")
            out = subprocess.run(
                [os.path.join(os.environ["BENCH_BIN"], "pgbench"), "-n", "-M", "prepared",
                 "-c", str(clients), "-j", str(min(clients, os.cpu_count())),
                 "-T", str(self.options.client_seconds), "-f", script, "-l",
                 f"--log-prefix={folder}/log", index.database],
                env={**os.environ, "PGOPTIONS": settings}, check=True, capture_output=True,
                text=True).stdout
            micro = []
            for path in glob.glob(f"{folder}/log*"):
                with open(path, encoding="utf-8") as f:
                    micro += [int(line.split()[2]) for line in f]
        rate = [float(line.split()[2]) for line in out.splitlines() if line.startswith("tps = ")]
        if not rate or not micro:
            raise RuntimeError(f"pgbench measured nothing:\n{out}")
        return rate[0], np.array(micro) / 1e3

    def restart(self, index):
        """
        Restart the server, with no file of the table and the index in memory, nor of the TOAST
        table and its index, which hold vectors of about 500 dimensions or more.
        """
        with self.server.connect(index.database) as c:
            c.execute("CHECKPOINT")
            folder, files = c.execute(
                "SELECT current_setting('data_directory'), array_agg(pg_relation_filepath(r.oid)) "
                "FROM pg_class t JOIN pg_class r ON r.oid IN (t.oid, t.reltoastrelid, "
                "%s::regclass) OR r.oid IN (SELECT indexrelid FROM pg_index "
                "WHERE indrelid = t.reltoastrelid) WHERE t.oid = %s::regclass",
                (index.name(self.data.name, self.metric), self.data.name)).fetchone()
        owner = os.stat(folder)
        who = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []} \
            if os.geteuid() == 0 else {}
        subprocess.run([os.path.join(os.environ["BENCH_BIN"], "pg_ctl"), "-D", folder, "-w", "-s",
                        "-t", "600", "-m", "fast", "-l", os.environ["BENCH_LOG"], "restart"],
                       check=True, cwd=folder, stdin=subprocess.DEVNULL, **who)
        for name in files:
            # segments and forks, and no other file whose number begins alike
            for path in glob.glob(f"{folder}/{name}") + glob.glob(f"{folder}/{name}[._]*"):
                descriptor = os.open(path, os.O_RDONLY)
                os.fsync(descriptor)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(descriptor)

    def search_cold(self, index):
        """Times, in milliseconds, of searches in a new session after a restart, then warm."""
        queries = vector_bytes(self.data.queries(self.count))
        self.restart(index)
        some = queries[:COLD_QUERIES]
        with Client(self.server, self.data, self.metric, index.database, INDEX_SETTINGS) as c:
            first, *cold = c.search(some)[0]
            warm = c.search(some)[0]
            self.recalls[index.key] = recall(
                self.data, self.metric, self.data.truth(self.metric, self.count),
                c.found(c.search(queries)[1]))
        self.cold.append((index, first / 1e6, statistics.median(cold) / 1e6,
                          statistics.median(warm) / 1e6))

    def run(self):
        """Measure every index: cold first, then with more and more clients."""
        for index in self.indexes:
            self.server.ensure(self.data, index, self.metric, self.options.processes,
                               self.options.memory)
        for database in {i.database for i in self.indexes}:
            self.load_queries(database)
        for index in self.indexes:
            self.server.only(self.data, index.database, index.name(self.data.name, self.metric))
            self.server.say(f"{index.title}: after a restart")
            self.search_cold(index)
            with awake():
                for clients in self.options.clients:
                    self.server.say(f"{index.title}: {clients} client(s)")
                    rate, ms = self.pgbench(index, clients)
                    self.warm.append((index, clients, rate, np.percentile(ms, PERCENTILES)))


class ScaleBench:
    """
    One index beside another on tables of different sizes, at its default settings.

    rows  [(index, rows, build seconds, bytes, recall, median ms, 99 % ms)]
    """

    def __init__(self, server, options):
        self.server, self.options = server, options
        self.conditions = Conditions(server)
        self.rows = []

    def measure(self, data, index, metric):
        """Build the index anew, and search."""
        cost = self.server.build(data, index, metric, self.options.processes, self.options.memory)
        self.server.only(data, index.database, index.name(data.name, metric))
        count = min(self.options.queries, len(data.query))
        queries = vector_bytes(data.queries(count))
        with self.server.connect(index.database) as c:
            c.execute("SELECT pg_prewarm(%s)", (index.name(data.name, metric),))
        with Client(self.server, data, metric, index.database, INDEX_SETTINGS) as c, awake():
            found = c.search(queries)[1]
            spent = [t for _ in range(self.options.rounds) for t in c.search(queries)[0]]
            got = recall(data, metric, data.truth(metric, count), c.found(found))
        self.rows.append((index, data.rows, cost["seconds"], cost["bytes"], got,
                          statistics.median(spent) / 1e6, float(np.percentile(spent, 99)) / 1e6))


def write_serve(report, bench):
    """serve-SET.md and .csv."""
    name = f"serve-{report.set}"
    text = report.head("Clients", rounds=1)
    text += ("Searches of 10 rows with default settings, each client one session of pgbench with "
             f"a prepared statement, {report.options.client_seconds} s each:\n\n")
    text += table(["index", "recall@10", "clients", "searches/s"]
                  + [f"{p:g} % within, ms" for p in PERCENTILES],
                  [[i.title, f"{bench.recalls[i.key]:.3f}", str(n), f"{rate:,.0f}"]
                   + [f"{ms:.3f}" for ms in spread] for i, n, rate, spread in bench.warm])
    text += ("\nAfter a restart, table and index in no cache but that of the device; a session's "
             f"first search, the median of the next {COLD_QUERIES - 1}, and that of the same "
             "searches again:\n\n")
    text += table(["index", "first, ms", "next, ms", "warm, ms"],
                  [[i.title] + [f"{ms:.3f}" for ms in spent] for i, *spent in bench.cold])
    report.write(name + ".md", text)
    report.write_csv(name + ".csv", ("set", "metric", "index", "recall", "clients",
                                     "searches_per_s") + tuple(f"ms_{p:g}" for p in PERCENTILES),
                     [(report.data.word, report.metric, i.title, f"{bench.recalls[i.key]:.4f}", n,
                       f"{rate:.1f}") + tuple(f"{ms:.4f}" for ms in spread)
                      for i, n, rate, spread in bench.warm])


def write_scale(folder, server, options, bench):
    """scale-DIMS.md and .csv."""
    text = (f"### Scale: {options.scale_dims} dimensions\n\n"
            f"Generated rows of {options.scale_dims} dimensions, distance cosine, default "
            f"settings, recall@10 over {options.queries:,} queries, builds by {options.processes} "
            "processes. " + bench.conditions.text(f"{options.rounds} round(s)"))
    head = ["index", "rows", "build, s", "size", "recall@10", "median ms", "99 % ms",
            "ms, times those of the fewest rows"]
    lines, least = [], {}
    for index, rows, seconds, size_bytes, got, median, slow in bench.rows:
        least.setdefault(index.key, median)
        lines.append([index.title, f"{rows:,}", f"{seconds:.2f}", size(size_bytes), f"{got:.3f}",
                      f"{median:.3f}", f"{slow:.3f}", f"{median / least[index.key]:.1f}x"])
    text += table(head, lines)
    path = os.path.join(folder, f"scale-{options.scale_dims}")
    with open(path + ".md", "w", encoding="utf-8") as f:
        f.write(text)
    with open(path + ".csv", "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(("index", "rows", "build_seconds", "index_bytes", "recall", "median_ms",
                      "p99_ms"))
        out.writerows((i.title, rows, f"{s:.3f}", b, f"{r:.4f}", f"{m:.4f}", f"{p:.4f}")
                      for i, rows, s, b, r, m, p in bench.rows)
    server.say(f"wrote {path}.md")

