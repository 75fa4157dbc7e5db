"""
What an index costs the one who inserts: COPY into the indexed table.

Every COPY is rolled back, so that the table stays what it was; only after all
its write-ahead log has reached the disk does its time end, as at a commit.
Entries of the rolled-back rows stay in the index.  The first COPY of each
database, which makes the table's file longer, is not counted.
"""

import statistics
import time

from server import copy_rows, read_note, wal_position, write_note


class InsertBench:
    """
    The inserts of one data set.  rows: (index or None for no index,
    database, list of costs); a cost has rate (rows a second), wal (bytes a
    row) and images (full-page images a row).
    """

    def __init__(self, server, data, metric, indexes, options):
        self.server, self.data, self.metric = server, data, metric
        self.indexes, self.options = indexes, options
        self.rows = []

    def copy(self, database, name, start):
        """COPY options.insert rows, number start and following, while the
        table has one index (None: no index)."""
        count = self.options.insert
        rows = self.data.rows_to_insert(start, count)
        self.server.only(self.data, database, name, ready=True)
        with self.server.connect(database) as c:
            c.execute("CHECKPOINT")
            if name:
                c.execute("SELECT pg_prewarm(%s)", (name,))
            images = self.images(c)
            before = wal_position(c)
            c.execute("BEGIN")
            started = time.monotonic()
            copy_rows(c, self.data.name, 0, count,
                      lambda i, j: rows[i:j])
            with self.server.connect(database) as other:
                # a commit elsewhere flushes the log up to here
                other.execute(
                    "SELECT pg_logical_emit_message(true, 'bench', '')")
            seconds = time.monotonic() - started
            wal = wal_position(c) - before
            c.execute("ROLLBACK")
            images = self.images(c) - images
            if name:
                note = read_note(c.execute(
                    "SELECT obj_description(%s::regclass, 'pg_class')",
                    (name,)))
                note["inserted"] = note.get("inserted", 0) + count
                write_note(c, f"INDEX {name}", note)
        return {"rate": count / seconds, "wal": wal / count,
                "images": images / count}

    @staticmethod
    def images(connection):
        """Full-page images that the server has written."""
        connection.execute("SELECT pg_stat_force_next_flush()")
        return int(connection.execute(
            "SELECT wal_fpi FROM pg_stat_wal").fetchone()[0])

    def run(self):
        """Insert in rounds: no index, then each index."""
        wanted = [(None, d) for d in self.server.plain]
        wanted += [(i, i.database) for i in self.indexes]
        for index in self.indexes:
            self.server.ensure(self.data, index, self.metric,
                               self.options.processes, self.options.memory)
        for database in self.server.databases:
            self.server.say(f"not counted: no index, {database}")
            self.copy(database, None, 0)
        costs = {i: [] for i in range(len(wanted))}
        for number in range(self.options.rounds):
            for i, (index, database) in enumerate(wanted):
                title = index.title if index else f"no index, {database}"
                self.server.say(f"round {number + 1}: {title}")
                name = index and index.name(self.data.name, self.metric)
                costs[i].append(self.copy(database, name,
                                          number * self.options.insert))
        self.rows = [(index, database, costs[i])
                     for i, (index, database) in enumerate(wanted)]

    @staticmethod
    def median(costs, name):
        """Median of one of the costs."""
        return statistics.median(c[name] for c in costs)
