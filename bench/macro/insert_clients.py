"""
Single INSERTs into a large table by one and more clients, with maintenance and without.

Turns with and without maintenance (the setting, of the session that inserts) change the same index,
so what maintenance does in its turns is for the rows of both: its processor time and WAL are set
against those of all inserts.  Rows are like the table's ("alike"), or neighbours of one row of it
("at one place"), so that lists grow too long and maintenance has work.  After a turn the worker is
waited for: its processor time and WAL count, its time by the clock does not.  At the end the rows
are deleted, and the index is noted as one that has to be built anew.
"""

import csv
import os
import threading
import time

import numpy as np

from dataset import BLOCK, normalised
from living import IDLE, POLL, WorkerTime, cpu_seconds
from report import Conditions, number, table
from server import field_of, vector_bytes, wal_position, write_note

KINDS = ("alike", "at one place")
PLACE = 20          # of so many parts of the table one is "at one place"
FIRST = 1 << 30     # numbers of inserted rows begin here
WAIT = 120          # seconds that a worker is waited for


class InsertClients:
    """
    The inserts of one data set; rows: dictionaries, one for each kind, number of clients and
    maintenance.
    """

    def __init__(self, server, data, metric, options):
        self.server, self.data, self.metric = server, data, metric
        self.options = options
        self.rows = []
        self.inserted = 0
        self.index = f"{data.name}_v"
        self.near = None        # row numbers of KINDS[1]
        self.statement = b""
        self.conditions = Conditions(server)

    def run(self):
        """Build, insert in turns, and tidy up."""
        self.server.keep_index("vdb", self.data.name, self.index,
                               f"USING ivfkm (v vector_{self.metric}_ops)",
                               self.options.processes, self.options.memory)
        self.server.only(self.data, "vdb", self.index, ready=True)
        with self.server.connect("vdb") as c:
            write_note(c, f"INDEX {self.index}", {})
            c.execute("SELECT pg_prewarm(%s)", (self.index,))
            self.statement = self.insert_statement(c)
        try:
            for kind in KINDS:
                for clients in self.options.insert_clients:
                    self.measure(kind, clients)
        finally:
            with self.server.connect("vdb") as c:
                c.execute(f"DELETE FROM {self.data.name} WHERE id >= {FIRST}")
                c.execute(f"VACUUM (INDEX_CLEANUP OFF) {self.data.name}")
            self.server.restore(self.data)

    def insert_statement(self, c):
        """The INSERT of a row; columns beside number and vector are dates or whole numbers."""
        others = c.execute(
            "SELECT attname, CASE atttypid WHEN 'date'::regtype THEN 'current_date' ELSE '0' END "
            "FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attname NOT IN "
            "('id', 'v') AND NOT attisdropped", (self.data.name,)).fetchall()
        return (f"INSERT INTO {self.data.name} ({', '.join(['id', 'v'] + [n for n, _ in others])})"
                f" VALUES ({', '.join(['$1', '$2'] + [v for _, v in others])})").encode()

    def new_rows(self, kind):
        """The rows of a turn, which are not in the table."""
        count, start = self.options.insert, self.inserted
        if kind == "alike":
            return self.data.rows_to_insert(start, count)
        if self.near is None:
            anchor, wanted = self.data.block(0, 1), self.data.rows // PLACE
            score = np.concatenate([
                ((self.data.block(i, min(self.data.rows, i + BLOCK)) - anchor) ** 2).sum(1)
                for i in range(0, self.data.rows, BLOCK)])
            self.near = np.argpartition(score, wanted)[:wanted]
        rng = np.random.default_rng([start, count])
        a, b = (np.asarray(self.data.base[np.sort(rng.choice(self.near, count))],
                           dtype=np.float32) for _ in range(2))
        x = 0.9 * a + 0.1 * b[rng.permutation(count)]
        return normalised(x) if self.metric == "cosine" else x

    def measure(self, kind, clients):
        """Insert in turns, without maintenance and with it."""
        sums = {m: {"seconds": 0.0, "cpu": 0.0, "worker": 0.0, "wal": 0, "times": []}
                for m in ("off", "on")}
        for _ in range(self.options.rounds):
            for maintenance, total in sums.items():
                self.turn(kind, clients, maintenance, total)
        for maintenance, t in sums.items():
            row = {"kind": kind, "clients": clients, "maintenance": maintenance,
                   "rows": len(t["times"]), "rate": len(t["times"]) / t["seconds"],
                   "p99": 1000 * float(np.quantile(t["times"], 0.99)),
                   "max": 1000 * max(t["times"]), "wal": t["wal"] / len(t["times"]),
                   "cpu": t["cpu"], "worker": t["worker"]}
            self.rows.append(row)
            self.server.say(" ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}"
                                     for k, v in row.items()))

    def turn(self, kind, clients, maintenance, total):
        """Insert rows from so many clients, and wait for the worker."""
        values = vector_bytes(self.new_rows(kind))
        first = FIRST + self.inserted
        self.inserted += len(values)
        times, cpu, errors = [], [], []
        def client(number_of_client):
            with self.server.connect("vdb", {"ivfkm.maintenance": maintenance}) as c:
                c.pgconn.prepare(b"add", self.statement)
                pid = c.info.backend_pid
                start = cpu_seconds(pid)
                for i in range(number_of_client, len(values), clients):
                    t = time.monotonic()
                    result = c.pgconn.exec_prepared(
                        b"add", [(first + i).to_bytes(4, "big"), values[i]], [1, 1], 1)
                    times.append(time.monotonic() - t)
                    if result.status != 1:
                        errors.append(result.error_message.decode())
                        return
                cpu.append(cpu_seconds(pid) - start)

        with self.server.connect("vdb") as c:
            postmaster = field_of(f"/proc/{c.info.backend_pid}/status", "PPid:")
            before = wal_position(c)
            with WorkerTime(postmaster) as worker:
                started = time.monotonic()
                threads = [threading.Thread(target=client, args=(i,)) for i in range(clients)]
                for t in threads:
                    t.start()
                for t in threads:
                    t.join()
                total["seconds"] += time.monotonic() - started
                if errors:
                    raise RuntimeError(errors[0])
                if maintenance == "on":
                    self.settle(c)
            total["wal"] += wal_position(c) - before
        total["cpu"] += sum(cpu)
        total["worker"] += worker.total()
        total["times"] += times

    @staticmethod
    def settle(c):
        """Wait until no worker is at work."""
        started = last = now = time.monotonic()
        while now - last < IDLE and now - started < WAIT:
            busy = c.execute("SELECT count(*) FROM pg_stat_activity WHERE "
                             "backend_type = 'vdb maintenance'").fetchone()[0]
            now = time.monotonic()
            if busy:
                last = now
            time.sleep(POLL)

    def report(self, folder):
        """Write the table and the figures as CSV."""
        label = os.environ.get("BENCH_LABEL", "")
        base = os.path.join(folder, f"insert-clients-{self.data.name}"
                            + (f"-{label}" if label else ""))
        with open(base + ".csv", "w", newline="", encoding="utf-8") as f:
            out = csv.DictWriter(f, list(self.rows[0]), lineterminator="\n")
            out.writeheader()
            for row in self.rows:
                out.writerow({k: f"{v:.4g}" if isinstance(v, float) else v
                              for k, v in row.items()})
        text = (f"### Single INSERTs: {self.data.word}\n\n"
                f"{self.data.rows:,} rows of {self.data.dims} dimensions, distance {self.metric}. "
                + self.conditions.text(f"{self.options.rounds} turns of {self.options.insert:,} "
                                       "rows with and without maintenance"))
        pairs = {}
        for r in self.rows:
            pairs.setdefault((r["kind"], r["clients"]), {})[r["maintenance"]] = r
        rows = []
        for (kind, clients), r in pairs.items():
            off, on = r["off"], r["on"]
            extra = (on["wal"] - off["wal"]) * on["rows"]
            inserts = off["wal"] * (on["rows"] + off["rows"])
            rows.append([f"{kind}, {clients} clients", number(off["rate"]), number(on["rate"]),
                         f"{on['rate'] / off['rate']:.2f}", f"{off['p99']:.1f}",
                         f"{on['p99']:.1f}", f"{off['max']:.0f}", f"{on['max']:.0f}",
                         f"{off['wal']:,.0f}", f"{extra / inserts:.2f}",
                         f"{on['cpu'] + off['cpu']:.1f}", f"{on['worker']:.1f}",
                         f"{on['worker'] / (on['cpu'] + off['cpu']):.2f}"])
        text += table(["rows", "rows/s without", "with", "ratio", "p99 without, ms", "with",
                       "longest without, ms", "with", "WAL of inserts, bytes a row",
                       "of maintenance, times that", "processor time of inserts, s",
                       "of workers, s", "ratio"], rows)
        with open(base + ".md", "w", encoding="utf-8") as f:
            f.write(text)
        self.server.say(f"wrote {base}.md")
