"""
Command line of the macro-benchmarks; run.sh starts the server and this.

    macro.py prepare|search|build|insert|plans|filter|maxsim|classes|living|serve|scale|target
    macro.py results        put results into bench/results; needs no server
    macro.py report         one page of all results; needs no server

The environment has the settings: see SETTINGS.md.
"""

import argparse
import os
import shutil
import sys
import textwrap
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
WIDTH = 100              # columns of a line of prose
KINDS = ("search", "build", "insert", "plans", "filter", "maxsim", "classes", "living", "serve",
         "scale", "target")


@dataclass
class Options:
    """Settings of a run."""

    rounds: int
    queries: int
    seconds: float
    insert: int
    insert_clients: list
    processes: int
    build_with: list
    memory: str
    reuse: bool
    cache: str
    living_rows: int
    living_before: int
    living_inserts: int
    living_rounds: int
    living_cases: list
    clients: list
    client_seconds: int
    scale_dims: int
    maxsim_rows: int
    class_rows: int
    class_kinds: list
    two: bool


def words(name, default=""):
    """The words of a variable of the environment."""
    return os.environ.get(name, default).split()


def whole(name, default):
    """A number of the environment."""
    text = os.environ.get(name) or str(default)
    if not text.isdigit() or int(text) < 1:
        raise SystemExit(f"{name}={text} is no positive number")
    return int(text)


def options():
    """Read the settings."""
    return Options(
        rounds=whole("BENCH_ROUNDS", 3),
        queries=whole("BENCH_QUERIES", 1000),
        seconds=float(os.environ.get("BENCH_SECONDS") or 20),
        insert=whole("BENCH_INSERT_ROWS", 10_000),
        insert_clients=[int(w) for w in words("BENCH_INSERT_CLIENTS")],
        processes=whole("BENCH_PROCESSES", 2),
        build_with=[int(w) for w in words("BENCH_BUILD_PROCESSES", "1 2")],
        memory=os.environ.get("BENCH_MAINTENANCE_WORK_MEM") or "1GB",
        reuse=os.environ.get("BENCH_REUSE", "") not in ("", "0"),
        cache=os.environ.get("BENCH_CACHE", ""),
        living_rows=whole("BENCH_LIVING_ROWS", 30_000),
        living_before=int(os.environ.get("BENCH_LIVING_BEFORE") or 0),
        living_inserts=whole("BENCH_LIVING_INSERTS", 30_000),
        living_rounds=whole("BENCH_LIVING_ROUNDS", 100),
        living_cases=words("BENCH_LIVING_CASES"),
        clients=[int(w) for w in words("BENCH_CLIENTS", "1 2 4 8 16")],
        client_seconds=whole("BENCH_CLIENT_SECONDS", 5),
        scale_dims=whole("BENCH_SCALE_DIMS", 64),
        maxsim_rows=whole("BENCH_MAXSIM_ROWS", 20_000),
        class_rows=whole("BENCH_CLASS_ROWS", 60_000),
        class_kinds=words("BENCH_CLASSES"),
        two=os.environ.get("BENCH_TWO_CLIENTS", "1") != "0")


def open_server():
    """The server with vdb and the extensions of others that run.sh has installed."""
    from server import Server

    peers = {name: os.environ["BENCH_" + name.upper()] for name in ("vectorchord", "pgvectorscale")
             if os.environ.get("BENCH_" + name.upper())}
    return Server(os.environ.get("BENCH_PGVECTOR"), peers)


def measure_plans():
    """Run the benchmark of the planner, which has tables of its own."""
    from plans import PlansBench
    from server import Server

    folder = os.environ["BENCH_OUT"]
    os.makedirs(folder, exist_ok=True)
    server = Server(None)
    server.open_databases()
    bench = PlansBench(server, options())
    bench.run()
    bench.report(folder)


def measure_living():
    """Run the benchmark of indexes that change, which has a table too."""
    from living import LivingBench
    from server import Server

    folder = os.environ["BENCH_OUT"]
    os.makedirs(folder, exist_ok=True)
    server = Server(None)
    server.open_databases()
    bench = LivingBench(server, options())
    try:
        bench.run()
    finally:
        bench.report(folder)


