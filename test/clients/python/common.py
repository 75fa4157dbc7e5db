"""What the Python programs share: the rows, the answers they expect, and TAP lines.

The rows are those that every program of test/clients has, see ../README.md.
"""

import math
import sys

try:
    from pgvector import Bit, HalfVector, SparseVector, Vector
except ImportError:
    # before 0.4, which ../apps has
    from pgvector.utils import Bit, HalfVector, SparseVector, Vector

ROWS = 100
NEAREST = 5


def vector(i):
    return [float(i), i % 7 + 0.25, -i / 2]


def halfvec(i):
    return [float(i % 5), i / 4, 1.5 - i % 3]


def sparse(i):
    return {0: float(i), 3: float(-(i % 4)), 5: 0.5}


def dense(elements):
    return [elements.get(n, 0.0) for n in range(6)]


def bits(i):
    return format(i, "08b")


def row(i):
    """The values of row i as pgvector's Python package has them."""
    return (Vector(vector(i)), HalfVector(halfvec(i)), Bit(bits(i)), SparseVector(sparse(i), 6))


# what is searched for, in the columns' order
QUERY_VECTOR = [3.0, 1.0, -2.0]
QUERY_HALFVEC = [1.0, 2.5, -1.0]
QUERY_BITS = "00110101"
QUERY_SPARSE = {0: 2.0, 3: -1.0, 4: 1.0}


def l2(a, b):
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b)))


def negative_ip(a, b):
    return -sum(x * y for x, y in zip(a, b))


def cosine(a, b):
    return 1 + negative_ip(a, b) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def l1(a, b):
    return sum(abs(x - y) for x, y in zip(a, b))


def hamming(a, b):
    return float(sum(x != y for x, y in zip(a, b)))


def jaccard(a, b):
    both = sum(x == y == "1" for x, y in zip(a, b))
    return 1 - both / sum("1" in (x, y) for x, y in zip(a, b)) if both else 1.0


# column, operator, distance, value of a row and of the query as the distance takes them
DISTANCES = [
    (column, operator, distance, value, query)
    for column, value, query, operators in (
        ("v", vector, QUERY_VECTOR, ("<->", "<#>", "<=>", "<+>")),
        ("h", halfvec, QUERY_HALFVEC, ("<->", "<#>", "<=>", "<+>")),
        ("b", bits, QUERY_BITS, ("<~>", "<%>")),
        ("s", lambda i: dense(sparse(i)), dense(QUERY_SPARSE), ("<->", "<#>", "<=>", "<+>")),
    )
    for operator in operators
    for distance in [
        {"<->": l2, "<#>": negative_ip, "<=>": cosine, "<+>": l1, "<~>": hamming,
            "<%>": jaccard}[operator]
    ]
]

QUERIES = {
    "v": Vector(QUERY_VECTOR),
    "h": HalfVector(QUERY_HALFVEC),
    "b": Bit(QUERY_BITS),
    "s": SparseVector(QUERY_SPARSE, 6),
}


def nearest(distance, value, query):
    """(id, distance) of the nearest rows, ties by id; distances rounded so that ties are ties."""
    rows = [(round(distance(value(i), query), 4), i) for i in range(1, ROWS + 1)]
    return [(i, d) for d, i in sorted(rows)[:NEAREST]]


class Tap:
    """TAP lines of one program, each with the program's name."""

    def __init__(self, name):
        self.name = name
        self.failed = False

    def ok(self, good, what, detail=""):
        print(f"{'ok' if good else 'not ok'} - {self.name}: {what}")
        if not good:
            self.failed = True
            print(f"# {detail}")

    def same(self, got, wanted, what):
        self.ok(got == wanted, what, f"got {got!r}, expected {wanted!r}")

    def answers(self, got, wanted, what):
        """Rows of (id, distance): equal ids, and distances but for single precision."""
        got = [(i, d) for d, i in sorted((round(float(d), 4), i) for i, d in got)]
        good = [i for i, _ in got] == [i for i, _ in wanted] and all(
            abs(d - e) <= 1.0001e-4 for (_, d), (_, e) in zip(got, wanted)
        )
        self.ok(good, what, f"got {got!r}, expected {wanted!r}")

    def end(self):
        sys.exit(1 if self.failed else 0)
