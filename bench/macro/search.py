"""
Searches per second against recall, for every index and its settings.

One client sends a prepared statement, vectors in binary, and waits for each
answer; the time of a search is that of the round trip.  Recall is counted by
distance: a row that is no farther than the exact k-th neighbour is a hit.
Indexes of libraries in this process take turns with those of the server.
"""

import contextlib
import math
import multiprocessing
import os
import random
import statistics
import time
from dataclasses import dataclass, field

import numpy as np

import libraries
from indexes import OPERATOR, describe
from server import vector_bytes

K = 10
WARM_UP = 50            # searches before each measurement of a session
ENOUGH = 0.999          # a sweep ends at this recall
LEAST_EPSILON = 0.90    # with another epsilon, probes below it are left out
LEAST = 0.80            # settings below this recall are not timed
EXACT_QUERIES = 20
CLIENT_SECONDS = 3.0

# With its index the table must not be read, and without it must be.
INDEX_SETTINGS = {"enable_seqscan": "off", "plan_cache_mode":
                  "force_generic_plan"}
EXACT_SETTINGS = {"enable_indexscan": "off", "plan_cache_mode":
                  "force_generic_plan"}


@dataclass
class Point:
    """
    One index with certain settings: recall, then a rate, latencies and
    processor time for each round.
    """

    index: object
    settings: dict
    recall: float
    rates: list = field(default_factory=list)
    median_ms: list = field(default_factory=list)
    p99_ms: list = field(default_factory=list)
    cpu_ms: list = field(default_factory=list)

    @property
    def rate(self):
        """Searches per second, median of the rounds."""
        return statistics.median(self.rates) if self.rates else math.nan

    @property
    def cpu(self):
        """Milliseconds of the backend's processor time a search, least of
        the rounds; nan if there is no backend."""
        return min(self.cpu_ms, default=math.nan)


