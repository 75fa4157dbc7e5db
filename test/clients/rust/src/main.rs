//! sqlx with pgvector's crate: parameters and rows in binary, statements as text, COPY.

mod common;

use common::{bits, columns, halfvec, nearest, sparse, vector, Column, Tap, NEAREST, ROWS};
use pgvector::{Bit, HalfVector, SparseVector, Vector};
use sqlx::postgres::{PgArguments, PgPoolOptions, Postgres};
use sqlx::query::QueryAs;
use sqlx::{Executor, PgPool};
use std::error::Error;

type Item = (i64, Vector, HalfVector, Bit, SparseVector);

fn bit_string(values: &[f32]) -> Bit {
    Bit::new(&values.iter().map(|&x| x == 1.0).collect::<Vec<_>>())
}

fn item(i: i64) -> Item {
    (
        i,
        Vector::from(vector(i)),
        HalfVector::from_f32_slice(&halfvec(i)),
        bit_string(&bits(i)),
        SparseVector::from_dense(&sparse(i)),
    )
}

/// A row as text, as an INSERT or COPY has it.
fn fields(i: i64) -> [String; 5] {
    let list = |values: Vec<f32>| format!("{values:?}").replace(' ', "");
    let s = sparse(i);
    [
        i.to_string(),
        list(vector(i)),
        list(halfvec(i)),
        format!("{i:08b}"),
        format!("{{1:{},4:{},6:{}}}/6", s[0], s[3], s[5]),
    ]
}

/// Rows of a table, in binary.
async fn rows(pool: &PgPool, table: &str) -> Result<Vec<Item>, sqlx::Error> {
    sqlx::query_as(&format!("SELECT id, v, h, b, s FROM {table} ORDER BY id")).fetch_all(pool).await
}

type Search<'q> = QueryAs<'q, Postgres, (i64, f64), PgArguments>;

/// Binds what is searched for in a column as the type of pgvector's crate.
fn bind<'q>(search: Search<'q>, column: &Column) -> Search<'q> {
    let query = &column.query;
    match column.name {
        "v" => search.bind(Vector::from(query.clone())),
        "h" => search.bind(HalfVector::from_f32_slice(query)),
        "b" => search.bind(bit_string(query)),
        _ => search.bind(SparseVector::from_dense(query)),
    }
}

