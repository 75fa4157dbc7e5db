"""
MaxSim: searches of arrays of vectors, as late-interaction models need them, beside VectorChord's.

Rows are made up: a text of a topic has 8 to 32 words, half of them of the topic; a word's vector
is turned by its text and by noise.  A query has QUERY_VECTORS such words of one topic.  The
distance of a row is the sum, over the query's vectors, of the least negative inner product with a
vector of the row, which is what `@#` of both extensions computes.
"""

import csv
import hashlib
import math
import os
import statistics
import struct
import time
from dataclasses import dataclass, field

import numpy as np

from dataset import normalised
from indexes import VCHORD_LIST_ROWS, describe, vchordrq_options
from report import Conditions, number, size, table, times
from search import INDEX_SETTINGS, found_ids
from server import read_note, vector_bytes, write_note

K = 10
DIMS = 128
TOPICS, WORDS = 400, 40
LEAST_VECTORS, MOST_VECTORS, QUERY_VECTORS = 8, 32, 32
OF_TOPIC = 0.5          # share of a text's words that are of its topic
CONTEXT, NOISE = 0.5, 0.5
LEAST = (0.90, 0.95, 0.99)
EXACT_QUERIES = 5
HOPELESS = 2.0          # seconds a search above which no more of a sweep is tried


@dataclass
class Point:
    """One way to search with certain settings; ms is processor time, a value for each round."""

    title: str
    settings: dict
    recall: float
    ms: list = field(default_factory=list)
    wall: list = field(default_factory=list)


class Texts:
    """Generator of texts; the same numbers give the same texts."""

    def __init__(self):
        rng = np.random.default_rng([DIMS, TOPICS])
        topics = normalised(rng.standard_normal((TOPICS, DIMS), dtype=np.float32))
        words = rng.standard_normal((TOPICS, WORDS, DIMS), dtype=np.float32) / math.sqrt(DIMS)
        self.words = normalised((topics[:, None] + words).reshape(-1, DIMS))

    def make(self, kind, count, least, most):
        """
        Return the number of vectors of each of count texts, and their vectors, one text after the
        other: float32 [sum, DIMS] of length 1.
        """
        rng = np.random.default_rng([kind, count])
        sizes = rng.integers(least, most + 1, count)
        text = np.repeat(np.arange(count), sizes)
        topic = rng.integers(0, TOPICS, count)[text]
        stray = rng.random(len(text)) >= OF_TOPIC
        topic[stray] = rng.integers(0, TOPICS, int(stray.sum()))
        word = topic * WORDS + rng.integers(0, WORDS, len(text))
        context = rng.standard_normal((count, DIMS), dtype=np.float32) * CONTEXT / math.sqrt(DIMS)
        noise = rng.standard_normal((len(text), DIMS), dtype=np.float32) * NOISE / math.sqrt(DIMS)
        return sizes, normalised(self.words[word] + context[text] + noise)


def array_bytes(vectors, oid):
    """The binary form of an array of vectors; oid: that of the type vector."""
    head = struct.pack(">iiIii", 1, 0, oid, len(vectors), 1)
    return head + b"".join(struct.pack(">i", len(v)) + v for v in vector_bytes(vectors))


