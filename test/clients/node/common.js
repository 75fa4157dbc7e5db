// What the Node programs share: the rows, the answers they expect, and TAP lines.
//
// The rows are those that every program of test/clients has, see ../README.md.
'use strict';

const { isDeepStrictEqual } = require('node:util');
const { SparseVector } = require('pgvector/utils');

const ROWS = 100;
const NEAREST = 5;

const vector = (i) => [i, (i % 7) + 0.25, -i / 2];
const halfvec = (i) => [i % 5, i / 4, 1.5 - (i % 3)];
const sparse = (i) => [i, 0, 0, 0 - (i % 4), 0, 0.5];
const bits = (i) => i.toString(2).padStart(8, '0');

// row i as an object, with pgvector's class for sparse vectors
function row(i) {
  return { id: String(i), v: vector(i), h: halfvec(i), b: bits(i), s: new SparseVector(sparse(i)) };
}

const query = { v: [3, 1, -2], h: [1, 2.5, -1], b: '00110101', s: [2, 0, 0, -1, 1, 0] };

const sum = (terms) => terms.reduce((a, b) => a + b, 0);
const product = (a, b) => sum(a.map((x, n) => x * b[n]));
const distances = {
  '<->': (a, b) => Math.sqrt(sum(a.map((x, n) => (x - b[n]) ** 2))),
  '<#>': (a, b) => -product(a, b),
  '<=>': (a, b) => 1 - product(a, b) / Math.sqrt(product(a, a) * product(b, b)),
  '<+>': (a, b) => sum(a.map((x, n) => Math.abs(x - b[n]))),
  '<~>': (a, b) => sum([...a].map((x, n) => Number(x !== b[n]))),
  '<%>': (a, b) => {
    const both = sum([...a].map((x, n) => Number(x === '1' && b[n] === '1')));
    return both === 0 ? 1 : 1 - both / sum([...a].map((x, n) => Number(x === '1' || b[n] === '1')));
  },
};
const values = { v: vector, h: halfvec, b: bits, s: sparse };
const operators = { v: ['<->', '<#>', '<=>', '<+>'], h: ['<->', '<#>', '<=>', '<+>'], b: ['<~>', '<%>'], s: ['<->', '<#>', '<=>', '<+>'] };

// [id, distance] of the nearest rows, ties by id; distances rounded so that ties are ties
function nearest(column, operator) {
  const rows = [];
  for (let i = 1; i <= ROWS; i++) {
    rows.push([i, Number(distances[operator](values[column](i), query[column]).toFixed(4))]);
  }
  return rows.sort((a, b) => a[1] - b[1] || a[0] - b[0]).slice(0, NEAREST);
}

// TAP lines of one program, each with the program's name
class Tap {
  constructor(name) {
    this.name = name;
  }

  ok(good, what, detail) {
    console.log(`${good ? 'ok' : 'not ok'} - ${this.name}: ${what}`);
    if (!good) {
      process.exitCode = 1;
      console.log(`# ${detail}`);
    }
  }

  same(got, wanted, what) {
    this.ok(isDeepStrictEqual(got, wanted), what, `got ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`);
  }

  // rows of [id, distance]: equal ids, and distances but for single precision
  answers(rows, wanted, what) {
    const got = rows.map(([id, d]) => [Number(id), Number(Number(d).toFixed(4))]).sort((a, b) => a[1] - b[1] || a[0] - b[0]);
    const good = got.length === wanted.length &&
      got.every(([id, d], n) => id === wanted[n][0] && Math.abs(d - wanted[n][1]) <= 1.0001e-4);
    this.ok(good, what, `got ${JSON.stringify(got)}, expected ${JSON.stringify(wanted)}`);
  }
}

module.exports = { NEAREST, ROWS, Tap, nearest, operators, query, row };