async fn run(tap: &mut Tap) -> Result<(), Box<dyn Error>> {
    // one connection, whose settings stay; the address is in libpq's variables
    let pool = PgPoolOptions::new().max_connections(1).connect("postgres://").await?;
    pool.execute("CREATE EXTENSION vector").await?;
    pool.execute(
        "CREATE TABLE items (id bigint PRIMARY KEY, v vector(3), h halfvec(3), b bit(8), \
         s sparsevec(6))",
    )
    .await?;

    let expected: Vec<Item> = (1..=ROWS).map(item).collect();
    for row in &expected {
        if row.0 % 2 == 0 {
            let text = fields(row.0).map(|f| format!("'{f}'")).join(", ");
            pool.execute(format!("INSERT INTO items VALUES ({text})").as_str()).await?;
        } else {
            sqlx::query("INSERT INTO items VALUES ($1, $2, $3, $4, $5)")
                .bind(row.0)
                .bind(&row.1)
                .bind(&row.2)
                .bind(&row.3)
                .bind(&row.4)
                .execute(&pool)
                .await?;
        }
    }
    tap.same(rows(&pool, "items").await?, expected.clone(), "rows inserted, read in binary");

    pool.execute("CREATE TABLE copied (LIKE items)").await?;
    let mut connection = pool.acquire().await?;
    let mut copy = connection.copy_in_raw("COPY copied FROM STDIN").await?;
    let lines: Vec<String> = (1..=ROWS).map(|i| fields(i).join("\t") + "\n").collect();
    copy.send(lines.concat().into_bytes()).await?;
    let copied = copy.finish().await?;
    drop(connection);
    tap.same(copied, ROWS as u64, "COPY FROM");
    tap.same(rows(&pool, "copied").await?, expected.clone(), "rows copied, read in binary");

    let vectors: Vec<Vector> = expected.iter().map(|row| row.1.clone()).collect();
    let unnested: Vec<Vector> =
        sqlx::query_scalar("SELECT unnest($1)").bind(&vectors).fetch_all(&pool).await?;
    tap.same(unnested, vectors, "an array of vectors as a parameter");

    let columns = columns();
    for column in &columns {
        for operator in column.operators {
            let statement = format!(
                "SELECT id, round(({} {operator} $1)::numeric, 4)::float8 FROM items \
                 ORDER BY 2, 1 LIMIT {NEAREST}",
                column.name
            );
            let got = bind(sqlx::query_as(&statement), column).fetch_all(&pool).await?;
            tap.answers(got, nearest(column, operator), &format!("{} {operator}", column.name));
        }
    }

    // an index of every class, searched by the statement that sqlx prepares
    pool.execute("SET enable_seqscan = off; SET enable_sort = off; SET hnsw.ef_search = 100")
        .await?;
    for column in &columns {
        let (name, kind) = match column.name {
            "v" => ("v", "vector"),
            "h" => ("h", "halfvec"),
            "b" => ("b", "bit"),
            _ => ("s", "sparsevec"),
        };
        for operator in column.operators {
            let class = match *operator {
                "<->" => "l2",
                "<#>" => "ip",
                "<=>" => "cosine",
                "<+>" => "l1",
                "<~>" => "hamming",
                _ => "jaccard",
            };
            pool.execute(
                format!(
                    "CREATE INDEX {name}_{class} ON items USING hnsw ({name} {kind}_{class}_ops)"
                )
                .as_str(),
            )
            .await?;
            let statement =
                format!("SELECT id, {name} {operator} $1 FROM items ORDER BY 2 LIMIT {NEAREST}");
            let got = bind(sqlx::query_as(&statement), column).fetch_all(&pool).await?;
            // of rows that are equally far, any may be among the nearest
            let wanted = nearest(column, operator);
            let alike = |(a, b): (&(i64, f64), &(i64, f64))| (a.1 - b.1).abs() <= 1e-3;
            tap.ok(
                got.len() == wanted.len() && got.iter().zip(&wanted).all(alike),
                &format!("hnsw, {kind}_{class}_ops"),
                (&got, &wanted),
            );
            let plan: Vec<String> = bind_text(&pool, &statement, column).await?;
            let used = format!("Index Scan using {name}_{class} on items");
            tap.ok(
                plan.iter().any(|line| line.contains(&used)),
                &format!("{kind}_{class}_ops: in the plan"),
                plan,
            );
        }
    }

    let refused = sqlx::query("INSERT INTO items (id, v) VALUES (0, $1)")
        .bind(Vector::from(vec![1.0, 2.0]))
        .execute(&pool)
        .await;
    let refused = refused.err().and_then(sqlx::Error::into_database_error);
    let told = refused
        .as_ref()
        .map(|e| (e.code().unwrap_or_default().to_string(), e.message().to_string()));
    tap.same(
        told,
        Some(("22000".to_string(), "expected 3 dimensions, not 2".to_string())),
        "a vector of other dimensions is refused",
    );
    pool.close().await;
    Ok(())
}

/// The plan of a search, whose parameter is put in as text.
async fn bind_text(
    pool: &PgPool,
    statement: &str,
    column: &Column,
) -> Result<Vec<String>, sqlx::Error> {
    let query = &column.query;
    let value = match column.name {
        "b" => query.iter().map(|x| x.to_string()).collect(),
        "s" => format!("{{1:{},4:{},5:{}}}/6", query[0], query[3], query[4]),
        _ => format!("{query:?}").replace(' ', ""),
    };
    let kind = match column.name {
        "v" => "vector",
        "h" => "halfvec",
        "b" => "bit(8)",
        _ => "sparsevec",
    };
    let statement = statement.replace("$1", &format!("'{value}'::{kind}"));
    sqlx::query_scalar(&format!("EXPLAIN {statement}")).fetch_all(pool).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut tap = Tap::new("sqlx 0.8.6");
    if let Err(error) = run(&mut tap).await {
        eprintln!("{error}");
        std::process::exit(1);
    }
    std::process::exit(tap.failed.into());
}
