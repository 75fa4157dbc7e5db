// node-postgres with pgvector's type parsers: parameters, prepared statements and COPY.
'use strict';

const { pipeline } = require('node:stream/promises');
const { Readable } = require('node:stream');
const pg = require('pg');
const { from, to } = require('pg-copy-streams');
const pgvector = require('pgvector/pg');
const { SparseVector } = require('pgvector/utils');
const { NEAREST, ROWS, Tap, nearest, operators, query, row } = require('./common');

const tap = new Tap(`pg ${require('pg/package.json').version}`);

// What a row's values are sent as.
function parameters(i) {
  const { v, h, b, s } = row(i);
  return [i, pgvector.toSql(v), pgvector.toSql(h), b, pgvector.toSql(s)];
}

async function main() {
  const client = new pg.Client();
  await client.connect();
  await client.query('CREATE EXTENSION IF NOT EXISTS vector');
  await pgvector.registerTypes(client);
  await client.query('CREATE TABLE items (id bigint PRIMARY KEY, v vector(3), h halfvec(3), b bit(8), s sparsevec(6))');
  const rows = async (table) => (await client.query(`SELECT * FROM ${table} ORDER BY id`)).rows;
  const expected = Array.from({ length: ROWS }, (_, n) => row(n + 1));

  for (let i = 1; i <= ROWS; i++) {
    await client.query({ name: 'insert', text: 'INSERT INTO items VALUES ($1, $2, $3, $4, $5)', values: parameters(i) });
  }
  tap.same(await rows('items'), expected, 'rows inserted by a prepared statement');

  await client.query('CREATE TABLE copied (LIKE items)');
  const lines = Array.from({ length: ROWS }, (_, n) => parameters(n + 1).join('\t') + '\n');
  await pipeline(Readable.from(lines), client.query(from('COPY copied FROM STDIN')));
  tap.same(await rows('copied'), expected, 'COPY FROM as text');

  // binary: parameters that are buffers, and COPY (the driver reads query results as text only)
  const binary = [
    '00030000' + '41100000' + '40100000' + 'c0900000',
    '00030000' + '4400' + '4080' + '3e00',
    '00000006' + '00000003' + '00000000' + '00000000' + '00000003' + '00000005' + '41100000' + 'bf800000' + '3f000000',
  ].map((hex) => Buffer.from(hex, 'hex'));
  await client.query('CREATE TABLE binary_items (LIKE items)');
  await client.query('INSERT INTO binary_items SELECT 9, $1, $2, b, $3 FROM items WHERE id = 9', binary);
  tap.same(await rows('binary_items'), [row(9)], 'values sent in binary');
  const sent = await client.query({
    text: 'SELECT vector_send(v), halfvec_send(h), sparsevec_send(s) FROM items WHERE id = 9',
    rowMode: 'array',
  });
  tap.same(sent.rows[0], binary, 'the same bytes come back');
  await client.query('TRUNCATE copied');
  const copy = [];
  for await (const chunk of client.query(to('COPY items TO STDOUT (FORMAT binary)'))) {
    copy.push(chunk);
  }
  await pipeline(Readable.from(copy), client.query(from('COPY copied FROM STDIN (FORMAT binary)')));
  tap.same(await rows('copied'), expected, 'COPY in binary, out and in');

  for (const column of ['v', 'h', 'b', 's']) {
    const value = { b: query.b, s: new SparseVector(query.s) }[column] ?? query[column];
    for (const operator of operators[column]) {
      const got = await client.query({
        text: `SELECT id, round((${column} ${operator} $1)::numeric, 4) FROM items ORDER BY 2, 1 LIMIT ${NEAREST}`,
        values: [column === 'b' ? value : pgvector.toSql(value)],
        rowMode: 'array',
      });
      tap.answers(got.rows, nearest(column, operator), `${column} ${operator}`);
    }
  }

  await client.query('CREATE INDEX ON items USING hnsw (v vector_ip_ops)');
  await client.query('CREATE INDEX ON items USING ivfflat (b bit_hamming_ops) WITH (lists = 1)');
  await client.query('BEGIN');
  await client.query('SET LOCAL enable_seqscan = off');
  await client.query('SET LOCAL hnsw.ef_search = 200');
  const got = await client.query({
    text: `SELECT id, v <#> $1 FROM items ORDER BY v <#> $1 LIMIT ${NEAREST}`,
    values: [pgvector.toSql(query.v)],
    rowMode: 'array',
  });
  tap.answers(got.rows, nearest('v', '<#>'), 'nearest rows through hnsw');
  const plan = JSON.stringify((await client.query("EXPLAIN SELECT id FROM items ORDER BY v <#> '[3,1,-2]' LIMIT 5")).rows);
  tap.ok(plan.includes('Index Scan using items_v_idx'), 'the plan uses hnsw', plan);
  const near = await client.query(`SELECT b <~> $1 AS d FROM items ORDER BY b <~> $1 LIMIT ${NEAREST}`, [query.b]);
  tap.same(near.rows.map((r) => r.d), nearest('b', '<~>').map(([, d]) => d), 'nearest bit strings through ivfflat');
  await client.query('COMMIT');

  await client.query('INSERT INTO items VALUES (0, $1)', ['[1,2]']).then(
    () => tap.ok(false, 'a vector of other dimensions is refused'),
    (error) => tap.same([error.code, error.message], ['22000', 'expected 3 dimensions, not 2'],
      'a vector of other dimensions is refused'));
  await client.end();
}

main();
