// Drizzle ORM with its own types, and its tool that brings a database to a schema.
'use strict';

const { Pool } = require('pg');
const { asc, cosineDistance, eq, hammingDistance, innerProduct, jaccardDistance, l1Distance, l2Distance, sql } =
  require('drizzle-orm');
const { drizzle } = require('drizzle-orm/node-postgres');
const { bigint, bit, halfvec, index, pgTable, sparsevec, vector } = require('drizzle-orm/pg-core');
const { pushSchema } = require('drizzle-kit/api');
const { SparseVector } = require('pgvector/utils');
const { NEAREST, ROWS, Tap, nearest, operators, query, row } = require('./common');

const tap = new Tap(`Drizzle ${require('drizzle-orm/version').npmVersion}`);
const functions = {
  '<->': l2Distance, '<#>': innerProduct, '<=>': cosineDistance, '<+>': l1Distance,
  '<~>': hammingDistance, '<%>': jaccardDistance,
};
// every operator class that hnsw and ivfflat of pgvector have
const classes = {
  hnsw: {
    v: ['vector_l2_ops', 'vector_ip_ops', 'vector_cosine_ops', 'vector_l1_ops'],
    h: ['halfvec_l2_ops', 'halfvec_ip_ops', 'halfvec_cosine_ops', 'halfvec_l1_ops'],
    b: ['bit_hamming_ops', 'bit_jaccard_ops'],
    s: ['sparsevec_l2_ops', 'sparsevec_ip_ops', 'sparsevec_cosine_ops', 'sparsevec_l1_ops'],
  },
  ivfflat: {
    v: ['vector_l2_ops', 'vector_ip_ops', 'vector_cosine_ops'],
    h: ['halfvec_l2_ops', 'halfvec_ip_ops', 'halfvec_cosine_ops'],
    b: ['bit_hamming_ops'],
  },
};
const indexes = Object.entries(classes).flatMap(([method, columns]) =>
  Object.entries(columns).flatMap(([column, names]) => names.map((name) => [method, column, name])));

const items = pgTable('items', {
  id: bigint({ mode: 'number' }).primaryKey(),
  v: vector({ dimensions: 3 }),
  h: halfvec({ dimensions: 3 }),
  b: bit({ dimensions: 8 }),
  s: sparsevec({ dimensions: 6 }),
}, (table) => [
  ...indexes.map(([method, column, name]) =>
    index(`items_${method}_${name}`).using(method, table[column].op(name))),
  index('items_options').using('hnsw', table.v.op('vector_l2_ops')).with({ m: 8, ef_construction: 32 }),
]);

// Brings the database to the schema; the statements of the tool.
async function push(db, schema) {
  const write = process.stdout.write;
  process.stdout.write = () => true; // a spinner, between the TAP lines
  try {
    const { statementsToExecute, apply } = await pushSchema(schema, db);
    await apply();
    return statementsToExecute;
  } finally {
    process.stdout.write = write;
  }
}

async function main() {
  const pool = new Pool({ max: 2 });
  const db = drizzle(pool);
  await db.execute(sql`CREATE EXTENSION vector`);
  let statements = await push(db, { items });
  tap.same(statements.length, indexes.length + 2, 'the schema is pushed, and nothing else is dropped');
  const { rows: [{ count }] } = await db.execute(sql`
    SELECT count(*)::int FROM pg_indexes WHERE tablename = 'items' AND indexdef ~ 'USING (hnsw|ivfflat)'`);
  tap.same(count, indexes.length + 1, 'an index of every operator class');
  statements = await push(db, { items });
  tap.ok(statements.every((s) => !/DROP (TABLE|VIEW)/.test(s)), 'pushing again drops no relation',
    JSON.stringify(statements));

  await db.insert(items).values(Array.from({ length: ROWS }, (_, n) => {
    const { id, v, h, b, s } = row(n + 1);
    return { id: Number(id), v, h, b, s: s.toPostgres() };
  }));
  const got = await db.select().from(items).orderBy(asc(items.id));
  tap.same(got.map((r) => ({ ...r, id: String(r.id), s: new SparseVector(r.s) })),
    Array.from({ length: ROWS }, (_, n) => row(n + 1)), 'rows inserted and read');

  const s = new SparseVector(query.s).toPostgres();
  for (const scan of ['table', 'indexes']) {
    await db.transaction(async (transaction) => {
      await transaction.execute(sql.raw(scan === 'table' ? 'SET LOCAL enable_indexscan = off'
        : 'SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; ' +
          'SET LOCAL hnsw.ef_search = 100; SET LOCAL ivfflat.probes = 100'));
      for (const [column, names] of Object.entries(operators)) {
        for (const operator of names) {
          const distance = functions[operator](items[column], column === 's' ? s : query[column]);
          const all = await transaction.select({ id: items.id, d: distance }).from(items).orderBy(distance);
          const rows = all.map((r) => [r.id, Number(Number(r.d).toFixed(4))])
            .sort((x, y) => x[1] - y[1] || x[0] - y[0]).slice(0, NEAREST);
          tap.answers(rows, nearest(column, operator), `${column} ${operator}, ${scan}`);
        }
      }
    });
  }
  await db.update(items).set({ v: [1, 2, 3] }).where(eq(items.id, 1));
  await db.insert(items).values({ id: 0, v: [1, 2] }).then(
    () => tap.ok(false, 'a vector of other dimensions is refused'),
    (error) => tap.same((error.cause ?? error).code, '22000', 'a vector of other dimensions is refused'));
  await pool.end();
}

main();
