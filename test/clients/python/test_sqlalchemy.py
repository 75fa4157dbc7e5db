"""SQLAlchemy's ORM, on psycopg, with pgvector's column types and index DDL."""

import sqlalchemy
from pgvector import HalfVector, SparseVector
from pgvector.sqlalchemy import BIT, HALFVEC, SPARSEVEC, VECTOR, avg
from sqlalchemy import Index, create_engine, func, select, text
from sqlalchemy.exc import DataError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from common import (DISTANCES, NEAREST, QUERY_BITS, QUERY_HALFVEC, QUERY_SPARSE, QUERY_VECTOR,
    ROWS, Tap, bits,
                    halfvec, nearest, sparse, vector)

tap = Tap(f"SQLAlchemy {sqlalchemy.__version__}")
engine = create_engine("postgresql+psycopg://")
with engine.begin() as connection:
    connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"
    id = mapped_column(sqlalchemy.BigInteger, primary_key=True)
    v = mapped_column(VECTOR(3))
    h = mapped_column(HALFVEC(3))
    b = mapped_column(BIT(8))
    s = mapped_column(SPARSEVEC(6))


Index("items_hnsw", Item.v, postgresql_using="hnsw",
    postgresql_with={"m": 16, "ef_construction": 64},
      postgresql_ops={"v": "vector_cosine_ops"})
Index("items_ivfflat", Item.v, postgresql_using="ivfflat", postgresql_with={"lists": 1},
      postgresql_ops={"v": "vector_l2_ops"})
Index("items_half", sqlalchemy.cast(Item.v, HALFVEC(3)).label("half"), postgresql_using="hnsw",
      postgresql_ops={"half": "halfvec_l2_ops"})
Base.metadata.create_all(engine)
tap.ok(True, "tables and indexes of the metadata")

with Session(engine) as session:
    session.add_all(
        Item(id=i, v=vector(i), h=HalfVector(halfvec(i)), b=bits(i), s=SparseVector(sparse(i), 6))
        for i in range(1, ROWS + 1)
    )
    session.commit()
with Session(engine) as session:
    got = [(item.v, item.h, item.b, item.s)
           for item in session.scalars(select(Item).order_by(Item.id))]
    tap.same(
        got,
        [(vector(i), halfvec(i), bits(i), SparseVector(sparse(i), 6)) for i in range(1, ROWS + 1)],
        "rows inserted and read",
    )

    methods = {"<->": "l2_distance", "<#>": "max_inner_product", "<=>": "cosine_distance",
               "<+>": "l1_distance",
               "<~>": "hamming_distance", "<%>": "jaccard_distance"}
    queries = {"v": QUERY_VECTOR, "h": HalfVector(QUERY_HALFVEC), "b": QUERY_BITS,
        "s": SparseVector(QUERY_SPARSE, 6)}
    session.execute(text("SET LOCAL enable_indexscan = off"))
    for column, operator, distance, value, query in DISTANCES:
        expression = getattr(getattr(Item, column), methods[operator])(queries[column])
        rounded = func.round(sqlalchemy.cast(expression, sqlalchemy.Numeric), 4)
        statement = select(Item.id, rounded).order_by(rounded, Item.id).limit(NEAREST)
        got = session.execute(statement).all()
        tap.answers([tuple(r) for r in got], nearest(distance, value, query),
            f"{column} {operator}")
    session.rollback()

    session.execute(text("SET LOCAL enable_seqscan = off"))
    session.execute(text("SET LOCAL hnsw.ef_search = 100"))
    order = Item.v.cosine_distance(QUERY_VECTOR)
    got = session.execute(select(Item.id, order).order_by(order).limit(NEAREST)).all()
    tap.answers([tuple(r) for r in got], nearest(*DISTANCES[2][2:]), "nearest rows through hnsw")
    order = sqlalchemy.cast(Item.v, HALFVEC(3)).l2_distance(QUERY_VECTOR)
    got = session.execute(select(Item.id, order).order_by(order).limit(NEAREST)).all()
    tap.answers([tuple(r) for r in got], nearest(*DISTANCES[0][2:]),
        "nearest rows through an index on a cast")
    plan = str(session.execute(text(
        "EXPLAIN SELECT id FROM items ORDER BY v::halfvec(3) <-> '[3,1,-2]' LIMIT 5")).all())
    tap.ok("Index Scan using items_half" in plan, "the plan uses that index", plan)
    tap.same(session.scalars(select(avg(Item.v)).where(Item.id <= 3)).one(), [2.0, 2.25, -1.0],
        "avg of vector")
    try:
        session.add(Item(id=0, v=[1, 2]))
        session.flush()
        tap.ok(False, "a vector of other dimensions is refused")
    except DataError as error:
        tap.ok("expected 3 dimensions, not 2" in str(error),
            "a vector of other dimensions is refused", str(error))

with engine.connect() as connection:
    columns = {c["name"]: c["type"] for c in sqlalchemy.inspect(connection).get_columns("items")}
    tap.same([type(columns[name]) for name in "vhs"], [VECTOR, HALFVEC, SPARSEVEC],
        "types of columns are recognised")
    names = sorted(index["name"] for index in sqlalchemy.inspect(connection).get_indexes("items"))
    tap.same(names, ["items_half", "items_hnsw", "items_ivfflat"], "indexes are recognised")
tap.end()