def spin():
    """Body of a process that keeps a CPU busy and gives way to any other."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    while True:
        pass


@contextlib.contextmanager
def awake():
    """
    Keep the CPUs from going to sleep.  With one client and its server taking
    turns, each is woken for every search; on a virtual machine that took
    longer than the answer to SELECT 1.
    """
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=spin, daemon=True)
                 for _ in range(os.cpu_count())]
    for p in processes:
        p.start()
    try:
        yield
    finally:
        for p in processes:
            p.terminate()
            p.join()


class Client:
    """A session that searches the table of a data set."""

    def __init__(self, server, data, metric, database, settings):
        self.connection = server.connect(database, settings)
        self.used = {}
        self.link = self.connection.pgconn
        statement = (f"SELECT id FROM {data.name} "
                     f"ORDER BY v {OPERATOR[metric]} $1 LIMIT {K}")
        self.link.prepare(b"search", statement.encode())

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.connection.close()

    def use(self, settings):
        """Change to other settings of the index."""
        for name in self.used.keys() - settings.keys():
            self.connection.execute(f"RESET {name}")
        for name, value in settings.items():
            self.connection.execute("SELECT set_config(%s, %s, false)",
                                    (name, str(value)))
        self.used = dict(settings)

    def plan(self, query):
        """Text of the plan of a search for a vector in binary form."""
        x = np.frombuffer(query, ">f4", offset=4)
        text = "[" + ",".join(map(repr, x.tolist())) + "]"
        rows = self.connection.execute(
            f"EXPLAIN (COSTS OFF) EXECUTE search('{text}')").fetchall()
        return "\n".join(r[0] for r in rows)

    def search(self, queries, seconds=math.inf):
        """
        Search for vectors in binary form, for no longer than seconds; return
        the times in nanoseconds and the results.
        """
        run, clock = self.link.exec_prepared, time.perf_counter_ns
        times, results = [], []
        end = clock() + seconds * 1e9
        for query in queries:
            before = clock()
            result = run(b"search", [query], [1], 1)
            after = clock()
            times.append(after - before)
            results.append(result)
            if after > end:
                break
        for result in results:
            if result.status != 2:
                raise RuntimeError(result.error_message.decode())
        return times, results

    def processor_seconds(self):
        """Processor time of the backend so far, or None."""
        # asleep, the backend's time is up to date
        self.connection.execute("SELECT pg_sleep(0.001)")
        return processor_seconds(self.connection.info.backend_pid)

    @staticmethod
    def found(results):
        """Ids of the rows of each result."""
        return [found_ids(r) for r in results]


def processor_seconds(pid):
    """Seconds that a process has had a processor; None if nobody tells."""
    try:
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as f:
            return int(f.read().split()[0]) / 1e9
    except OSError:
        return None


def found_ids(result):
    """Ids of the rows of a result."""
    return [int.from_bytes(result.get_value(i, 0), "big")
            for i in range(result.ntuples)]


def recall(data, metric, truth, found):
    """Mean share of the K nearest rows among the ids that were found."""
    hits = 0
    for i, result in enumerate(found):
        ids = np.unique(result).astype(np.int64)
        limit = truth[i][min(K, len(truth[i])) - 1]
        d = data.distances(metric, data.query[i], ids)
        hits += min(K, int((d <= limit + 1e-6 * abs(limit) + 1e-9).sum()))
    return hits / (K * len(found))


class SearchBench:
    """The searches of one data set."""

    def __init__(self, server, data, metric, indexes, options):
        self.server, self.data, self.metric = server, data, metric
        self.indexes, self.options = indexes, options
        self.count = min(options.queries, len(data.query))
        self.queries = vector_bytes(data.queries(self.count))
        self.truth = data.truth(metric, self.count)
        self.points = {i.key: [] for i in indexes}
        self.clients = []       # key, settings, rate of one, rate of two
        self.exact = {}         # name: (ms, recall)
        self.builds = {}
        self.loaded = None      # index of a library that is in memory

    def client(self, index, settings):
        """A client of an index."""
        if index.database == libraries.DATABASE:
            client = libraries.LibraryClient(self.loaded, K)
            client.use({**index.default, **settings})
            return client
        return Client(self.server, self.data, self.metric, index.database,
                      {**INDEX_SETTINGS, **settings})

    def select(self, index):
        """Make an index the one that is used, and bring it into memory."""
        self.loaded = None
        if index.database == libraries.DATABASE:
            self.loaded = libraries.Loaded(self.data, self.metric, index,
                                           self.options.cache)
            return
        name = index.name(self.data.name, self.metric)
        self.server.only(self.data, index.database, name)
        with self.server.connect(index.database) as c:
            c.execute("SELECT pg_prewarm(%s)", (name,))

    def sweep(self, index):
        """
        Find the recall of the settings; a sweep ends when recall is high
        enough or does not rise any more.
        """
        self.select(index)
        for sweep in index.sweeps:
            flat, last = 0, -1.0
            for settings in sweep:
                if self.is_hopeless(index, settings):
                    continue
                got = self.recall_of(index, settings)
                self.points[index.key].append(Point(index, settings, got))
                self.server.say(f"{index.title}, {describe(settings)}: "
                                f"recall {got:.4f}")
                flat = flat + 1 if got <= last else 0
                if got >= ENOUGH or flat == 2:
                    break
                last = got

    def is_hopeless(self, index, settings):
        """With the default epsilon, probes like these find too little for
        another one to be of interest."""
        plain = {k: v for k, v in settings.items()
                 if not k.endswith(".epsilon")}
        return plain != settings and any(
            p.settings == plain and p.recall < LEAST_EPSILON
            for p in self.points[index.key])

    def recall_of(self, index, settings):
        """Recall of an index over all queries."""
        with self.client(index, settings) as c:
            if index.database != libraries.DATABASE:
                plan = c.plan(self.queries[0])
                if index.name(self.data.name, self.metric) not in plan:
                    raise RuntimeError(f"the plan is no scan of {index.title}:"
                                       f"\n{plan}")
            found = c.found(c.search(self.queries)[1])
        return recall(self.data, self.metric, self.truth, found)

    def timed(self, index):
        """The points of an index that are worth their time."""
        points = self.points[index.key]
        return [p for p in points if p.recall >= LEAST
                or p.settings == index.default] or points[-1:]

    def time_round(self, number):
        """Time every setting once, index by index."""
        order = random.Random(number)
        for index in self.indexes:
            self.select(index)
            points = self.timed(index)
            with self.client(index, {}) as c:
                # memory that the session has not touched yet costs time
                c.use(points[-1].settings)
                c.search(self.queries, self.options.seconds)
                for point in order.sample(points, len(points)):
                    c.use(point.settings)
                    c.search(self.queries[:WARM_UP], self.options.seconds)
                    before = c.processor_seconds()
                    times = c.search(self.queries, self.options.seconds)[0]
                    if before is not None:
                        point.cpu_ms.append((c.processor_seconds() - before)
                                            * 1e3 / len(times))
                    point.rates.append(len(times) * 1e9 / sum(times))
                    point.median_ms.append(statistics.median(times) / 1e6)
                    point.p99_ms.append(np.percentile(times, 99) / 1e6)

    def best(self, key, least):
        """The fastest point of an index with a recall, or None."""
        points = [p for p in self.points[key]
                  if p.recall >= least and p.rates]
        return max(points, key=lambda p: p.rate, default=None)

    def cheapest(self, key, least):
        """The point of an index with a recall that takes the least
        processor time, or None."""
        points = [p for p in self.points[key]
                  if p.recall >= least and p.cpu_ms]
        return min(points, key=lambda p: p.cpu, default=None)

    def time_clients(self, index):
        """One and two clients, with the default and at recall 0.95."""
        wanted = [index.default]
        best = self.best(index.key, 0.95)
        if best and best.settings != index.default:
            wanted.append(best.settings)
        self.select(index)
        for settings in wanted:
            rates = {1: [], 2: []}
            for _ in range(self.options.rounds):
                for clients in (1, 2):
                    rates[clients].append(self.throughput(index, settings,
                                                          clients))
            self.clients.append((index.key, settings,
                                 statistics.median(rates[1]),
                                 statistics.median(rates[2])))

    def throughput(self, index, settings, clients):
        """Searches per second of some clients, each its own process."""
        context = multiprocessing.get_context("fork")
        barrier = context.Barrier(clients)
        results = context.Queue()
        processes = [context.Process(target=self.one_client, args=(
            index, settings, i * self.count // clients, barrier, results))
            for i in range(clients)]
        for p in processes:
            p.start()
        rates = [results.get(timeout=600) for _ in processes]
        for p in processes:
            p.join()
        return sum(rates)

    def one_client(self, index, settings, start, barrier, results):
        """Body of a client process: search round and round."""
        order = self.queries[start:] + self.queries[:start]
        count, spent = 0, 0.0
        with self.client(index, settings) as c:
            c.search(order, CLIENT_SECONDS)
            barrier.wait()
            while spent < CLIENT_SECONDS:
                before = time.perf_counter()
                times = c.search(order, CLIENT_SECONDS - spent)[0]
                spent += time.perf_counter() - before
                count += len(times)
        results.put(count / spent)

    def time_exact(self):
        """Search without an index, and all of ivfkm's lists."""
        some = self.queries[:EXACT_QUERIES]
        for database in self.server.plain:
            self.server.only(self.data, database, None)
            with Client(self.server, self.data, self.metric, database,
                        EXACT_SETTINGS) as c:
                self.note_exact(f"no index, {database}", c, some)
        for index in self.indexes:
            if index.database != "vdb":
                continue
            self.select(index)
            with self.server.connect("vdb") as c:
                lists = c.execute(
                    "SELECT lists FROM ivfkm_info(%s)",
                    (index.name(self.data.name, self.metric),)).fetchone()[0]
            settings = {"ivfkm.probes": lists, "ivfkm.epsilon": 10}
            with self.client(index, settings) as c:
                self.note_exact(f"{index.title}, all {lists} lists", c, some)

    def note_exact(self, name, client, queries):
        """Run an exhaustive search twice and keep the second times."""
        client.search(queries[:2])
        times, results = client.search(queries)
        self.exact[name] = (statistics.median(times) / 1e6,
                            recall(self.data, self.metric, self.truth,
                                   client.found(results)))

    def empty_round_trip(self):
        """Microseconds of a statement that does nothing."""
        with self.server.connect("vdb") as c:
            c.pgconn.prepare(b"one", b"SELECT 1")
            times = []
            for _ in range(3000):
                before = time.perf_counter_ns()
                c.pgconn.exec_prepared(b"one", [], [], 1)
                times.append(time.perf_counter_ns() - before)
        return statistics.median(times) / 1e3

    def run(self):
        """Do everything; results are in the attributes."""
        for index in self.indexes:
            if index.database == libraries.DATABASE:
                self.builds[index.key] = libraries.ensure(
                    self.data, self.metric, index, self.options.processes,
                    self.options.cache, self.server.say)
                continue
            self.builds[index.key] = self.server.ensure(
                self.data, index, self.metric, self.options.processes,
                self.options.memory)
        for index in self.indexes:
            self.sweep(index)
        with awake():
            self.empty_us = self.empty_round_trip()
            for number in range(self.options.rounds):
                self.server.say(f"round {number + 1} of {self.options.rounds}")
                self.time_round(number)
            for index in self.indexes:
                if index.database != libraries.DATABASE and self.options.two:
                    self.time_clients(index)
            self.time_exact()