class MaxsimBench:
    """MaxSim searches of both extensions on the same rows."""

    def __init__(self, server, options):
        self.server, self.options = server, options
        self.rows = options.maxsim_rows
        self.name = f"maxsim_{self.rows}"
        self.count = min(options.queries, 100)
        self.databases = [d for d in ("vdb", "vectorchord") if d in server.databases]
        self.points, self.builds, self.exact = [], [], []
        self.conditions = Conditions(server)
        texts = Texts()
        self.sizes, self.vectors = texts.make(1, self.rows, LEAST_VECTORS, MOST_VECTORS)
        self.queries = texts.make(2, self.count, QUERY_VECTORS, QUERY_VECTORS)[1].reshape(
            self.count, QUERY_VECTORS, DIMS)
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]])
        self.fingerprint = hashlib.sha256(self.vectors.tobytes()).hexdigest()[:16]
        # float32 [queries, rows], the distance of every row
        self.distance = np.stack([
            -np.maximum.reduceat(q @ self.vectors.T, self.starts, axis=1).sum(0)
            for q in self.queries])

    # ----- tables and indexes -----

    def load(self, database):
        """Make the table in a database, unless it is there."""
        with self.server.connect(database) as c:
            note = read_note(c.execute(
                "SELECT obj_description(to_regclass(%s), 'pg_class')", (self.name,)))
            if note.get("rows") == self.fingerprint:
                return
            self.server.say(f"loading {self.name} into {database}")
            oid = c.execute("SELECT 'vector'::regtype::oid::int").fetchone()[0]
            c.execute(f"DROP TABLE IF EXISTS {self.name}")
            c.execute(f"CREATE TABLE {self.name} (id integer NOT NULL, "
                      f"v vector({DIMS})[] NOT NULL)")
            with c.cursor() as cursor, cursor.copy(
                    f"COPY {self.name} FROM STDIN (FORMAT binary)") as copy:
                copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
                for i, (start, n) in enumerate(zip(self.starts, self.sizes)):
                    value = array_bytes(self.vectors[start:start + n], oid)
                    copy.write(struct.pack(">hiii", 2, 4, i, len(value)) + value)
                copy.write(b"\xff\xff")
            c.execute(f"VACUUM (FREEZE, ANALYZE) {self.name}")
            c.execute("CHECKPOINT")
            write_note(c, f"TABLE {self.name}", {"rows": self.fingerprint})

    def build(self, database, key, definition):
        """Build an index, unless the same code built it, and keep what it cost."""
        name = f"{self.name}_{key}"
        seconds, bytes_used = self.server.keep_index(
            database, self.name, name, definition, self.options.processes, self.options.memory)
        with self.server.connect(database) as c:
            c.execute("SELECT pg_prewarm(%s)", (name,))
        self.builds.append((key, seconds, bytes_used))

    def ways(self):
        """Every way: title, database, settings to try in the order of rising recall."""
        yield ("ivfkm", "vdb", [[{"ivfkm.target_recall": r} for r in (0.8, 0.9, 0.95)]
                                + [{}] + [{"ivfkm.target_recall": r} for r in (0.99, 0.995)]])
        lists = max(1, len(self.vectors) // VCHORD_LIST_ROWS)
        probes = [p for p in (8, 16, 32, 64) if p < lists]
        # maxsim_threshold 0 takes vectors that were not found for infinitely near unless some are
        # refined; else it is the number of vectors whose lists tell how far the others are
        yield (f"vchordrq, {lists} lists", "vectorchord", [
            [{"vchordrq.probes": p, "vchordrq.maxsim_refine": r,
              "vchordrq.maxsim_threshold": t and p * VCHORD_LIST_ROWS} for p in probes]
            for r, t in ((64, 0), (64, 1), (0, 1), (256, 0))])

    # ----- measurements -----

    def recall(self, results):
        """Share of the K nearest rows of each query that its result has, by distance."""
        hits = 0
        for distance, result in zip(self.distance, results):
            limit = np.partition(distance, K - 1)[K - 1]
            found = np.unique(found_ids(result))
            hits += min(K, int((distance[found] <= limit + 1e-4).sum()))
        return hits / (K * len(results))

    def session(self, database, settings):
        """A session with the prepared search, and the queries as its arguments."""
        c = self.server.connect(database, {**settings, "plan_cache_mode": "force_generic_plan"})
        c.pgconn.prepare(b"search", f"SELECT id FROM {self.name} ORDER BY v @# $1 LIMIT {K}"
                         .encode())
        oid = c.execute("SELECT 'vector'::regtype::oid::int").fetchone()[0]
        return c, [[array_bytes(q, oid)] for q in self.queries]

    def sweep(self, title, database, settings):
        """Find the recall of settings, in their order; a sweep ends where it does not rise any
        more, or is hopelessly slow."""
        flat, last = 0, -1.0
        for one in settings:
            c, queries = self.session(database, {**INDEX_SETTINGS, **one})
            with c:
                text = ",".join(f'"{q.tolist()}"' for q in self.queries[0])
                plan = "\n".join(r[0] for r in c.execute(
                    f"EXPLAIN (COSTS OFF) EXECUTE search('{{{text}}}')"))
                if "Index Scan" not in plan:
                    raise RuntimeError(f"no index scan of {title}:\n{plan}")
                timed(c, queries[:2])
                ms, _, results = timed(c, queries)
            point = Point(title, one, self.recall(results))
            self.points.append((database, point))
            self.server.say(f"{title}, {describe(one)}: recall {point.recall:.4f}, {ms:.1f} ms")
            flat = flat + 1 if point.recall <= last else 0
            last = point.recall
            if ms > HOPELESS * 1e3 or flat == 2:
                break

    def run(self):
        """Do everything; settings take turns in each round."""
        ops = "v vector_maxsim_ops"
        for database in self.databases:
            self.load(database)
        self.build("vdb", "ivfkm", f"USING ivfkm ({ops})")
        if "vectorchord" in self.databases:
            lists = max(1, len(self.vectors) // VCHORD_LIST_ROWS)
            self.build("vectorchord", "vchordrq", f"USING vchordrq ({ops}) WITH "
                       f"({vchordrq_options(lists, 'ip', False)})")
        for title, database, sweeps in self.ways():
            if database in self.databases:
                for settings in sweeps:
                    self.sweep(title, database, settings)
        for i in range(self.options.rounds):
            self.server.say(f"round {i + 1} of {self.options.rounds}")
            for database, point in self.points:
                if point.recall >= LEAST[0] - 0.1:
                    c, queries = self.session(database, {**INDEX_SETTINGS, **point.settings})
                    with c:
                        timed(c, queries[:3])
                        ms, wall, _ = timed(c, queries)
                    point.ms.append(ms)
                    point.wall.append(wall)
        for database in self.databases:
            c, queries = self.session(database, {"enable_indexscan": "off"})
            with c:
                timed(c, queries[:1])
                ms, _, results = timed(c, queries[:EXACT_QUERIES])
            self.exact.append((database, ms, self.recall(results)))

    # ----- results -----

    def best(self, title, least):
        """The point of a way with a recall that takes the least processor time, or None."""
        points = [p for _, p in self.points if p.title == title and p.recall >= least and p.ms]
        return min(points, key=lambda p: min(p.ms), default=None)

    def report(self, folder):
        """Write maxsim.md and .csv."""
        text = (f"### MaxSim\n\n{self.rows:,} made-up rows of {LEAST_VECTORS} to {MOST_VECTORS} "
                f"unit vectors of {DIMS} dimensions, {len(self.vectors):,} vectors, "
                f"{QUERY_VECTORS} vectors to a query, LIMIT {K}, {self.count} queries. "
                + self.conditions.text(f"{self.options.rounds} round(s)")
                + "Milliseconds of the backend's processor time a search, least of the "
                "rounds, at the settings that take the least:\n\n")
        titles = list(dict.fromkeys(p.title for _, p in self.points))
        rows = []
        for title in titles:
            found = [self.best(title, least) for least in LEAST]
            rows.append([title] + [f"{number(min(p.ms))} at {p.recall:.3f} "
                                   f"({describe(p.settings)})" if p else "not reached"
                                   for p in found])
        text += table(["index"] + [f"at recall >= {t:.2f}" for t in LEAST], rows)
        if len(titles) > 1:
            ratio = []
            for least in LEAST:
                ours, theirs = (self.best(t, least) for t in titles[:2])
                ratio.append(times(min(theirs.ms) / min(ours.ms)) if ours and theirs else "")
            text += f"\nivfkm is {', '.join(r or '(not reached)' for r in ratio)} as fast.\n"
        else:
            text += "\nVectorChord was not measured.\n"
        text += "\n" + table(["index", "seconds to build", "size"], [
            [key, f"{seconds:.1f}", size(n)] for key, seconds, n in self.builds])
        text += "\nWithout an index: " + ", ".join(
            f"{database} {number(ms)} ms at {recall:.3f}"
            for database, ms, recall in self.exact) + ".\n\n<!-- details -->\n\n"
        text += table(["index", "setting", "recall@10", "processor ms", "of all rounds",
                       "median ms by the clock"], [
            [p.title, describe(p.settings), f"{p.recall:.4f}", number(min(p.ms)),
             f"{number(min(p.ms))}-{number(max(p.ms))}", number(statistics.median(p.wall))]
            for _, p in self.points if p.ms])
        with open(os.path.join(folder, "maxsim.md"), "w", encoding="utf-8") as f:
            f.write(text)
        with open(os.path.join(folder, "maxsim.csv"), "w", newline="", encoding="utf-8") as f:
            out = csv.writer(f, lineterminator="\n")
            out.writerow(("index", "setting", "recall", "cpu_ms", "cpu_ms_median", "ms"))
            out.writerows((p.title, describe(p.settings), f"{p.recall:.4f}", f"{min(p.ms):.3f}",
                           f"{statistics.median(p.ms):.3f}", f"{statistics.median(p.wall):.3f}")
                          for _, p in self.points if p.ms)
        self.server.say(f"wrote {folder}/maxsim.md")


def timed(connection, arguments):
    """
    Run the prepared search with each of the arguments; mean milliseconds of processor time (of
    the round trip where the system does not tell), of the round trip, and the results.
    """
    from filter import timed as timed_seconds

    started = time.perf_counter()
    seconds, results = timed_seconds(connection, arguments)
    wall = (time.perf_counter() - started) / len(arguments)
    return seconds * 1e3, wall * 1e3, results
