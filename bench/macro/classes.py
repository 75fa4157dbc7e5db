"""
Every operator class beside pgvector's HNSW: recall at default settings, and time at equal recall.

Rows are those of a data set as vector and halfvec, and their signs as bits; and texts, as BM25
weights of their words (sparsevec) and as bits of their words and pairs of words.  The queries are
the set's own, or texts that are no rows.  Searches run in PL/pgSQL in the session, and the classes'
indexes take turns in each round.
"""

import csv
import gzip
import os
import re
import statistics
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from dataset import ROOT
from filter import processor_seconds
from indexes import HNSW_EF
from report import Conditions, size, table
from server import copy_rows, read_note, write_note

K = 10
RECALL = 0.95               # of the speeds that are compared
TARGETS = (0.80, 0.84, 0.87, 0.90, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
WORD_BITS = 2048
BM25_K, BM25_B = 1.2, 0.75
OPERATORS = {"l2": "<->", "ip": "<#>", "cosine": "<=>", "l1": "<+>", "hamming": "<~>",
             "jaccard": "<%>"}
# rows, their type, and the distances of its classes
KINDS = (("vector", "vector", ("l2", "ip", "cosine", "l1")),
         ("halfvec", "halfvec", ("l2", "ip", "cosine", "l1")),
         ("signs", "bit", ("hamming", "jaccard")),
         ("words", "bit", ("hamming", "jaccard")),
         ("weights", "sparsevec", ("l2", "ip", "cosine", "l1")))
SETTING = {"vdb": "ivfkm.target_recall", "pgvector": "hnsw.ef_search"}
SWEEP = {"vdb": TARGETS, "pgvector": HNSW_EF}
NO_OTHER = {"enable_seqscan": "off", "enable_sort": "off", "plan_cache_mode": "force_generic_plan"}


@dataclass
class Point:
    """One setting of an index (None: the default), its recall, and seconds a search of each round:
    of the processor, and by the clock."""

    setting: object
    recall: float
    cpu: list = field(default_factory=list)
    wall: list = field(default_factory=list)


@dataclass
class Class:
    """An operator class of rows; points: of each database, the default one first."""

    rows: str
    type: str
    metric: str
    points: dict = field(default_factory=dict)
    bytes: dict = field(default_factory=dict)

    @property
    def key(self):
        """Its part of names of indexes and functions."""
        return f"{self.rows}_{self.metric}"

    @property
    def operator(self):
        """The operator of its distance."""
        return OPERATORS[self.metric]

    @property
    def escaped(self):
        """The operator in a statement with parameters."""
        return self.operator.replace("%", "%%")


def read_texts(path):
    """Texts of a file, one a line (gzip if its name says so), or descriptions of the sample."""
    own = os.path.join(ROOT, "bench", "data", "packages.tsv.gz")
    path = path or own
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as f:
        lines = [line.rstrip("\n") for line in f]
    return [" ".join(line.split("\t")[5:7]) for line in lines] if path == own else lines


def bm25(texts):
    """
    Return sparsevec literals of texts: the BM25 weights of words that at least two of them have
    (k = 1.2, b = 0.75; Robertson and Zaragoza 2009, equation 3.15, with log(1 + odds) as the weight
    of a word, which is positive).
    """
    counts = [Counter(words) for words in texts]
    having = Counter(w for c in counts for w in c)
    number = {w: i + 1 for i, w in enumerate(sorted(w for w, n in having.items() if n > 1))}
    weight = {w: np.log(1 + (len(texts) - having[w] + 0.5) / (having[w] + 0.5)) for w in number}
    mean = np.mean([len(words) for words in texts])
    out = []
    for words, count in zip(texts, counts):
        norm = BM25_K * (1 - BM25_B + BM25_B * len(words) / mean)
        found = sorted((number[w], weight[w] * n * (BM25_K + 1) / (n + norm))
                       for w, n in count.items() if w in number)
        out.append("{" + ",".join(f"{i}:{x:.5g}" for i, x in found) + f"}}/{len(number)}")
    return out


def word_bits(words):
    """The bit string of a text: a bit for each word and each pair of words that follow another."""
    bits = bytearray(b"0" * WORD_BITS)
    for token in words + [f"{a} {b}" for a, b in zip(words, words[1:])]:
        bits[zlib.crc32(token.encode()) % WORD_BITS] = ord("1")
    return bits.decode()


class ClassesBench:
    """The searches of all classes in both databases."""

    def __init__(self, server, data, texts, options):
        """data: the DataSet of vectors; texts: strings, the last of which are queries."""
        self.server, self.data, self.options = server, data, options
        self.count = min(options.queries, 200, len(data.query))
        tokens = [re.findall("[a-z0-9]+", t.lower()) for t in texts]
        tokens = [t for t in tokens if t]
        step = max(1, len(tokens) // (options.class_rows + self.count))
        self.tokens = tokens[::step][:options.class_rows + self.count]
        self.rows = min(options.class_rows, data.rows)
        self.kinds = [k for k in KINDS if k[0] in (options.class_kinds or {k[0]})]
        self.classes = [Class(rows, kind, m) for rows, kind, metrics in self.kinds
                        for m in metrics]
        self.fingerprint = (f"{data.fingerprint} {self.rows} {self.count} "
                            f"{zlib.crc32(repr(self.tokens).encode())}")
        self.conditions = Conditions(server)

    # ----- tables and indexes -----

    def load(self, database):
        """Make tables of rows and of queries in a database, unless they are there."""
        with self.server.connect(database) as c:
            note = read_note(c.execute(
                "SELECT obj_description(to_regclass('classes_weights'), 'pg_class')"))
            if note.get("rows") == self.fingerprint:
                return
            self.server.say(f"loading rows of all classes into {database}")
            c.execute("DROP TABLE IF EXISTS classes_main")
            dims, weights = self.data.dims, bm25(self.tokens)
            of = {"words": WORD_BITS, "weights": weights[0].rsplit("/", 1)[1]}
            for rows, kind, _ in KINDS:
                for name in (f"classes_{rows}", f"classes_{rows}_q"):
                    c.execute(f"DROP TABLE IF EXISTS {name}")
                    c.execute(f"CREATE TABLE {name} (id integer PRIMARY KEY, "
                              f"v {kind}({of.get(rows, dims)}) NOT NULL)")
            for name, count, block in (
                    ("classes_vector", self.rows, self.data.block),
                    ("classes_vector_q", self.count, lambda a, b: self.data.queries(b)[a:])):
                copy_rows(c, name, 0, count, block)
            for end in ("", "_q"):
                c.execute(f"INSERT INTO classes_halfvec{end} SELECT id, v::halfvec "
                          f"FROM classes_vector{end}")
                c.execute(f"INSERT INTO classes_signs{end} SELECT id, binary_quantize(v)::"
                          f"bit({dims}) FROM classes_vector{end}")
            for rows, values in (("weights", weights),
                                 ("words", [word_bits(t) for t in self.tokens])):
                for end, part in (("", values[:-self.count]), ("_q", values[-self.count:])):
                    self.copy(c, f"classes_{rows}{end}", part)
            for rows, _, _ in KINDS:
                c.execute(f"VACUUM (FREEZE, ANALYZE) classes_{rows}")
            c.execute("CHECKPOINT")
            write_note(c, "TABLE classes_weights", {"rows": self.fingerprint})

    @staticmethod
    def copy(c, name, values):
        """COPY literals, numbered from 0."""
        with c.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN") as copy:
            for i, value in enumerate(values):
                copy.write(f"{i}\t{value}\n")

    def build(self):
        """Build what is missing, some indexes at a time, and make the functions that search."""
        def one_of(work):
            database, one = work
            method = {"vdb": "ivfkm", "pgvector": "hnsw"}[database]
            one.bytes[database] = self.server.keep_index(
                database, f"classes_{one.rows}", f"classes_{one.key}_{method}",
                f"USING {method} (v {one.type}_{one.metric}_ops)", 1, self.options.memory)[1]
            with self.server.connect(database) as c:
                c.execute(self.function(one))

        with ThreadPoolExecutor(self.options.processes) as pool:
            list(pool.map(one_of, [(d, c) for d in self.server.plain for c in self.classes]))

    @staticmethod
    def search(one, query):
        """The statement that searches for the nearest rows of an expression."""
        return f"SELECT id FROM classes_{one.rows} ORDER BY v {one.operator} {query} LIMIT {K}"

    def function(self, one):
        """The statement that makes the function which searches for the first n queries and returns
        seconds a search by the clock."""
        kind = one.type + (" varying" if one.type == "bit" else "")
        return f"""
            CREATE OR REPLACE FUNCTION search_{one.key}(n integer) RETURNS float8
            LANGUAGE plpgsql AS $$
            DECLARE
                q {kind};
                queries {kind}[] := ARRAY(SELECT v FROM classes_{one.rows}_q WHERE id < n);
                started timestamptz := clock_timestamp();
            BEGIN
                FOREACH q IN ARRAY queries LOOP
                    PERFORM id FROM classes_{one.rows} ORDER BY v {one.operator} q LIMIT {K};
                END LOOP;
                RETURN extract(epoch FROM clock_timestamp() - started) / n;
            END $$"""

    # ----- measurements -----

    def session(self, database, setting):
        """A session with a setting, None for defaults."""
        settings = {} if setting is None else {SETTING[database]: setting}
        return self.server.connect(database, {**NO_OTHER, **settings})

    def truth(self, one):
        """Keep the distance of each query's K-th nearest row in vdb's table of truths."""
        with self.server.connect("vdb", {"enable_indexscan": "off"}) as c:
            c.execute("CREATE TABLE IF NOT EXISTS classes_truth (class text, rows text, "
                      "id integer, d float8)")
            known = c.execute("SELECT count(*) FROM classes_truth WHERE class = %s AND rows = %s",
                              (one.key, self.fingerprint)).fetchone()[0]
            if known == self.count:
                return
            # out of TOAST, which would be read anew for each query
            c.execute(f"CREATE UNLOGGED TABLE classes_main (LIKE classes_{one.rows})")
            c.execute("ALTER TABLE classes_main ALTER v SET STORAGE MAIN")
            c.execute(f"INSERT INTO classes_main SELECT * FROM classes_{one.rows}")
            c.execute("DELETE FROM classes_truth WHERE class = %s", (one.key,))
            c.execute(f"""
                INSERT INTO classes_truth
                SELECT %s, %s, q.id, (SELECT max(d) FROM (
                    SELECT t.v {one.escaped} q.v AS d FROM classes_main t
                    ORDER BY 1 LIMIT {K}) s)
                FROM classes_{one.rows}_q q""", (one.key, self.fingerprint))
            c.execute("DROP TABLE classes_main")

    def recall(self, one, database, setting):
        """The recall of a setting over all queries, by vdb's distances."""
        with self.session(database, setting) as c:
            statement = (f"SELECT q.id, ARRAY({self.search(one, 'q.v')}) "
                         f"FROM classes_{one.rows}_q q")
            plan = "\n".join(r[0] for r in c.execute("EXPLAIN (COSTS OFF) " + statement))
            if f"Index Scan using classes_{one.key}_" not in plan:
                raise RuntimeError(f"no index scan of {one.key} in {database}:\n{plan}")
            found = [(q, i) for q, ids in c.execute(statement).fetchall() for i in ids]
        if len(set(found)) != len(found):
            raise RuntimeError(f"{one.key} in {database} gave a row twice")
        with self.server.connect("vdb") as c:
            hits = c.execute(f"""
                SELECT sum(least(n, {K})) FROM (
                    SELECT count(*) n
                    FROM unnest(%s::integer[], %s::integer[]) f(query, row)
                    JOIN classes_{one.rows}_q q ON q.id = f.query
                    JOIN classes_{one.rows} t ON t.id = f.row
                    JOIN classes_truth e ON e.class = %s AND e.id = f.query
                    WHERE t.v {one.escaped} q.v <= e.d GROUP BY f.query) s""",
                             ([q for q, _ in found], [i for _, i in found], one.key)).fetchone()[0]
        return int(hits) / (K * self.count)

    def sweep(self, one, database):
        """Find the default's recall, and the settings on both sides of RECALL."""
        points = [Point(None, self.recall(one, database, None))]
        below = None
        for setting in SWEEP[database]:
            point = Point(setting, self.recall(one, database, setting))
            if point.recall >= RECALL:
                points += [below, point] if below else [point]
                break
            below = point
        else:
            points.append(below)
        one.points[database] = points
        self.server.say(f"{one.key}, {database}: default {points[0].recall:.4f}, "
                        + ", ".join(f"{p.recall:.4f} at {p.setting}" for p in points[1:]))

    def measure(self, one, database, point):
        """Time searches of one setting, after some that warm up."""
        with self.session(database, point.setting) as c:
            c.execute(f"SELECT search_{one.key}(20)")
            pid = c.info.backend_pid
            before = processor_seconds(pid)
            wall = c.execute(f"SELECT search_{one.key}({self.count})").fetchone()[0]
            c.execute("SELECT pg_sleep(0.001)")
            after = processor_seconds(pid)
        point.wall.append(wall)
        point.cpu.append(wall if before is None else (after - before) / self.count)

    def run(self):
        """Do everything; the settings of both indexes of a class take turns in each round."""
        for database in self.server.plain:
            self.load(database)
        self.build()
        for one in self.classes:
            self.truth(one)
            for database in self.server.plain:
                self.sweep(one, database)
        for i in range(self.options.rounds):
            self.server.say(f"round {i + 1} of {self.options.rounds}")
            for one in self.classes:
                most = max(len(p) for p in one.points.values())
                for j in range(most):
                    for database, points in one.points.items():
                        if j < len(points):
                            self.measure(one, database, points[j])

    # ----- results -----

    @staticmethod
    def at_recall(points, of):
        """
        Seconds a search at RECALL, between the settings on both sides of it in proportion (the
        setting itself where there is only one), and whether RECALL is reached.  of(point): its
        seconds.
        """
        if len(points) == 2:
            return of(points[1]), points[1].recall >= RECALL
        low, high = points[1:]
        part = (RECALL - low.recall) / (high.recall - low.recall)
        return of(low) + part * (of(high) - of(low)), True

    def ratios(self, one):
        """Times as fast as HNSW by minima and medians of processor time and by minima and medians
        of elapsed time, and whether HNSW reaches RECALL."""
        out, reached = [], True
        for name in ("cpu", "wall"):
            for pick in (min, statistics.median):
                (own, _), (other, reached) = (
                    self.at_recall(one.points[d], lambda p, n=name, f=pick: f(getattr(p, n)))
                    for d in ("vdb", "pgvector"))
                out.append(other / own)
        return out, reached

    def shown(self, one, database):
        """Microseconds at RECALL, by minima, and the recall where that is another."""
        seconds, reached = self.at_recall(one.points[database], lambda p: min(p.cpu))
        points = one.points[database]
        other = "" if len(points) > 2 else f" at {points[1].recall:.3f}"
        return f"{1e6 * seconds:,.0f}{other}" + ("" if reached else " (not reached)")

    def report(self, folder):
        """Write classes.md and .csv."""
        peers = "pgvector" in self.server.plain
        texts = len(self.tokens) - self.count
        kinds = {k[0] for k in self.kinds}
        signs = ", and their signs" if "signs" in kinds else ""
        of_texts = (f"{texts:,} texts as {WORD_BITS:,} bits and as BM25 weights. "
                    if kinds & {"words", "weights"} else "")
        text = (f"### Operator classes: {self.data.word}, {self.rows:,} rows\n\n"
                f"Vectors of {self.data.dims} dimensions{signs}; {of_texts}"
                f"LIMIT {K}, {self.count} "
                "queries that are no rows, indexes with default options. "
                + self.conditions.text(f"{self.options.rounds} round(s) in turns")
                + f"Microseconds of processor time a search at recall {RECALL}, least of the "
                "rounds, between settings on both sides of it in proportion. Times as fast: by "
                "minima and by medians of processor time, and by minima of elapsed time.\n\n")
        rows = []
        for one in self.classes:
            name = {"signs": f"bit({self.data.dims})", "words": f"bit({WORD_BITS})"}.get(
                one.rows, one.type)
            row = [f"{name}, {one.metric}"]
            row += [f"{one.points[d][0].recall:.3f}" for d in self.server.plain]
            row += [self.shown(one, d) for d in self.server.plain]
            if peers:
                ratio, reached = self.ratios(one)
                over = "" if reached else "over "
                row += [f"{over}{ratio[0]:.1f}", f"{over}{ratio[1]:.1f}", f"{over}{ratio[2]:.1f}",
                        f"{size(one.bytes['vdb'])}, {size(one.bytes['pgvector'])}"]
            rows.append(row)
        head = ["rows, distance"]
        if peers:
            head += ["recall by default", "HNSW's", f"us at {RECALL}", "HNSW's", "times as fast",
                     "by medians", "elapsed", "sizes"]
        else:
            head += ["recall by default", f"us at {RECALL}"]
        text += table(head, rows)
        if not peers:
            text += "\npgvector was not measured.\n"
        label = os.environ.get("BENCH_LABEL", "")
        base = os.path.join(folder, "classes" + (f"-{label}" if label else ""))
        with open(base + ".md", "w", encoding="utf-8") as f:
            f.write(text)
        with open(base + ".csv", "w", newline="", encoding="utf-8") as f:
            out = csv.writer(f, lineterminator="\n")
            out.writerow(("rows", "distance", "index", "setting", "recall", "cpu_us",
                          "cpu_us_median", "us", "us_median"))
            for one in self.classes:
                for database, points in one.points.items():
                    out.writerows((one.rows, one.metric, {"vdb": "ivfkm"}.get(database, "hnsw"),
                                   "default" if p.setting is None else p.setting,
                                   f"{p.recall:.4f}",
                                   *(f"{1e6 * f(x):.1f}" for x in (p.cpu, p.wall)
                                     for f in (min, statistics.median))) for p in points)
        self.server.say(f"wrote {base}.md")
