//! The rows, the answers that are expected, and TAP lines.  The rows are those that every program
//! of test/clients has, see ../../README.md.

use std::fmt::Debug;

pub const ROWS: i64 = 100;
pub const NEAREST: usize = 5;

pub fn vector(i: i64) -> Vec<f32> {
    let x = i as f32;
    vec![x, (i % 7) as f32 + 0.25, -x / 2.0]
}

pub fn halfvec(i: i64) -> Vec<f32> {
    vec![(i % 5) as f32, i as f32 / 4.0, 1.5 - (i % 3) as f32]
}

pub fn sparse(i: i64) -> Vec<f32> {
    vec![i as f32, 0.0, 0.0, 0.0 - (i % 4) as f32, 0.0, 0.5]
}

/// The eight bits of i, each as 0 or 1.
pub fn bits(i: i64) -> Vec<f32> {
    (0..8).map(|n| (i >> (7 - n) & 1) as f32).collect()
}

/// A column: its rows and what is searched for in it, as the distances take them.
pub struct Column {
    pub name: &'static str,
    pub operators: &'static [&'static str],
    pub value: fn(i64) -> Vec<f32>,
    pub query: Vec<f32>,
}

const OPERATORS: &[&str] = &["<->", "<#>", "<=>", "<+>"];

pub fn columns() -> Vec<Column> {
    let column = |name, operators, value, query| Column { name, operators, value, query };
    vec![
        column("v", OPERATORS, vector, vec![3.0, 1.0, -2.0]),
        column("h", OPERATORS, halfvec, vec![1.0, 2.5, -1.0]),
        column("b", &["<~>", "<%>"], bits, bits(0b0011_0101)),
        column("s", OPERATORS, sparse, vec![2.0, 0.0, 0.0, -1.0, 1.0, 0.0]),
    ]
}

fn sum(a: &[f32], b: &[f32], term: fn(f64, f64) -> f64) -> f64 {
    a.iter().zip(b).map(|(&x, &y)| term(x.into(), y.into())).sum()
}

fn product(a: &[f32], b: &[f32]) -> f64 {
    sum(a, b, |x, y| x * y)
}

fn distance(operator: &str, a: &[f32], b: &[f32]) -> f64 {
    match operator {
        "<->" => sum(a, b, |x, y| (x - y) * (x - y)).sqrt(),
        "<#>" => -product(a, b),
        "<=>" => 1.0 - product(a, b) / (product(a, a) * product(b, b)).sqrt(),
        "<+>" | "<~>" => sum(a, b, |x, y| (x - y).abs()),
        "<%>" => 1.0 - product(a, b) / sum(a, b, f64::max),
        _ => panic!("no distance for {operator}"),
    }
}

/// Rounds distances, so that ties are ties, and sorts by distance and id.
fn in_order(mut answers: Vec<(i64, f64)>) -> Vec<(i64, f64)> {
    for answer in &mut answers {
        answer.1 = (answer.1 * 1e4).round() / 1e4;
    }
    answers.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    answers
}

/// What a search in the column is to answer.
pub fn nearest(column: &Column, operator: &str) -> Vec<(i64, f64)> {
    let far = |i| (i, distance(operator, &(column.value)(i), &column.query));
    let mut answers = in_order((1..=ROWS).map(far).collect());
    answers.truncate(NEAREST);
    answers
}

/// TAP lines of the program, each with its name.
pub struct Tap {
    name: String,
    pub failed: bool,
}

impl Tap {
    pub fn new(name: &str) -> Tap {
        Tap { name: name.to_string(), failed: false }
    }

    pub fn ok(&mut self, good: bool, what: &str, detail: impl Debug) {
        println!("{} - {}: {what}", if good { "ok" } else { "not ok" }, self.name);
        if !good {
            self.failed = true;
            println!("# {detail:?}");
        }
    }

    pub fn same<T: PartialEq + Debug>(&mut self, got: T, wanted: T, what: &str) {
        self.ok(got == wanted, what, (&got, &wanted));
    }

    /// Equal ids, and distances but for single precision.
    pub fn answers(&mut self, got: Vec<(i64, f64)>, wanted: Vec<(i64, f64)>, what: &str) {
        let got = in_order(got);
        let alike =
            |(a, b): (&(i64, f64), &(i64, f64))| a.0 == b.0 && (a.1 - b.1).abs() <= 1.0001e-4;
        let good = got.len() == wanted.len() && got.iter().zip(&wanted).all(alike);
        self.ok(good, what, (&got, &wanted));
    }
}
