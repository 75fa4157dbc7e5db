"""
The private server: connections, tables, indexes, and what a build costs.

Tables are called like their data set and have the columns id (integer, the
row's number from 0) and v (vector).  Comments on databases, tables and
indexes hold JSON that tells from what they were made, so that a data
directory can be kept from run to run.
"""

import glob
import hashlib
import json
import os
import subprocess
import threading
import time

import numpy as np
import psycopg

from dataset import ROOT

COPY_ROWS = 2000
POLL_SECONDS = 0.02
EXTENSION = {"vdb": "vdb", "pgvector": "vector", "vectorchord": "vchord",
             "pgvectorscale": "vectorscale"}


def source_hash(*patterns):
    """Hash of the files that match, to notice that code has changed."""
    digest = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(glob.glob(pattern, recursive=True)):
            with open(path, "rb") as f:
                digest.update(f.read())
    return digest.hexdigest()[:16]


class Server:
    """The server that run.sh has started."""

    def __init__(self, pgvector_source, peers=None, verbose=True):
        """peers: folders of extensions that were built elsewhere and use
        pgvector's types, by their names in EXTENSION."""
        peers = peers or {}
        self.verbose = verbose
        # those whose tables are measured without an index
        self.plain = ["vdb"] + (["pgvector"] if pgvector_source else [])
        self.databases = self.plain + list(peers)
        self.pgvector_source = pgvector_source
        src = pgvector_source or ""
        self.script = {
            "vdb": source_hash(f"{ROOT}/sql/vdb--*.sql"),
            "pgvector": source_hash(f"{src}/sql/vector.sql")}
        self.code = {
            "vdb": source_hash(f"{ROOT}/src/**/*.[ch]"),
            "pgvector": source_hash(f"{src}/src/*.[ch]", f"{src}/Makefile")}
        for name, folder in peers.items():
            self.script[name] = source_hash(
                f"{folder}/**/{EXTENSION[name]}--*.sql")
            self.code[name] = source_hash(f"{folder}/**/*.so")

    def say(self, text):
        """Tell what is going on."""
        if self.verbose:
            print(time.strftime("%H:%M:%S"), text, flush=True)

    def connect(self, database, settings=None):
        """Open a session with settings; every statement commits."""
        connection = psycopg.connect(dbname=database, autocommit=True)
        base = {"jit": "off", "max_parallel_workers_per_gather": 0,
                "client_min_messages": "warning"}
        for name, value in {**base, **(settings or {})}.items():
            connection.execute("SELECT set_config(%s, %s, false)",
                               (name, str(value)))
        return connection

    def open_databases(self):
        """Make the databases with their extensions, anew if the install
        script of the extension has changed."""
        with self.connect("postgres") as c:
            for name in self.databases:
                note = read_note(c.execute(
                    "SELECT shobj_description(oid, 'pg_database') "
                    "FROM pg_database WHERE datname = %s", (name,)))
                if note.get("script") == self.script[name]:
                    continue
                if note:
                    self.say(f"the install script of {name} has changed; "
                             "its tables are made anew")
                c.execute(f"DROP DATABASE IF EXISTS {name}")
                c.execute(f"CREATE DATABASE {name}")
                with self.connect(name) as inside:
                    inside.execute(f"CREATE EXTENSION {EXTENSION[name]} "
                                   "CASCADE")
                    inside.execute("CREATE EXTENSION pg_prewarm")
                write_note(c, f"DATABASE {name}",
                           {"script": self.script[name]})

    def load(self, data, database):
        """Make the table of a data set in a database, unless it is there."""
        with self.connect(database) as c:
            note = read_note(c.execute(
                "SELECT obj_description(to_regclass(%s), 'pg_class')",
                (data.name,)))
            if note.get("fingerprint") == data.fingerprint:
                return
            self.say(f"loading {data.word} into {database}")
            c.execute(f"DROP TABLE IF EXISTS {data.name}")
            c.execute(f"CREATE TABLE {data.name} (id integer NOT NULL, "
                      f"v vector({data.dims}) NOT NULL)")
            started = time.monotonic()
            copy_rows(c, data.name, 0, data.rows, data.block)
            seconds = time.monotonic() - started
            c.execute(f"VACUUM (FREEZE, ANALYZE) {data.name}")
            c.execute("CHECKPOINT")
            write_note(c, f"TABLE {data.name}",
                       {"fingerprint": data.fingerprint,
                        "seconds": round(seconds, 2)})

    def built(self, c, data, index, metric):
        """
        Return what is known of an index: what Server.build() returns, or
        only bytes if the end of its build was not waited for; {} if it is
        not there or was made by other code.
        """
        note = read_note(c.execute(
            "SELECT obj_description(to_regclass(%s), 'pg_class')",
            (index.name(data.name, metric),)))
        same = (note.get("code") == self.code[index.database]
                and note.get("statement") == index.create(data.name, metric))
        if not same:
            return {}
        size = c.execute("SELECT pg_relation_size(%s)",
                         (index.name(data.name, metric),)).fetchone()[0]
        return {"bytes": size, **note}

    def build(self, data, index, metric, processes, memory):
        """
        Build an index, in place of one that is there, and return what it
        cost: seconds, cpu (seconds of processor time of all processes),
        bytes, wal (bytes), memory (peak bytes), messages.
        """
        name = index.name(data.name, metric)
        statement = index.create(data.name, metric)
        with self.connect(index.database, {
                "maintenance_work_mem": memory,
                "max_parallel_maintenance_workers": processes - 1}) as c:
            messages = []
            c.add_notice_handler(
                lambda d: messages.append(d.message_primary))
            c.execute("SET client_min_messages = notice")
            c.execute(f"DROP INDEX IF EXISTS {name}")
            c.execute(f"ALTER TABLE {data.name} SET (parallel_workers = "
                      f"{max(1, processes - 1)})")
            c.execute("CHECKPOINT")
            messages.clear()
            before = wal_position(c)
            note = {"code": self.code[index.database],
                    "statement": statement, "inserted": 0,
                    "processes": processes, "work_mem": memory,
                    "date": time.strftime("%Y-%m-%d")}
            with PeakMemory(c.info.backend_pid) as peak:
                started = time.monotonic()
                # one message, so that a build of which nobody waits for the
                # end is known to be done all the same
                c.execute(f"{statement}; COMMENT ON INDEX {name} IS "
                          f"{literal(note)}")
                seconds = time.monotonic() - started
            cost = {"seconds": round(seconds, 3), "cpu": peak.cpu_seconds(),
                    "wal": wal_position(c) - before,
                    "bytes": c.execute("SELECT pg_relation_size(%s)",
                                       (name,)).fetchone()[0],
                    "memory": peak.bytes, "messages": messages,
                    "load": round(os.getloadavg()[0], 2)}
            write_note(c, f"INDEX {name}", {**note, **cost})
        return cost

    def ensure(self, data, index, metric, processes, memory):
        """Build an index unless it is there; return what is known of it."""
        with self.connect(index.database) as c:
            note = self.built(c, data, index, metric)
        if not note:
            self.say(f"building {index.title} on {data.word}")
            self.build(data, index, metric, processes, memory)
            with self.connect(index.database) as c:
                note = self.built(c, data, index, metric)
        return note

    def keep_index(self, database, table, name, definition, processes, memory):
        """Build an index of a table, unless the same code built it so; return seconds and bytes."""
        note = {"code": self.code[database], "definition": definition}
        with self.connect(database, {
                "maintenance_work_mem": memory,
                "max_parallel_maintenance_workers": processes - 1}) as c:
            known = read_note(c.execute("SELECT obj_description(to_regclass(%s), 'pg_class')",
                                        (name,)))
            if {k: known.get(k) for k in note} != note:
                self.say(f"building {name}")
                c.execute(f"DROP INDEX IF EXISTS {name}")
                before = time.monotonic()
                c.execute(f"CREATE INDEX {name} ON {table} {definition}")
                known = {**note, "seconds": round(time.monotonic() - before, 2)}
                write_note(c, f"INDEX {name}", known)
            return (known["seconds"],
                    c.execute("SELECT pg_relation_size(%s)", (name,)).fetchone()[0])

    def only(self, data, database, name, ready=False):
        """
        Let the planner see no index of a table but one (None: none at all).
        With ready, inserts skip the others too; the rows inserted meanwhile
        must not be committed.
        """
        with self.connect(database) as c:
            c.execute("""
                UPDATE pg_index
                SET indisvalid = (indexrelid = to_regclass(%(name)s))
                        IS TRUE,
                    indisready = (NOT %(ready)s
                        OR indexrelid = to_regclass(%(name)s)) IS TRUE
                WHERE indrelid = %(table)s::regclass""",
                      {"name": name, "ready": ready, "table": data.name})

    def restore(self, data):
        """Let the planner see every index of a table again."""
        for database in self.databases:
            with self.connect(database) as c:
                c.execute("UPDATE pg_index SET indisvalid = true, "
                          "indisready = true WHERE indrelid = "
                          "to_regclass(%s)", (data.name,))

    def versions(self):
        """Names and versions of what is measured."""
        with self.connect("postgres") as c:
            out = {"PostgreSQL": c.execute(
                "SHOW server_version").fetchone()[0].split(" ")[0]}
        for name in self.databases:
            with self.connect(name) as c:
                out[name] = c.execute(
                    "SELECT extversion FROM pg_extension WHERE extname = %s",
                    (EXTENSION[name],)).fetchone()[0]
        for name, folder in (("vdb", ROOT), ("pgvector",
                                             self.pgvector_source)):
            commit = git_commit(folder) if name in out else ""
            if commit:
                out[name] += f" ({commit})"
        return out

    def settings(self, names):
        """Values of settings of the server."""
        with self.connect("postgres") as c:
            return {n: c.execute("SELECT current_setting(%s)",
                                 (n,)).fetchone()[0] for n in names}


