// Knex with pgvector's schema and query builder methods.
'use strict';

const Knex = require('knex');
const pgvector = require('pgvector/knex');
const { SparseVector } = require('pgvector/utils');
const { NEAREST, ROWS, Tap, nearest, operators, query, row } = require('./common');

const tap = new Tap(`Knex ${require('knex/package.json').version}`);
const methods = {
  '<->': 'l2Distance', '<#>': 'maxInnerProduct', '<=>': 'cosineDistance', '<+>': 'l1Distance',
  '<~>': 'hammingDistance', '<%>': 'jaccardDistance',
};

async function main() {
  const knex = Knex({ client: 'pg', connection: { host: process.env.PGHOST, port: process.env.PGPORT,
    user: process.env.PGUSER, database: process.env.PGDATABASE }, pool: { min: 1, max: 1 } });
  await knex.schema.enableExtension('vector');
  await knex.schema.createTable('items', (table) => {
    table.bigInteger('id').primary();
    table.vector('v', 3);
    table.halfvec('h', { dimensions: 3 });
    table.specificType('b', 'bit(8)');
    table.sparsevec('s', 6);
    table.index(knex.raw('v vector_l2_ops'), 'items_hnsw', 'hnsw');
    table.index(knex.raw('h halfvec_cosine_ops'), 'items_ivfflat', 'ivfflat');
  });
  await knex('items').insert(Array.from({ length: ROWS }, (_, n) => {
    const { id, v, h, b, s } = row(n + 1);
    return { id, v: pgvector.toSql(v), h: pgvector.toSql(h), b, s: pgvector.toSql(s) };
  }));
  const rows = (await knex('items').orderBy('id')).map((r) => (
    { ...r, v: pgvector.fromSql(r.v), h: pgvector.fromSql(r.h), s: pgvector.fromSql(r.s) }));
  tap.same(rows, Array.from({ length: ROWS }, (_, n) => row(n + 1)), 'rows inserted and read');

  for (const column of ['v', 'h', 'b', 's']) {
    const value = column === 's' ? new SparseVector(query.s) : query[column];
    for (const operator of operators[column]) {
      const distance = knex.queryBuilder()[methods[operator]](column, value);
      const got = await knex('items')
        .select('id', knex.raw('round((?)::numeric, 4) AS d', [distance]))
        .orderBy(['d', 'id'])
        .limit(NEAREST);
      tap.answers(got.map((r) => [r.id, r.d]), nearest(column, operator), `${column} ${operator}`);
    }
  }

  await knex.transaction(async (transaction) => {
    await transaction.raw('SET LOCAL enable_seqscan = off');
    await transaction.raw('SET LOCAL hnsw.ef_search = 100');
    await transaction.raw('SET LOCAL ivfflat.probes = 10');
    const ids = (rows) => rows.map((r) => Number(r.id)).sort((a, b) => a - b);
    const expected = (...search) => nearest(...search).map(([id]) => id).sort((a, b) => a - b);
    let got = await transaction('items').select('id').orderBy(knex.l2Distance('v', query.v)).limit(NEAREST);
    tap.same(ids(got), expected('v', '<->'), 'nearest rows through hnsw');
    got = await transaction('items').select('id').orderBy(knex.cosineDistance('h', query.h)).limit(NEAREST);
    tap.same(ids(got), expected('h', '<=>'), 'nearest rows through ivfflat');
    const plan = await transaction.raw("EXPLAIN SELECT id FROM items ORDER BY h <=> '[1,2.5,-1]' LIMIT 5");
    tap.ok(JSON.stringify(plan.rows).includes('Index Scan using items_ivfflat'), 'the plan uses ivfflat',
      JSON.stringify(plan.rows));
  });
  await knex('items').insert({ id: 0, v: '[1,2]' }).then(
    () => tap.ok(false, 'a vector of other dimensions is refused'),
    (error) => tap.same(error.code, '22000', 'a vector of other dimensions is refused'));
  await knex.destroy();
}

main();