def measure_filters():
    """Run the benchmark of filters, whose tables have more columns."""
    from dataset import open_set
    from filter import FilterBench

    folder = os.environ["BENCH_OUT"]
    os.makedirs(folder, exist_ok=True)
    server = open_server()
    server.open_databases()
    for word in words("BENCH_SETS", "sample"):
        data = open_set(word, os.environ.get("BENCH_DATA", "").split(":"),
                        os.environ["BENCH_CACHE"])
        bench = FilterBench(server, data, os.environ.get("BENCH_METRIC")
                            or data.metric, options())
        bench.run()
        bench.report(folder)


def measure_maxsim():
    """Run the searches of arrays of vectors, which have a table of their own."""
    from maxsim import MaxsimBench

    folder = os.environ["BENCH_OUT"]
    os.makedirs(folder, exist_ok=True)
    server = open_server()
    server.open_databases()
    bench = MaxsimBench(server, options())
    bench.run()
    bench.report(folder)


def measure_classes():
    """Run the searches of every operator class, whose tables are made from a data set and texts."""
    from classes import ClassesBench, read_texts
    from dataset import open_set

    folder = os.environ["BENCH_OUT"]
    os.makedirs(folder, exist_ok=True)
    server = open_server()
    server.open_databases()
    data = open_set(words("BENCH_SETS", "sample")[0], os.environ.get("BENCH_DATA", "").split(":"),
                    os.environ["BENCH_CACHE"])
    bench = ClassesBench(server, data, read_texts(os.environ.get("BENCH_TEXTS")), options())
    bench.run()
    bench.report(folder)


def measure_scale():
    """Run the same searches on tables of different sizes."""
    from dataset import open_set
    from indexes import all_indexes, chosen_indexes
    from serve import ScaleBench, write_scale

    chosen, folder = options(), os.environ["BENCH_OUT"]
    os.makedirs(folder, exist_ok=True)
    server = open_server()
    server.open_databases()
    bench = ScaleBench(server, chosen)
    most = int(os.environ.get("BENCH_SCALE_PEERS") or 0)
    for rows in words("BENCH_SCALE", "10000 100000 1000000"):
        data = open_set(f"synthetic-{rows}x{chosen.scale_dims}", [], os.environ["BENCH_CACHE"])
        for index in chosen_indexes(all_indexes(data.rows, [], data.metric), words("BENCH_INDEXES",
                                    "ivfkm8 hnsw"), server.databases):
            if index.database != "vdb" and 0 < most < int(rows):
                continue
            server.say(f"{index.title}, {rows} rows")
            server.load(data, index.database)
            bench.measure(data, index, data.metric)
        server.restore(data)
    write_scale(folder, server, chosen, bench)


def measure_one_table(command):
    """Run one of the benchmarks that need one table of vdb, with the index of bench-filter."""
    from dataset import open_set
    from insert_clients import InsertClients
    from server import Server
    from target import TargetBench

    chosen, folder = options(), os.environ["BENCH_OUT"]
    os.makedirs(folder, exist_ok=True)
    server = Server(None)
    server.open_databases()
    for word in words("BENCH_SETS", "sample"):
        data = open_set(word, os.environ.get("BENCH_DATA", "").split(":"),
                        os.environ["BENCH_CACHE"])
        if os.environ.get("BENCH_TABLE") == "filter":
            data.name += "_filter"
        server.load(data, "vdb")
        bench = {"target": TargetBench, "insert": InsertClients}[command](
            server, data, os.environ.get("BENCH_METRIC") or data.metric, chosen)
        try:
            bench.run()
        finally:
            server.restore(data)
        bench.report(folder)


