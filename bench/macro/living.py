"""
An index that lives: loads into empty indexes, other data, deletes, rounds of
change, outliers, and what the maintenance costs, each against a fresh index
on the same rows.

Searches ask for the nearest rows of vectors that are like the table's.  Exact
answers come from numpy.  The living and the fresh index are timed in turns;
the planner sees one of them at a time.  The worker is waited for as long as it
works, at most options.seconds; VACUUM stands for autovacuum, which is off.
"""

import csv
import os
import threading
import time

import numpy as np

from report import Conditions, number
from server import Watch, copy_rows, field_of, read_file, wal_position

QUERIES = 200
SEEN_QUERIES = 50       # of which it is told what they saw
TURNS = 5               # in which two indexes are timed
TURN_ROUNDS = 100       # rounds of change after which the distribution has turned by 1
POLL = 0.01             # seconds between two looks for workers
IDLE = 2.0              # seconds without a worker after which none is waited for
SEED = 7


class Kind:
    """A distribution of vectors: rows(n) gives the next n."""

    def __init__(self, name, dims, operator="<->", turned=False):
        self.name, self.dims, self.operator = name, dims, operator
        self.random = np.random.default_rng(SEED + (1 if turned else 0))
        self.centres = self.random.standard_normal((300, dims))
        self.axis = self.random.standard_normal(dims)
        self.turn = 0.0
        self.chosen = None      # the centres of the rows that were given last

    def rows(self, n):
        """float32 [n, dims]"""
        spread = self.random.standard_normal((n, self.dims))
        chosen = self.random.integers(len(self.centres), size=n)
        self.chosen = chosen
        centres = self.centres
        if self.turn:
            other = np.roll(centres, 1, axis=1)
            centres = np.cos(self.turn) * centres + \
                np.sin(self.turn) * other
        x = centres[chosen] + 0.5 * spread
        if self.name == "cone":
            x = x + 4.0 * self.axis
            x /= np.linalg.norm(x, axis=1, keepdims=True)
        elif self.name == "positive":
            x = np.abs(x)
        elif self.name == "offset":
            x = x + 60.0
        elif self.name == "places":
            x = np.array([[90.0, 45.0]]) * np.tanh(x)
        return x.astype(np.float32)


def nearest(rows, queries, k, operator):
    """Numbers of the k nearest rows of each query."""
    out = []
    rows = rows.astype(np.float64)
    norms = (rows ** 2).sum(axis=1)
    for q in queries.astype(np.float64):
        if operator == "<=>":
            key = -(rows @ q) / np.sqrt(norms)
        else:
            key = norms - 2.0 * (rows @ q)
        part = np.argpartition(key, min(k, len(key) - 1))[:k]
        out.append(part[np.argsort(key[part])])
    return out


class WorkerTime(Watch):
    """CPU seconds of maintenance workers while the block runs."""

    def __init__(self, postmaster):
        super().__init__()
        self.postmaster = postmaster
        self.seconds = {}

    def watch(self):
        """Poll until told to stop."""
        parent = self.postmaster
        while not self.stop.is_set():
            for pid in read_file(
                    f"/proc/{parent}/task/{parent}/children").split():
                if "vdb maintenance" in read_file(f"/proc/{pid}/cmdline"):
                    # one that has just ended has no time any more
                    self.seconds[pid] = max(self.seconds.get(pid, 0.0), cpu_seconds(pid))
            self.stop.wait(POLL)

    def total(self):
        """CPU seconds of all workers that were seen."""
        return sum(self.seconds.values())


