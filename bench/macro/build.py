"""
What it costs to build each index: time, size, write-ahead log, memory.
"""

import statistics
import time


class BuildBench:
    """
    The builds of one data set.  rows: (index or None for the plain scan,
    processes, list of costs); a cost is what Server.build() returns.
    """

    def __init__(self, server, data, metric, indexes, options):
        self.server, self.data, self.metric = server, data, metric
        self.indexes, self.options = indexes, options
        self.rows = []

    def scan(self, processes):
        """Seconds of a sequential scan that reads every vector whole."""
        with self.server.connect("vdb", {
                "enable_indexscan": "off", "parallel_setup_cost": 0,
                "parallel_tuple_cost": 0, "min_parallel_table_scan_size": 0,
                "max_parallel_workers_per_gather": processes - 1}) as c:
            c.execute(f"ALTER TABLE {self.data.name} SET (parallel_workers = "
                      f"{max(1, processes - 1)})")
            started = time.monotonic()
            c.execute(f"SELECT sum(vector_norm(v)) FROM {self.data.name}")
            return {"seconds": time.monotonic() - started}

    def run(self):
        """
        Build every index with one and with two processes, in turn, as often
        as there are rounds; the last builds stay.  With reuse, an index that
        is there is not built again: its row tells what its build cost.
        """
        wanted = [(index, processes) for processes in self.options.build_with
                  for index in [None] + self.indexes]
        costs = {i: [] for i in range(len(wanted))}
        for number in range(self.options.rounds):
            for i, (index, processes) in enumerate(wanted):
                if index is None:
                    self.scan(processes)        # the first one warms caches
                    costs[i].append(self.scan(processes))
                    continue
                note = {}
                if self.options.reuse:
                    with self.server.connect(index.database) as c:
                        note = self.server.built(c, self.data, index,
                                                 self.metric)
                if "seconds" in note:
                    if note["processes"] == processes and number == 0:
                        costs[i].append(note)
                    continue
                self.server.say(f"round {number + 1}: {index.title}, "
                                f"{processes} processes")
                costs[i].append(self.server.build(
                    self.data, index, self.metric, processes,
                    self.options.memory))
        self.rows = [(index, processes, costs[i])
                     for i, (index, processes) in enumerate(wanted)
                     if costs[i]]

    @staticmethod
    def seconds(costs):
        """Median time of some builds."""
        return statistics.median(c["seconds"] for c in costs)