def git_commit(folder):
    """Short name of the commit that is checked out in a folder, or ''."""
    command = ["git", "-c", f"safe.directory={folder}", "-C", folder,
               "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True,
                              check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def read_note(cursor):
    """The JSON of a comment, {} if there is none."""
    row = cursor.fetchone()
    return json.loads(row[0]) if row and row[0] else {}


def write_note(connection, what, note):
    """Comment on an object with JSON."""
    connection.execute(f"COMMENT ON {what} IS {literal(note)}")


def literal(note):
    """JSON as a literal of SQL."""
    return "'" + json.dumps(note).replace("'", "''") + "'"


def wal_position(connection):
    """Bytes of WAL written since the cluster was made."""
    return int(connection.execute(
        "SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone()[0])


def vector_bytes(rows):
    """Return the binary form of vectors, float32 [n, dims], one object
    each."""
    dims = rows.shape[1]
    out = np.zeros(len(rows), dtype=[("dims", ">i2"), ("unused", ">i2"),
                                     ("x", ">f4", (dims,))])
    out["dims"], out["x"] = dims, rows
    return [r.tobytes() for r in out]


def copy_rows(connection, table, start, count, block, columns=()):
    """
    COPY rows to a table.  block(start, stop) gives float32 vectors; columns:
    names and arrays of further integer columns, a value for every row.
    """
    names = ["id"] + [name for name, _ in columns] + ["v"]
    with connection.cursor() as cursor, cursor.copy(
            f"COPY {table} ({', '.join(names)}) FROM STDIN "
            "(FORMAT binary)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for i in range(start, start + count, COPY_ROWS):
            x = block(i, min(start + count, i + COPY_ROWS))
            dims = x.shape[1]
            integers = [(f"{kind}{name}", ">i4") for name in names[:-1]
                        for kind in ("size_", "")]
            out = np.zeros(len(x), dtype=[
                ("fields", ">i2"), *integers,
                ("size", ">i4"), ("dims", ">i2"), ("unused", ">i2"),
                ("x", ">f4", (dims,))])
            out["fields"] = len(names)
            for name in names[:-1]:
                out[f"size_{name}"] = 4
            out["id"] = np.arange(i, i + len(x))
            for name, values in columns:
                out[name] = values[i:i + len(x)]
            out["size"], out["dims"] = 4 + 4 * dims, dims
            out["x"] = x
            copy.write(out.tobytes())
        copy.write(b"\xff\xff")


class Watch:
    """A thread that calls watch() of a subclass while the block runs."""

    def __init__(self):
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.stop.set()
        self.thread.join()

    def watch(self):
        """Poll until told to stop."""
        raise NotImplementedError


class PeakMemory(Watch):
    """
    Peak memory of a backend and its parallel workers while the block runs:
    private pages plus the dynamic shared memory that was attached meanwhile,
    without shared buffers; and their processor time.  Looked at every
    POLL_SECONDS.
    """

    def __init__(self, pid):
        super().__init__()
        self.pid = pid
        self.bytes = 0
        self.before = set()
        self.ticks = {}     # of the processes, as last seen
        self.ticks_before = 0

    def __enter__(self):
        self.before = segments(self.pid)
        self.ticks_before = ticks(self.pid)
        return super().__enter__()

    def cpu_seconds(self):
        """Processor time of all processes and their threads so far."""
        self.ticks[self.pid] = ticks(self.pid)
        return round((sum(self.ticks.values()) - self.ticks_before)
                     / os.sysconf("SC_CLK_TCK"), 2)

    def watch(self):
        """Poll until told to stop."""
        mark = f"parallel worker for PID {self.pid}"
        parent = field_of(f"/proc/{self.pid}/status", "PPid:")
        while not self.stop.is_set():
            pids = [self.pid]
            for pid in read_file(
                    f"/proc/{parent}/task/{parent}/children").split():
                if mark in read_file(f"/proc/{pid}/cmdline"):
                    pids.append(int(pid))
            total = sum(1024 * field_of(f"/proc/{p}/status", "RssAnon:")
                        for p in pids)
            for p in pids:
                self.ticks[p] = max(self.ticks.get(p, 0), ticks(p))
            shared = set().union(*(segments(p) for p in pids)) - self.before
            for path in shared:
                try:
                    total += os.stat(path).st_blocks * 512
                except OSError:
                    pass
            self.bytes = max(self.bytes, total)
            self.stop.wait(POLL_SECONDS)


def read_file(path):
    """Text of a file, '' if it has gone."""
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def ticks(pid):
    """Clock ticks of processor time of a process, 0 if it has gone."""
    fields = read_file(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]) if fields else 0


def field_of(path, name):
    """First number behind a name in a file of /proc, 0 if there is none."""
    for line in read_file(path).splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0


def segments(pid):
    """Files of the dynamic shared memory that a process has mapped."""
    return {line.split()[-1] for line in
            read_file(f"/proc/{pid}/maps").splitlines()
            if "/dev/shm/PostgreSQL." in line and "deleted" not in line}