def cpu_seconds(pid):
    """User and system time of a process."""
    fields = read_file(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if len(fields) < 13:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class LivingBench:
    """All cases; rows: one dictionary for each line of the table."""

    def __init__(self, server, options):
        self.server, self.options = server, options
        self.n = options.living_rows
        self.rows = []
        self.conditions = Conditions(server)
        self.ids = self.vectors = self.opclass = None

    # ----- the table -----

    def begin(self, kind, with_index=True):
        """An empty table, with an index."""
        self.ids = np.zeros(0, dtype=np.int64)
        self.vectors = np.zeros((0, kind.dims), dtype=np.float32)
        opclass = "vector_cosine_ops" if kind.operator == "<=>" \
            else "vector_l2_ops"
        self.opclass = opclass
        with self.server.connect("vdb") as c:
            c.execute("DROP TABLE IF EXISTS living, living_q CASCADE")
            c.execute(f"CREATE TABLE living (id integer, "
                      f"v vector({kind.dims}))")
            c.execute(f"CREATE TABLE living_q (id integer, "
                      f"v vector({kind.dims}))")
            c.execute(f"""
                CREATE OR REPLACE FUNCTION living_time() RETURNS float8
                LANGUAGE plpgsql AS $$
                DECLARE q record; t timestamptz; times float8[];
                BEGIN
                    FOR q IN SELECT v FROM living_q LOOP
                        t := clock_timestamp();
                        PERFORM id FROM living
                            ORDER BY v {kind.operator} q.v LIMIT 10;
                        times := times || extract(epoch FROM
                            clock_timestamp() - t)::float8 * 1000;
                    END LOOP;
                    RETURN percentile_cont(0.5) WITHIN GROUP (ORDER BY x)
                        FROM unnest(times) x;
                END $$""")
            c.execute(f"""
                CREATE OR REPLACE FUNCTION living_seen(OUT lists numeric, OUT rows numeric,
                    OUT looked_at numeric) LANGUAGE plpgsql AS $$
                DECLARE q record; s record;
                BEGIN
                    lists := 0; rows := 0; looked_at := 0;
                    FOR q IN SELECT v FROM living_q LIMIT {SEEN_QUERIES} LOOP
                        PERFORM id FROM living ORDER BY v {kind.operator} q.v LIMIT 10;
                        SELECT * INTO s FROM ivfkm_last_scan();
                        lists := lists + s.lists / {SEEN_QUERIES}.0;
                        rows := rows + s.rows / {SEEN_QUERIES}.0;
                        looked_at := looked_at + s.reranked / {SEEN_QUERIES}.0;
                    END LOOP;
                END $$""")
            if with_index:
                self.create_index(c)

    def create_index(self, c, name="living_i"):
        """An index of the table."""
        c.execute(f"CREATE INDEX {name} ON living "
                  f"USING ivfkm (v {self.opclass})")

    def copy(self, x, chunk=None):
        """COPY further rows."""
        first = len(self.vectors) and int(self.ids.max()) + 1
        chunk = chunk or len(x)
        for i in range(0, len(x), chunk):
            part = x[i:i + chunk]
            with self.server.connect("vdb") as c:
                copy_rows(c, "living", first + i, len(part),
                          lambda a, b, p=part, f=first + i: p[a - f:b - f])
        self.ids = np.concatenate(
            [self.ids, np.arange(first, first + len(x))])
        self.vectors = np.concatenate([self.vectors, x])

    def delete(self, which, vacuum=True):
        """Delete rows by a mask, and VACUUM unless somebody else does."""
        with self.server.connect("vdb") as c:
            c.execute("DELETE FROM living WHERE id = ANY(%s)",
                      ([int(i) for i in self.ids[which]],))
            if vacuum:
                c.execute("VACUUM (INDEX_CLEANUP ON) living")
        self.ids, self.vectors = self.ids[~which], self.vectors[~which]

    def settle(self):
        """Wait until no worker works any more; milliseconds until the last one was seen."""
        started = last = now = time.monotonic()
        with self.server.connect("vdb") as c:
            while now - last < IDLE and now - started < self.options.seconds * 3:
                busy = c.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE "
                    "backend_type = 'vdb maintenance'").fetchone()[0]
                now = time.monotonic()
                if busy:
                    last = now
                time.sleep(POLL)
        return 1000 * (last - started)

    # ----- measuring -----

    def load_queries(self, queries):
        """The vectors that searches ask for."""
        with self.server.connect("vdb") as c:
            c.execute("TRUNCATE living_q")
            copy_rows(c, "living_q", 0, len(queries),
                      lambda a, b: queries[a:b])
            c.execute("ANALYZE living")

    def recall(self, queries, operator, ks):
        """Recall at each k by the index that the planner sees."""
        recalls = []
        with self.server.connect("vdb", {"enable_seqscan": "off"}) as c:
            for k in ks:
                k = min(k, len(self.ids))
                truth = nearest(self.vectors, queries, k, operator)
                c.execute(
                    "CREATE TEMP TABLE got AS SELECT q.id AS q, r.id AS r "
                    "FROM living_q q, LATERAL (SELECT id FROM living "
                    f"ORDER BY v {operator} q.v LIMIT {k}) r")
                got = np.array(c.execute("SELECT q, r FROM got").fetchall())
                c.execute("DROP TABLE got")
                hits = sum(len(np.intersect1d(
                    got[got[:, 0] == i, 1], self.ids[t]))
                    for i, t in enumerate(truth))
                recalls.append(hits / (k * len(queries)))
        return recalls

    def time(self):
        """Median milliseconds of a search for 10 rows."""
        with self.server.connect("vdb", {"enable_seqscan": "off"}) as c:
            c.execute("SELECT living_time()")
            return c.execute("SELECT living_time()").fetchone()[0]

    def seen(self):
        """What searches for 10 rows see on average, in words."""
        with self.server.connect("vdb", {"enable_seqscan": "off"}) as c:
            return "{:.0f} lists, {:.0f} rows, {:.0f} looked at".format(
                *c.execute("SELECT * FROM living_seen()").fetchone())

    def search(self, queries, operator, ks=(10,)):
        """(recall at each k, milliseconds of a search, least of some)"""
        self.load_queries(queries)
        recalls = self.recall(queries, operator, ks)
        return recalls, min(self.time() for _ in range(TURNS))

    def size(self, index="living_i"):
        """Bytes of an index."""
        with self.server.connect("vdb") as c:
            return c.execute("SELECT pg_relation_size(%s::regclass)",
                             (index,)).fetchone()[0]

    def show(self, index):
        """Let the planner see one of both indexes."""
        with self.server.connect("vdb") as c:
            c.execute("UPDATE pg_index SET indisvalid = "
                      "(indexrelid = %s::regclass) WHERE indexrelid IN "
                      "('living_i'::regclass, 'living_fresh'::regclass)",
                      (index,))

    def compare(self, case, how, queries, operator, ks=(10,), note="",
                maintain=False):
        """
        Measure the index as it is, and a fresh one: lines.  maintain: and
        once more after ivfkm_maintain().
        """
        with self.server.connect("vdb") as c:
            self.create_index(c, "living_fresh")
        self.load_queries(queries)
        times = {"living_i": [], "living_fresh": []}
        recalls, seen = {}, []
        for index in times:
            self.show(index)
            recalls[index] = self.recall(queries, operator, ks)
            seen.append(self.seen())
        note = f"{note}; " * bool(note) + f"sees {seen[0]}, fresh {seen[1]}"
        for _ in range(TURNS):
            for index, values in times.items():
                self.show(index)
                values.append(self.time())
        size = self.size() / self.size("living_fresh")
        self.show("living_i")
        with self.server.connect("vdb") as c:
            c.execute("DROP INDEX living_fresh")
        for i, k in enumerate(ks):
            self.line(case, how, k, recall=recalls["living_i"][i],
                      fresh_recall=recalls["living_fresh"][i],
                      ms=min(times["living_i"]),
                      fresh_ms=min(times["living_fresh"]), size=size,
                      note=note)
        if maintain:
            with self.server.connect("vdb") as c:
                c.execute("SELECT ivfkm_maintain('living_i')")
            self.settle()
            self.compare(case, "ivfkm_maintain()", queries, operator, ks)

    def line(self, case, how, k="", **values):
        """Add a line to the table."""
        row = {"case": case, "how": how, "rows": len(self.ids), "k": k,
               **values}
        self.rows.append(row)
        self.server.say(" ".join(
            f"{n}={v:.3f}" if isinstance(v, float) else f"{n}={v}"
            for n, v in row.items() if v != ""))

    # ----- cases -----

    def loads(self):
        """An index made on an empty table, then rows."""
        for name, dims, operator in (("clusters", 96, "<->"),
                                     ("cone", 96, "<=>"),
                                     ("positive", 96, "<->"),
                                     ("offset", 96, "<->"),
                                     ("places", 2, "<->")):
            kind = Kind(name, dims, operator)
            self.begin(kind)
            self.copy(kind.rows(self.n), chunk=2000)
            queries = kind.rows(QUERIES)
            waited = self.settle()
            self.compare(f"empty, then {name}", "COPY, worker alone",
                         queries, operator, note=f"worker {number(waited)} ms",
                         maintain=True)

    def other_data(self):
        """Rows of one kind, then more (by default six times) of another."""
        for title, turned, offset in (("mean shifted", False, 3.0),
                                      ("other places", True, 0.0)):
            kind = Kind("clusters", 96)
            other = Kind("clusters", 96, turned=turned)
            self.begin(kind, with_index=False)
            self.copy(kind.rows(self.options.living_before or self.n // 6))
            with self.server.connect("vdb") as c:
                self.create_index(c)
            self.copy(other.rows(self.n) + np.float32(offset), chunk=2000)
            waited = self.settle()
            asked = {"new": other.rows(QUERIES) + np.float32(offset),
                     "old": kind.rows(QUERIES)}
            for how in ("COPY, worker alone", "ivfkm_maintain()"):
                if "maintain" in how:
                    with self.server.connect("vdb") as c:
                        c.execute("SELECT ivfkm_maintain('living_i')")
                    waited = self.settle()
                for age, queries in asked.items():
                    self.compare(f"{title}: {age} rows", how, queries, "<->",
                                 note=f"worker {number(waited)} ms")

    def deletes(self):
        """Rows deleted in four ways."""
        for title in ("90 % at random", "98 % at random",
                      "the nearest half", "a tenth of the clusters"):
            kind = Kind("clusters", 96)
            self.begin(kind, with_index=False)
            x = kind.rows(self.n)
            self.copy(x)
            with self.server.connect("vdb") as c:
                self.create_index(c)
            random = np.random.default_rng(SEED)
            if "random" in title:
                which = random.random(len(x)) < float(title[:2]) / 100
            elif "half" in title:
                distance = ((x - kind.centres[0]) ** 2).sum(axis=1)
                which = distance < np.median(distance)
            else:
                near = np.concatenate([
                    ((x - c) ** 2).sum(axis=1)[:, None]
                    for c in kind.centres[:30]], axis=1).min(axis=1)
                which = near < np.quantile(near, 0.1)
            self.delete(which)
            self.settle()
            self.compare(f"deleted: {title}", "VACUUM, worker alone",
                         kind.rows(QUERIES), "<->", ks=(10, 50, 200))
            self.copy(x[which], chunk=2000)
            self.settle()
            self.compare(f"{title}, refilled", "COPY, worker alone",
                         kind.rows(QUERIES), "<->", ks=(10, 50, 200))

    def replaced(self):
        """A tenth of the clusters deleted, and as many rows of others inserted."""
        for name, dims, operator in (("clusters", 96, "<->"),
                                     ("cone", 96, "<=>"),
                                     ("clusters", 16, "<->"),
                                     ("places", 2, "<->")):
            kind = Kind(name, dims, operator)
            other = Kind(name, dims, operator, turned=True)
            other.axis = kind.axis
            other.centres = other.centres[:30]
            self.begin(kind, with_index=False)
            x = kind.rows(self.n)
            self.copy(x)
            with self.server.connect("vdb") as c:
                self.create_index(c)
            which = kind.chosen < 30
            self.delete(which)
            self.settle()
            self.copy(other.rows(int(which.sum())), chunk=2000)
            waited = self.settle()
            case = f"a tenth of {name} replaced, {dims} dimensions"
            self.compare(f"{case}: new rows", "worker alone",
                         other.rows(QUERIES), operator,
                         note=f"worker {number(waited)} ms")
            kind.centres = kind.centres[30:]
            self.compare(f"{case}: old rows", "worker alone",
                         kind.rows(QUERIES), operator, maintain=True)

    def updates(self):
        """Another column of each row updated, by tenths, ten times over."""
        kind = Kind("clusters", 96)
        self.begin(kind, with_index=False)
        self.copy(kind.rows(self.n))
        with self.server.connect("vdb") as c:
            # with another index on it, each update writes to this one, too
            c.execute("ALTER TABLE living ADD other integer")
            c.execute("CREATE INDEX living_other ON living (other)")
            self.create_index(c)
            pid = field_of(f"/proc/{c.info.backend_pid}/status", "PPid:")
            with WorkerTime(pid) as worker:
                start = cpu_seconds(c.info.backend_pid)
                for step in range(100):
                    c.execute(f"UPDATE living SET other = {step} WHERE id % 10 = {step % 10}")
                    c.execute("VACUUM (INDEX_CLEANUP ON) living")
                cpu = cpu_seconds(c.info.backend_pid) - start
                self.settle()
        self.compare("another column of all rows updated 10 times", "VACUUM, worker alone",
                     kind.rows(QUERIES), "<->", ks=(10, 100),
                     note=f"CPU of the client's backend {cpu:.1f} s, of workers "
                     f"{worker.total():.1f} s")

    def rounds(self):
        """
        1 % deleted and 1 % inserted, of a slowly turning kind.  With
        BENCH_AUTOVACUUM nobody but autovacuum removes the dead rows.
        """
        kind = Kind("clusters", 96)
        with self.server.connect("vdb") as c:
            by_itself = c.execute("SHOW autovacuum").fetchone()[0] == "on"
        self.begin(kind, with_index=False)
        self.copy(kind.rows(self.n))
        with self.server.connect("vdb") as c:
            self.create_index(c)
        first_size = self.size()
        random = np.random.default_rng(SEED)
        recalls, times, sizes = [], [], []
        for done in range(self.options.living_rounds):
            kind.turn = (done + 1) / TURN_ROUNDS
            which = np.zeros(len(self.ids), dtype=bool)
            which[random.choice(len(which), len(which) // 100,
                                replace=False)] = True
            self.copy(kind.rows(int(which.sum())))
            self.delete(np.concatenate(
                [which, np.zeros(int(which.sum()), dtype=bool)]),
                vacuum=not by_itself)
            if (done + 1) % 10 == 0 or done + 1 == self.options.living_rounds:
                self.settle()
                recall, ms = self.search(kind.rows(QUERIES), "<->")
                recalls.append(recall[0])
                times.append(ms)
                sizes.append(self.size() / first_size)
                self.server.say(f"round {done + 1}: recall {recall[0]:.3f}, {ms:.3f} ms, sees "
                                f"{self.seen()}, size {sizes[-1]:.2f}")
        self.compare(f"{self.options.living_rounds} rounds of 1 %",
                     f"{'autovacuum' if by_itself else 'VACUUM each round'}, "
                     "worker alone", kind.rows(QUERIES),
                     "<->", note=f"recall {min(recalls):.3f} to "
                     f"{max(recalls):.3f}, {number(min(times))} to "
                     f"{number(max(times))} ms, size at most {max(sizes):.2f}")

    def outliers(self):
        """10 rows that are very long."""
        for factor in (1e6, 1e9, 1e12, 1e30):
            for late in (False, True):
                kind = Kind("clusters", 96)
                x = kind.rows(self.n // 3)
                long = kind.rows(10) * np.float32(factor)
                self.begin(kind, with_index=False)
                self.copy(x)
                if not late:
                    self.copy(long)
                with self.server.connect("vdb") as c:
                    self.create_index(c)
                if late:
                    self.copy(long)
                queries = kind.rows(QUERIES)
                with_them, ms = self.search(queries, "<->")
                self.delete(np.abs(self.vectors).max(axis=1) > 1e3)
                with self.server.connect("vdb") as c:
                    c.execute("REINDEX INDEX living_i")
                without, fresh_ms = self.search(queries, "<->")
                self.line(f"10 rows x {factor:.0e}",
                          "inserted later" if late else "at the build", 10,
                          recall=with_them[0], fresh_recall=without[0],
                          ms=ms, fresh_ms=fresh_ms, size="", note="")

    def costs(self):
        """Single INSERTs from 4 clients, with maintenance and without."""
        n = self.options.living_inserts
        for maintenance in ("off", "on"):
            kind = Kind("clusters", 128)
            self.begin(kind, with_index=False)
            self.copy(kind.rows(n // 6))
            with self.server.connect("vdb") as c:
                self.create_index(c)
                c.execute("ALTER INDEX living_i SET (maintenance = "
                          f"{maintenance})")
                pid = field_of(f"/proc/{c.info.backend_pid}/status", "PPid:")
                before = wal_position(c)
            x = kind.rows(n)
            lines = ["[" + ",".join(f"{v:.5g}" for v in row) + "]"
                     for row in x]
            times, cpu = [], []

            def client(first):
                with self.server.connect("vdb") as c:
                    start = cpu_seconds(c.info.backend_pid)
                    for i in range(first, len(lines), 4):
                        t = time.monotonic()
                        c.execute("INSERT INTO living VALUES (%s, %s)",
                                  (1000000 + i, lines[i]), prepare=True)
                        times.append(time.monotonic() - t)
                    cpu.append(cpu_seconds(c.info.backend_pid) - start)

            with WorkerTime(pid) as worker:
                started = time.monotonic()
                threads = [threading.Thread(target=client, args=(i,))
                           for i in range(4)]
                for t in threads:
                    t.start()
                for t in threads:
                    t.join()
                seconds = time.monotonic() - started
                self.settle()
            with self.server.connect("vdb") as c:
                wal = wal_position(c) - before
            self.ids = np.arange(n // 6 + n)
            self.line("single INSERTs, 4 clients",
                      f"maintenance {maintenance}", "", recall="",
                      fresh_recall="", ms="", fresh_ms="", size="",
                      note=f"{len(times) / seconds:.0f} rows/s, p99 "
                      f"{np.quantile(times, 0.99) * 1000:.1f} ms, max "
                      f"{max(times) * 1000:.0f} ms, WAL "
                      f"{wal / len(times):.0f} bytes a row, CPU of clients' "
                      f"backends {sum(cpu):.1f} s, of workers "
                      f"{worker.total():.1f} s")

    def run(self):
        """All cases, or those that were asked for."""
        cases = {"loads": self.loads, "other": self.other_data,
                 "deletes": self.deletes, "replaced": self.replaced,
                 "updates": self.updates, "rounds": self.rounds,
                 "outliers": self.outliers, "costs": self.costs}
        for name in self.options.living_cases or cases:
            cases[name]()

    def report(self, folder):
        """Write living.csv and living.md."""
        names = ["case", "how", "rows", "k", "recall", "fresh_recall", "ms",
                 "fresh_ms", "size", "note"]
        with open(f"{folder}/living.csv", "w", newline="",
                  encoding="utf-8") as f:
            out = csv.DictWriter(f, names)
            out.writeheader()
            for row in self.rows:
                out.writerow({n: f"{v:.4g}" if isinstance(v, float) else v
                              for n, v in row.items()})
        titles = ["case", "how", "rows", "k", "recall", "fresh", "ms",
                  "fresh", "size to fresh", "note"]
        lines = ["### Living indexes", "",
                 f"{self.n:,} rows unless said, LIMIT 10 unless said, "
                 f"{QUERIES} queries that are no rows. " + self.conditions.text(
                     f"milliseconds are the least of {TURNS} medians, the living index and a "
                     "fresh one in turns").rstrip("\n"), "",
                 "| " + " | ".join(titles) + " |", "|---" * len(titles) + "|"]
        for row in self.rows:
            cells = []
            for name in names:
                v = row[name]
                if not isinstance(v, float):
                    cells.append(str(v))
                elif name in ("ms", "fresh_ms"):
                    cells.append(number(v))
                else:
                    cells.append(f"{v:.{3 if 'recall' in name else 2}f}")
            lines.append("| " + " | ".join(cells) + " |")
        with open(f"{folder}/living.md", "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")
