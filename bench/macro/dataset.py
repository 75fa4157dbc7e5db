"""
Data sets: rows and queries as NumPy arrays, and exact neighbours.

A set is named by a word:

  sample               bench/data: 10,000 package descriptions, 384 dimensions
  synthetic-ROWSxDIMS  generated, see Synthetic; written once, then read
  NAME                 a folder with base and query (.npy, or .npz with the
                       array x) below one of the folders in BENCH_DATA

Everything here is float32 by the time it is used.  Files are read through
memory maps and in blocks, so that sets may be larger than memory.
"""

import gzip
import hashlib
import os
import re

import numpy as np
from numpy.lib.format import open_memmap

BLOCK = 10_000          # rows generated or compared at a time
TRUTH_K = 100           # neighbours kept for each query
SYNTHETIC_QUERIES = 10_000
SYNTHETIC_MORE = 50_000

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


class Synthetic:
    """
    Generator of clustered unit vectors.

    A row is a point of a heavy-tailed mixture of 2,000 clusters in 48 latent
    dimensions, sent through a random map of two tanh layers, with 2 % noise:

      cluster   chosen with a weight proportional to exp(N(0,1)); its centre is
                N(0, I), its radius 0.5 * exp(0.3 * N(0,1))
      latent    centre + radius * t, where t is Student's t with 5 degrees of
                freedom, one denominator a row
      map       x = tanh(W2 tanh(W1 z + b1) + b2), 256 hidden units; W entries
                N(0, 1/inputs), b entries N(0, 0.1)
      noise     N(0, 0.02 * root mean square of the row's elements)

    and is divided by its length.  Block i of a kind of rows (base, query,
    more) depends on the seed, the kind, i and the dimensions only.
    """

    CLUSTERS, LATENT, HIDDEN = 2000, 48, 256
    KINDS = {"base": 1, "query": 2, "more": 3}

    def __init__(self, dims, seed=20240607):
        self.seed = seed
        rng = np.random.default_rng([seed, 0])
        weight = np.exp(rng.standard_normal(self.CLUSTERS))
        self.share = np.cumsum(weight / weight.sum())
        self.centre = rng.standard_normal((self.CLUSTERS, self.LATENT))
        self.radius = 0.5 * np.exp(0.3 * rng.standard_normal(self.CLUSTERS))
        self.w1, self.b1 = self.layer(rng, self.LATENT, self.HIDDEN)
        self.w2, self.b2 = self.layer(rng, self.HIDDEN, dims)

    @staticmethod
    def layer(rng, inputs, outputs):
        """Return the weights and offsets of one layer."""
        w = rng.standard_normal((inputs, outputs)) / np.sqrt(inputs)
        b = rng.standard_normal(outputs) * np.sqrt(0.1)
        return w.astype(np.float32), b.astype(np.float32)

    def block(self, kind, number, rows):
        """Return the first rows rows of block number of a kind."""
        rng = np.random.default_rng([self.seed, self.KINDS[kind], number])
        cluster = np.searchsorted(self.share, rng.random(BLOCK))
        cluster = np.minimum(cluster, self.CLUSTERS - 1)
        z = rng.standard_normal((BLOCK, self.LATENT))
        z /= np.sqrt(rng.chisquare(5, BLOCK) / 5)[:, None]
        z = self.centre[cluster] + self.radius[cluster][:, None] * z
        hidden = np.tanh(z.astype(np.float32) @ self.w1 + self.b1)
        x = np.tanh(hidden @ self.w2 + self.b2)
        size = 0.02 * np.sqrt((x * x).mean(1, keepdims=True))
        x += size * rng.standard_normal(x.shape, dtype=np.float32)
        x /= np.sqrt((x * x).sum(1, keepdims=True))
        return x[:rows]

    def write(self, path, kind, rows, dims):
        """Write rows rows of a kind as an .npy file, unless it is there."""
        if os.path.exists(path):
            return
        out = open_memmap(path + ".new", mode="w+", dtype=np.float32,
                          shape=(rows, dims))
        for start in range(0, rows, BLOCK):
            count = min(BLOCK, rows - start)
            out[start:start + count] = self.block(kind, start // BLOCK, count)
        out.flush()
        os.rename(path + ".new", path)


class DataSet:
    """
    Rows, queries and more rows to insert.

    name    an identifier in SQL as well: letters, digits and underscores
    base, query, more   arrays of any numeric type; more may be None
    metric  distance that the set is measured with: l2 or cosine
    tenant  a whole number for each row that the set itself has, or None
    """

    def __init__(self, word, base, query, more, cache, tenant=None):
        self.word, self.tenant = word, tenant
        self.name = re.sub(r"\W", "_", word.lower())
        self.base, self.query, self.more = base, query, more
        self.rows, self.dims = base.shape
        self.cache = cache
        head = self.block(0, min(self.rows, 1000))
        length = np.sqrt((head * head).sum(1))
        unit = bool(np.abs(length - 1).max() < 0.01)
        self.metric = "cosine" if unit else "l2"
        digest = hashlib.sha256(repr((base.shape, query.shape)).encode())
        digest.update(head.tobytes())
        digest.update(self.block(max(0, self.rows - 1000), self.rows).tobytes())
        digest.update(np.asarray(query[:1000], dtype=np.float32).tobytes())
        self.fingerprint = digest.hexdigest()[:16]

    def block(self, start, stop):
        """Return rows start to stop as float32."""
        return np.ascontiguousarray(self.base[start:stop], dtype=np.float32)

    def queries(self, count):
        """Return the first count queries as float32."""
        return np.ascontiguousarray(self.query[:count], dtype=np.float32)

    def rows_to_insert(self, start, count):
        """
        Return count rows that are not in the table, from number start on: of
        the set itself, or points between two rows of it, nine parts of the
        one and one of the other.
        """
        if self.more is not None and start + count <= len(self.more):
            return np.ascontiguousarray(self.more[start:start + count],
                                        dtype=np.float32)
        rng = np.random.default_rng([start, count])
        a, b = (np.asarray(self.base[np.sort(rng.integers(self.rows,
                                                          size=count))],
                           dtype=np.float32) for _ in range(2))
        x = 0.9 * a + 0.1 * b[rng.permutation(count)]
        if self.metric == "cosine":
            x /= np.sqrt((x * x).sum(1, keepdims=True))
        return x

    def distances(self, metric, query, ids):
        """Return the float64 distances of one query to the rows ids."""
        rows = np.asarray(self.base[ids], dtype=np.float64)
        return distances(metric, np.asarray(query, dtype=np.float64), rows)

    def truth(self, metric, count):
        """
        Return the distances of the first count queries to their TRUTH_K
        nearest rows, ascending, as float64 [count, TRUTH_K]; kept in the
        cache.
        """
        path = os.path.join(self.cache, f"truth-{self.name}-{metric}-{count}-"
                                        f"{self.fingerprint}.npy")
        if not os.path.exists(path):
            os.makedirs(self.cache, exist_ok=True)
            found = self.nearest(metric, self.queries(count))
            with open(path + ".new", "wb") as f:
                np.save(f, found)
            os.rename(path + ".new", path)
        return np.load(path)

    def nearest(self, metric, queries):
        """Search exactly: a product of matrices for each block of rows."""
        keep = min(self.rows, TRUTH_K + 28)
        if metric == "cosine":
            queries = normalised(queries)
        best = np.full((len(queries), 0), np.inf, dtype=np.float32)
        ids = np.zeros((len(queries), 0), dtype=np.int64)
        for start in range(0, self.rows, BLOCK):
            rows = self.block(start, min(self.rows, start + BLOCK))
            if metric == "cosine":
                rows = normalised(rows)
            score = -2 * (queries @ rows.T)
            if metric == "l2":
                score += (rows * rows).sum(1)
            best = np.concatenate([best, score], axis=1)
            new = np.broadcast_to(np.arange(start, start + len(rows)),
                                  score.shape)
            ids = np.concatenate([ids, new], axis=1)
            if best.shape[1] > keep:
                chosen = np.argpartition(best, keep - 1, axis=1)[:, :keep]
                best = np.take_along_axis(best, chosen, 1)
                ids = np.take_along_axis(ids, chosen, 1)
        return np.stack([np.sort(self.distances(metric, q, i))
                         [:min(self.rows, TRUTH_K)]
                         for q, i in zip(queries, ids)])


def normalised(x):
    """Return rows divided by their length; zero rows stay."""
    length = np.sqrt((x * x).sum(1, keepdims=True))
    return x / np.where(length == 0, 1, length)


def distances(metric, query, rows):
    """Return distances as the operators of the metric define them."""
    if metric == "l2":
        return np.sqrt(((rows - query) ** 2).sum(1))
    dot = rows @ query
    if metric == "ip":
        return -dot
    return 1 - dot / np.sqrt((rows * rows).sum(1) * (query * query).sum())


def read_sample():
    """Return the embeddings of bench/data: packages and queries."""
    out = []
    for name in ("packages", "queries"):
        path = os.path.join(ROOT, "bench", "data", name + ".tsv.gz")
        with gzip.open(path, "rt", encoding="utf-8") as f:
            text = [line.rstrip("\n").rsplit("\t", 1)[1] for line in f]
        numbers = ",".join(t[1:-1] for t in text).split(",")
        out.append(np.array(numbers, dtype=np.float32).reshape(len(text), -1))
    return out


def read_array(folder, name):
    """Return the array of folder/name.npy or .npz, or None."""
    path = os.path.join(folder, name)
    if os.path.exists(path + ".npy"):
        return np.load(path + ".npy", mmap_mode="r")
    if os.path.exists(path + ".npz"):
        with np.load(path + ".npz") as archive:
            return archive["x"]
    return None


def open_set(word, folders, cache):
    """
    Open the data set of a word, which may have to be generated first.
    folders: where named sets are looked for; cache: folder for what is kept.
    """
    truth = os.path.join(cache, "truth")
    if word == "sample":
        base, query = read_sample()
        return DataSet(word, base, query, None, truth)
    size = re.fullmatch(r"synthetic-(\d+)x(\d+)", word)
    if size:
        rows, dims = int(size[1]), int(size[2])
        folder = os.path.join(cache, "sets", word)
        os.makedirs(folder, exist_ok=True)
        generator = Synthetic(dims)
        for kind, count in (("base", rows), ("query", SYNTHETIC_QUERIES),
                            ("more", SYNTHETIC_MORE)):
            generator.write(os.path.join(folder, kind + ".npy"), kind, count,
                            dims)
        return DataSet(word, read_array(folder, "base"),
                       read_array(folder, "query"), read_array(folder, "more"),
                       truth)
    for folder in folders:
        base = read_array(os.path.join(folder, word), "base")
        query = read_array(os.path.join(folder, word), "query")
        if base is not None and query is not None:
            tenant = read_array(os.path.join(folder, word), "base_video")
            return DataSet(word, base, query, None, truth, tenant)
    raise SystemExit(f"there is no data set \"{word}\": neither sample nor "
                     "synthetic-ROWSxDIMS nor a folder with base and query "
                     "below those of BENCH_DATA")
