"""
Indexes of libraries that work inside a process, without SQL: what is reached where nothing is
stored in pages, logged, or asked for over a connection.

hnswlib and FAISS hold all vectors in memory.  They are searched with one query at a time, in one
thread, as a server is asked by one client.  Indexes are built once and kept as files; before its
turn an index is read into memory, and the one before it is dropped.
"""

import importlib
import importlib.metadata
import math
import os
import time

import numpy as np

from dataset import BLOCK, normalised
from indexes import HNSW_EF, PROBES, Index

DATABASE = "process"    # what the indexes of libraries have instead of one
TRAINING = 64           # rows a list that FAISS computes centroids from
MODULES = {"hnswlib": "hnswlib", "faissflat": "faiss", "faisspq": "faiss"}
PACKAGES = {"hnswlib": "hnswlib", "faissflat": "faiss-cpu", "faisspq": "faiss-cpu"}


def module(index):
    """The Python module of an index, or None if it is not installed."""
    try:
        return importlib.import_module(MODULES[index.key])
    except ImportError:
        return None


def library_indexes(rows, dims):
    """
    Return the indexes for a table: a graph with hnswlib's own M and ef_construction; lists, four
    times the root of rows as FAISS's guide says, with whole vectors; and the same with 4-bit
    product codes of two dimensions each, of which the best are compared by whole vectors.
    """
    lists = max(1, 4 * math.isqrt(rows))
    probes = [p for p in PROBES if p < lists] + [lists]
    codes = dims // 2 if dims % 2 == 0 else dims
    flat = [[{"faiss.nprobe": p} for p in probes]]
    refined = [[{"faiss.nprobe": p, "faiss.k_factor_rf": f} for p in probes] for f in (4, 16)]
    return [
        Index("hnswlib", DATABASE, "hnswlib", "M = 16, ef_construction = 200", {"hnswlib.ef": 10},
              [[{"hnswlib.ef": e} for e in HNSW_EF]]),
        Index("faissflat", DATABASE, "FAISS", f"IVF{lists},Flat", {"faiss.nprobe": 1}, flat),
        Index("faisspq", DATABASE, "FAISS", f"IVF{lists},PQ{codes}x4fsr,RFlat",
              {"faiss.nprobe": 1, "faiss.k_factor_rf": 1}, refined)]


def versions(indexes):
    """Versions of the libraries of some indexes."""
    return {i.method: version(i) for i in indexes if i.database == DATABASE}


def version(index):
    """Version of the library of an index."""
    return importlib.metadata.version(PACKAGES[index.key])


def prepared(rows, metric):
    """Rows as the indexes take them: FAISS knows no cosine, so lengths become 1."""
    return np.ascontiguousarray(normalised(rows) if metric == "cosine" else rows, dtype=np.float32)


def path_of(data, metric, index, cache):
    """File of an index; its name tells what it was made of."""
    words = [data.name, metric, index.key, index.options, version(index), data.fingerprint]
    name = "".join(c if c.isalnum() or c in "-." else "_" for c in "-".join(words))
    return os.path.join(cache, "libraries", name)


def ensure(data, metric, index, threads, cache, say):
    """Build an index unless its file is there; return what the report says of it."""
    path = path_of(data, metric, index, cache)
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        say(f"building {index.title} on {data.word}")
        before = time.perf_counter()
        built = build(data, metric, index, threads)
        say(f"{index.title}: {time.perf_counter() - before:.1f} s")
        write(built, index, path + ".new")
        os.rename(path + ".new", path)
    return {"bytes": os.path.getsize(path), "inserted": 0}


def build(data, metric, index, threads):
    """Make an index of all rows of a set."""
    library = module(index)
    if index.key == "hnswlib":
        built = library.Index(space=metric, dim=data.dims)
        built.init_index(max_elements=data.rows, M=16, ef_construction=200)
        for start in range(0, data.rows, BLOCK):
            rows = data.block(start, min(data.rows, start + BLOCK))
            built.add_items(rows, np.arange(start, start + len(rows)), num_threads=threads)
        return built
    library.omp_set_num_threads(threads)
    kind = library.METRIC_L2 if metric == "l2" else library.METRIC_INNER_PRODUCT
    built = library.index_factory(data.dims, index.options, kind)
    count = min(data.rows, TRAINING * max(1, 4 * math.isqrt(data.rows)))
    chosen = np.random.default_rng(0).choice(data.rows, count, replace=False)
    built.train(prepared(np.asarray(data.base[np.sort(chosen)], dtype=np.float32), metric))
    for start in range(0, data.rows, BLOCK):
        built.add(prepared(data.block(start, min(data.rows, start + BLOCK)), metric))
    return built


def write(built, index, path):
    """Keep an index as a file."""
    if index.key == "hnswlib":
        built.save_index(path)
    else:
        module(index).write_index(built, path)


class Loaded:
    """An index in memory."""

    def __init__(self, data, metric, index, cache):
        self.index, self.metric = index, metric
        self.library = module(index)
        path = path_of(data, metric, index, cache)
        if index.key == "hnswlib":
            self.searched = self.library.Index(space=metric, dim=data.dims)
            self.searched.load_index(path, max_elements=data.rows)
        else:
            self.searched = self.library.read_index(path)


class LibraryClient:
    """Searches an index in memory, with the methods of search.Client."""

    def __init__(self, loaded, k):
        self.loaded, self.k = loaded, k

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def use(self, settings):
        """Change to other settings of the index."""
        loaded = self.loaded
        plain = {name.split(".")[1]: value for name, value in settings.items()}
        if loaded.index.key == "hnswlib":
            loaded.searched.set_ef(plain["ef"])
        else:
            text = ",".join(f"{name}={value}" for name, value in plain.items())
            loaded.library.ParameterSpace().set_index_parameters(loaded.searched, text)

    def search(self, queries, seconds=math.inf):
        """As search.Client does, with the same queries in binary; results are arrays of ids."""
        vectors = [prepared(np.frombuffer(q, ">f4", offset=4).astype(np.float32)[None, :],
                            self.loaded.metric) for q in queries]
        searched, k, clock = self.loaded.searched, self.k, time.perf_counter_ns
        times, results = [], []
        if self.loaded.index.key == "hnswlib":
            def run(vector):
                return searched.knn_query(vector, k=k, num_threads=1)[0][0]
        else:
            self.loaded.library.omp_set_num_threads(1)

            def run(vector):
                return searched.search(vector, k)[1][0]
        end = clock() + seconds * 1e9
        for vector in vectors:
            before = clock()
            result = run(vector)
            after = clock()
            times.append(after - before)
            results.append(result)
            if after > end:
                break
        return times, results

    @staticmethod
    def processor_seconds():
        """None: the processor time of this process is not that of searches alone."""
        return None

    @staticmethod
    def found(results):
        """Ids of the rows of each result; FAISS has -1 where it found fewer."""
        return [r[r >= 0] for r in results]