def measure(command):
    """Run one benchmark over all data sets."""
    from build import BuildBench
    from dataset import open_set
    from indexes import OPERATOR, all_indexes, chosen_indexes
    from insert import InsertBench
    from libraries import DATABASE, library_indexes, module
    from report import Report
    from search import SearchBench
    from serve import ServeBench, write_serve

    chosen = options()
    server = open_server()
    server.open_databases()
    cache, folder = os.environ["BENCH_CACHE"], os.environ["BENCH_OUT"]
    os.makedirs(folder, exist_ok=True)
    for word in words("BENCH_SETS", "sample"):
        server.say(f"data set {word}")
        data = open_set(word, os.environ.get("BENCH_DATA", "").split(":"),
                        cache)
        metric = os.environ.get("BENCH_METRIC") or data.metric
        if metric not in OPERATOR:
            raise SystemExit(f"BENCH_METRIC={metric} is none of "
                             + " ".join(OPERATOR))
        extra = library_indexes(data.rows, data.dims)
        indexes = chosen_indexes(
            all_indexes(data.rows, words("BENCH_EPSILON", "3"), metric) + extra,
            words("BENCH_INDEXES"),
            list(server.databases) + [DATABASE] * (command == "search"))
        for index in extra:
            if index in indexes and not module(index):
                server.say(f"{index.title} is left out: not installed")
                indexes.remove(index)
        for database in server.databases:
            server.load(data, database)
        if command == "prepare":
            data.truth(metric, min(chosen.queries, len(data.query)))
            for index in indexes:
                server.ensure(data, index, metric, chosen.processes,
                              chosen.memory)
            continue
        bench = {"search": SearchBench, "build": BuildBench,
                 "insert": InsertBench, "serve": ServeBench}[command](
                     server, data, metric, indexes, chosen)
        report = Report(folder, server, data, metric, chosen)
        try:
            bench.run()
        finally:
            server.restore(data)
        if command == "serve":
            write_serve(report, bench)
        else:
            getattr(report, command)(bench)


def wrapped(text):
    """Markdown with its paragraphs wrapped as the tree's other pages are."""
    return "\n".join(
        line if line.startswith(("|", "![", "#")) else "\n".join(
            textwrap.wrap(line, WIDTH, break_long_words=False,
                          break_on_hyphens=False))
        for line in text.split("\n"))


def paste(folder):
    """
    Copy all results of a folder to bench/results, and put the tables of all
    that is there between the marks in its README.md, details left out.
    """
    from report import DETAILS

    to = os.path.join(ROOT, "bench", "results")
    os.makedirs(to, exist_ok=True)
    for name in sorted(os.listdir(folder)):
        if name.split("-")[0].split(".")[0] in KINDS and name.endswith((".md", ".csv",
                                                          ".svg")):
            shutil.copy(os.path.join(folder, name), to)
    text = ""
    for kind in KINDS:
        for name in sorted(os.listdir(to)):
            if not (name.startswith((kind + "-", kind + ".")) and name.endswith(".md")):
                continue
            with open(os.path.join(to, name), encoding="utf-8") as f:
                short, _, details = f.read().partition(DETAILS)
            text += wrapped(short).rstrip()
            text += f"\n\nEvery setting:\n[{name}]({name})" * bool(details) + "\n\n"
    readme = os.path.join(to, "README.md")
    with open(readme, encoding="utf-8") as f:
        before, begin, rest = f.read().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{readme} lacks the marks {BEGIN} and {END}")
    with open(readme, "w", encoding="utf-8") as f:
        f.write(f"{before}{BEGIN}\n\n{text}{END}{after}")
    print(f"results of {folder} are in bench/results")


def report_page(folder):
    """Write report.html of all results of a folder or, without any, of those of bench/results."""
    from page import write_report

    os.makedirs(folder, exist_ok=True)
    target = os.path.join(folder, "report.html")
    count = write_report(folder, target)
    if count == 0:
        count = write_report(os.path.join(ROOT, "bench", "results"), target)
    print(f"{target}: {count} results")


def main():
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="see the head of this file")
    parser.add_argument("command", choices=("prepare", "results", "report") + KINDS)
    command = parser.parse_args().command
    if command == "results":
        paste(os.environ["BENCH_OUT"])
    elif command == "report":
        report_page(os.environ["BENCH_OUT"])
    elif command == "plans":
        measure_plans()
    elif command == "filter":
        measure_filters()
    elif command == "maxsim":
        measure_maxsim()
    elif command == "classes":
        measure_classes()
    elif command == "living":
        measure_living()
    elif command == "scale":
        measure_scale()
    elif command == "target" or (command == "insert" and words("BENCH_INSERT_CLIENTS")):
        measure_one_table(command)
    else:
        measure(command)


if __name__ == "__main__":
    sys.exit(main())
