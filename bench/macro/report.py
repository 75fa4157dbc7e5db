"""
Tables in Markdown, the same figures as CSV, and the plot.
"""

import csv
import os
import platform
import time
from statistics import median

from build import BuildBench
from indexes import describe
from insert import InsertBench
from libraries import versions as library_versions
from picture import draw_searches, facts

THRESHOLDS = (0.95, 0.99)
CPU_THRESHOLDS = (0.90, 0.95, 0.99)
DETAILS = "<!-- details -->"


def size(count):
    """A number of bytes for readers."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            break
        count /= 1000
    return f"{count:.3g} {unit}" if count < 1000 else f"{count:.0f} {unit}"


def number(x):
    """A rate with three significant digits or to one."""
    return f"{x:,.0f}" if x >= 100 else f"{x:.3g}"


def times(x):
    """A ratio."""
    return f"{x:.0f}x" if x >= 20 else f"{x:.1f}x"


def table(head, rows):
    """A Markdown table; every column but the first is right-aligned."""
    lines = ["| " + " | ".join(head) + " |",
             "|---" + "|---:" * (len(head) - 1) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def machine():
    """Processor, caches, memory and system in one line."""
    cpu, flags, caches = "unknown processor", "", []
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        facts = dict(line.split(":", 1) for line in f.read().split("\n\n")[0]
                     .splitlines() if ":" in line)
    facts = {k.strip(): v.strip() for k, v in facts.items()}
    cpu = facts.get("model name", cpu)
    if "cpu family" in facts:
        cpu += f" (family {facts['cpu family']}, model {facts['model']})"
    known = {"avx512f": "AVX-512", "avx512_vnni": "VNNI", "avx512_bf16":
             "BF16", "amx_bf16": "AMX", "avx2": "AVX2", "asimd": "NEON"}
    have = facts.get("flags", facts.get("Features", "")).split()
    flags = ", ".join(v for k, v in known.items() if k in have)
    base = "/sys/devices/system/cpu/cpu0/cache"
    for entry in sorted(os.listdir(base)) if os.path.isdir(base) else []:
        if not entry.startswith("index"):
            continue

        def fact(name, entry=entry):
            with open(f"{base}/{entry}/{name}", encoding="ascii") as f:
                return f.read().strip()
        if fact("type") != "Instruction":
            caches.append(f"L{fact('level')} {fact('size')}")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (f"{cpu}, {os.cpu_count()} cores, {', '.join(caches)}, "
            f"{memory:.0f} GiB memory, {flags}; Linux {platform.release()}")


class Conditions:
    """Where and when a benchmark runs: made at its start, for the load of the machine there."""

    def __init__(self, server):
        self.server, self.load = server, os.getloadavg()[0]

    def text(self, how, settings=None, libraries=None):
        """
        The end of a paragraph, with what was measured, settings, the date, how (a phrase) and the
        load, and a paragraph on the machine.  settings: {name: value}; libraries: {name: version}
        of what was measured beside the server's extensions.
        """
        versions = {**self.server.versions(), **(libraries or {})}
        named = ". ".join(", ".join(f"{k} {v}" for k, v in pairs.items())
                          for pairs in (versions, settings or {}) if pairs)
        return (f"{named}. {time.strftime('%Y-%m-%d')}, {how}; load of the machine "
                f"{self.load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end.\n\n"
                f"{machine()}.\n\n")


class Report:
    """Writes the results of one data set to a folder."""

    def __init__(self, folder, server, data, metric, options):
        self.folder, self.server, self.data = folder, server, data
        self.metric, self.options = metric, options
        self.conditions = Conditions(server)
        label = os.environ.get("BENCH_LABEL", "")
        self.set = data.name + (f"-{label}" if label else "")

    def head(self, title, libraries=None, rounds=None):
        """Title, and what was measured where; libraries: their versions."""
        settings = {**self.server.settings(["shared_buffers", "huge_pages"]),
                    "maintenance_work_mem": self.options.memory}
        return (f"### {title}: {self.data.word}\n\n"
                f"{self.data.rows:,} rows of {self.data.dims} dimensions, distance {self.metric}. "
                + self.conditions.text(f"medians of {rounds or self.options.rounds} round(s)",
                                       settings, libraries))

    def write(self, name, text):
        """Write a file of the folder."""
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        self.server.say(f"wrote {path}")

    def write_csv(self, name, head, rows):
        """Write a CSV file of the folder."""
        with open(os.path.join(self.folder, name), "w", newline="",
                  encoding="utf-8") as f:
            out = csv.writer(f, lineterminator="\n")
            out.writerow(head)
            out.writerows(rows)

    def search(self, bench):
        """Searches: summary, ratios, every setting, plot."""
        name = f"search-{self.set}"
        text = self.head("Searches", library_versions(bench.indexes))
        text += self.search_summary(bench)
        text += self.search_ratios(bench)
        text += self.search_cpu(bench)
        text += f"![searches/s against recall]({name}.svg)\n\n"
        text += DETAILS + "\n\n" + self.search_details(bench)
        self.write(name + ".md", text)
        self.write_csv(name + ".csv", (
            "set", "metric", "index", "setting", "recall",
            "searches_per_s", "slowest_round", "fastest_round", "median_ms",
            "p99_ms", "cpu_ms", "index_bytes", "default"), [
            (self.data.word, self.metric, p.index.title, describe(p.settings),
             f"{p.recall:.4f}", f"{p.rate:.1f}", f"{min(p.rates):.1f}",
             f"{max(p.rates):.1f}", f"{median(p.median_ms):.4f}",
             f"{median(p.p99_ms):.4f}", f"{p.cpu:.4f}", bench.builds[p.index.key]["bytes"],
             "t" if p.settings == i.default else "f")
            for i in bench.indexes for p in bench.points[i.key] if p.rates])
        lines = text.split("\n")
        self.write(name + ".svg", draw_searches(
            os.path.join(self.folder, name + ".csv"), lines[0].lstrip("# "), facts(lines)))

    def search_summary(self, bench):
        """One line an index: size, its best settings, two clients."""
        rows = []
        for index in bench.indexes:
            row = [index.title, size(bench.builds[index.key]["bytes"])]
            start = [p for p in bench.points[index.key]
                     if p.settings == index.default and p.rates]
            row.append(f"{number(start[0].rate)} at {start[0].recall:.3f}"
                       if start else "")
            for least in THRESHOLDS:
                best = bench.best(index.key, least)
                row.append(f"**{number(best.rate)}** at {best.recall:.3f} "
                           f"({describe(best.settings)})"
                           if best else "not reached")
            clients = [f"{number(two)} ({two / one:.2f}x, "
                       f"{describe(settings)})"
                       for key, settings, one, two in bench.clients
                       if key == index.key]
            rows.append(row + ["; ".join(clients)])
        text = ("Searches/s of one client, recall@10 over "
                f"{bench.count:,} queries:\n\n")
        text += table(["index", "size", "by default"]
                      + [f"at recall >= {t}" for t in THRESHOLDS]
                      + ["two clients"], rows)
        dead = [f"{i.title} {bench.builds[i.key]['inserted']:,}"
                for i in bench.indexes if bench.builds[i.key]["inserted"]]
        if dead:
            text += ("\nEntries of rows that bench-insert rolled back: "
                     f"{', '.join(dead)}.\n")
        if "pgvector" not in self.server.databases:
            text += ("\npgvector was not measured: PGVECTOR_SRC is not set.\n")
        return text + "\n"

    def search_ratios(self, bench):
        """How many times as fast as the others, at the best of each."""
        rows = []
        for index in bench.indexes:
            if index.database != "vdb":
                continue
            row = [index.title]
            for other in bench.indexes:
                if other.database == "vdb":
                    continue
                for least in THRESHOLDS:
                    a, b = (bench.best(i.key, least) for i in (index, other))
                    row.append(times(a.rate / b.rate) if a and b else "")
            rows.append(row)
        others = [i for i in bench.indexes if i.database != "vdb"]
        if not others or not rows:
            return ""
        return table(["times as fast as"]
                     + [f"{self.short(o)} at {t}" for o in others
                        for t in THRESHOLDS], rows) + "\n"

    @staticmethod
    def search_cpu(bench):
        """Processor time of the backend at the cheapest settings of each."""
        rows = []
        ours = {least: min((p.cpu for i in bench.indexes if i.database == "vdb"
                            for p in [bench.cheapest(i.key, least)] if p),
                           default=0) for least in CPU_THRESHOLDS}
        for index in bench.indexes:
            if not any(p.cpu_ms for p in bench.points[index.key]):
                continue
            row = [index.title]
            for least in CPU_THRESHOLDS:
                p = bench.cheapest(index.key, least)
                row.append(f"{p.cpu:.3f} ({describe(p.settings)})"
                           if p else "not reached")
            rows.append(row + [times(p.cpu / ours[least]) if ours[least] and p
                               else "" for least in CPU_THRESHOLDS
                               for p in [bench.cheapest(index.key, least)]])
        if not rows:
            return ""
        return ("Milliseconds of the backend's processor time a search, least of the rounds, "
                "which other processes of the machine change little; then as a multiple of "
                "ivfkm's least:\n\n" + table(
                    ["index"] + [f"at recall >= {t:.2f}" for t in CPU_THRESHOLDS]
                    + [f"times ivfkm's at {t:.2f}" for t in CPU_THRESHOLDS], rows) + "\n")

    @staticmethod
    def short(index):
        """What the head of a column calls an index."""
        return {"faissflat": "FAISS IVF", "faisspq": "FAISS IVF, PQ",
                "vchordlists": index.title}.get(index.key, index.method)

    def search_details(self, bench):
        """Every setting, and the exhaustive searches."""
        rows = []
        for index in bench.indexes:
            for p in bench.points[index.key]:
                if p.rates:
                    rows.append([
                        index.title, describe(p.settings),
                        f"{p.recall:.4f}", number(p.rate),
                        f"{min(p.rates):.0f}-{max(p.rates):.0f}",
                        f"{median(p.median_ms):.3f}",
                        f"{median(p.p99_ms):.3f}",
                        f"{p.cpu:.3f}" if p.cpu_ms else ""])
        text = table(["index", "setting", "recall@10", "searches/s",
                      "of all rounds", "median ms", "99 % ms", "processor ms"],
                     rows)
        text += "\nExhaustive searches, one client, no parallel query:\n\n"
        text += table(["search", "ms (median)", "recall@10"], [
            [name, f"{ms:.2f}", f"{r:.4f}"]
            for name, (ms, r) in bench.exact.items()])
        return text + ("\nAn empty statement (SELECT 1) takes "
                       f"{number(bench.empty_us / 1000)} ms.\n")

    def build(self, bench):
        """Builds: time, size, log, memory."""
        scan = {processes: BuildBench.seconds(costs)
                for index, processes, costs in bench.rows if index is None}
        rows, lines = [], []
        for index, processes, costs in bench.rows:
            seconds = BuildBench.seconds(costs)
            title = index.title if index else "plain scan of every vector"
            last = costs[-1]
            all_seconds = [c["seconds"] for c in costs]
            cpu = [c["cpu"] for c in costs if "cpu" in c]
            rows.append([
                title, str(processes), f"{seconds:.2f}",
                f"{min(all_seconds):.2f}-{max(all_seconds):.2f}",
                times(seconds / scan[processes]),
                number(median(cpu)) if cpu else ""]
                + ([size(last["bytes"]), size(last["wal"]),
                    size(max(c["memory"] for c in costs))]
                   if index else ["", "", ""]))
            lines.append((self.data.word, self.metric, title, processes,
                          f"{seconds:.3f}", f"{min(all_seconds):.3f}",
                          f"{max(all_seconds):.3f}", last.get("bytes", ""),
                          last.get("wal", ""), last.get("memory", ""),
                          last.get("cpu", "")))
        text = self.head("Builds")
        text += table(["index", "processes", "seconds", "of all rounds",
                       "of the scan's time", "processor time, s", "size", "WAL",
                       "peak memory"],
                      rows)
        text += self.build_ratios(bench)
        messages = sorted({f"{index.title}: {m}" for index, _, costs
                           in bench.rows if index for c in costs
                           for m in c["messages"]})
        if messages:
            text += "\nMessages of the server:\n\n" + "".join(
                f"* {m}\n" for m in messages)
        self.write(f"build-{self.set}.md", text)
        self.write_csv(f"build-{self.set}.csv", (
            "set", "metric", "index", "processes", "seconds", "fastest",
            "slowest", "index_bytes", "wal_bytes", "memory_bytes",
            "cpu_seconds"), lines)

    @staticmethod
    def build_ratios(bench):
        """How many times as fast and as small as pgvector's."""
        seconds = {(i.key, p): (i, BuildBench.seconds(c), c[-1]["bytes"])
                   for i, p, c in bench.rows if i}
        rows = []
        for (_, processes), (index, own, own_bytes) in seconds.items():
            if index.database != "vdb":
                continue
            for (_, p), (other, theirs, their_bytes) in seconds.items():
                if other.database != "vdb" and p == processes:
                    rows.append([f"{index.title} beside {Report.short(other)}",
                                 str(p), times(theirs / own),
                                 f"1/{their_bytes / own_bytes:.1f}"])
        return "\n" + table(["", "processes", "times as fast", "size"],
                            rows) if rows else ""

    def insert(self, bench):
        """Inserts: rate and log of each index."""
        rate = {index and index.key: InsertBench.median(costs, "rate")
                for index, _, costs in bench.rows}
        rows, lines = [], []
        for index, database, costs in bench.rows:
            title = index.title if index else f"no index, {database}"
            own, wal, images = (InsertBench.median(costs, n)
                                for n in ("rate", "wal", "images"))
            row = [title, number(own), size(wal), f"{images:.2f}"]
            for key in ("hnsw", "ivfflat"):
                if key in rate:
                    row.append(times(own / rate[key])
                               if index and index.database == "vdb" else "")
            rows.append(row)
            lines.append((self.data.word, self.metric, title, f"{own:.1f}",
                          f"{wal:.0f}", f"{images:.3f}"))
        text = self.head("Inserts")
        text += (f"COPY of {self.options.insert:,} rows into the table with "
                 "one index, after a checkpoint:\n\n")
        text += table(["index", "rows/s", "WAL a row", "page images a row"]
                      + [f"beside {k}" for k in ("hnsw", "ivfflat")
                         if k in rate], rows)
        self.write(f"insert-{self.set}.md", text)
        self.write_csv(f"insert-{self.set}.csv", (
            "set", "metric", "index", "rows_per_s", "wal_bytes_per_row",
            "page_images_per_row"), lines)
