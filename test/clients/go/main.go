// pgx with pgvector-go's codecs: the extended protocol in binary, the simple protocol in text,
// COPY in binary.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	pgxvector "github.com/pgvector/pgvector-go/pgx"
)

var ctx = context.Background()

// rowsOf reads a table: in binary, or as text with the simple protocol.
func rowsOf(conn *pgx.Conn, table string, mode pgx.QueryExecMode) []item {
	rows, err := conn.Query(ctx, "SELECT id, v, h, b::text, s FROM "+table+" ORDER BY id", mode)
	must(err)
	items, err := pgx.CollectRows(rows, pgx.RowToStructByPos[item])
	must(err)
	return items
}

func search(query interface {
	Query(context.Context, string, ...any) (pgx.Rows, error)
}, sql string, args ...any) []answer {
	rows, err := query.Query(ctx, sql, args...)
	must(err)
	answers, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a answer, err error) {
		err = row.Scan(&a.id, &a.distance)
		return
	})
	must(err)
	return answers
}

func bitString(bits string) pgtype.Bits {
	var value byte
	for _, bit := range bits {
		value = value<<1 | byte(bit-'0')
	}
	return pgtype.Bits{Bytes: []byte{value}, Len: 8, Valid: true}
}

func main() {
	program = "pgx"
	if info, found := debug.ReadBuildInfo(); found {
		for _, module := range info.Deps {
			if module.Path == "github.com/jackc/pgx/v5" {
				program += " " + strings.TrimPrefix(module.Version, "v")
			}
		}
	}
	conn, err := pgx.Connect(ctx, "")
	must(err)
	defer conn.Close(ctx)
	exec := func(sql string, args ...any) {
		_, err := conn.Exec(ctx, sql, args...)
		must(err)
	}
	exec("CREATE EXTENSION IF NOT EXISTS vector")
	must(pgxvector.RegisterTypes(ctx, conn))
	exec("CREATE TABLE items (id bigint PRIMARY KEY, v vector(3), h halfvec(3), b bit(8), s sparsevec(6))")

	expected := make([]item, rowCount)
	for i := range expected {
		expected[i] = itemOf(i + 1)
		r := expected[i]
		if i%2 == 0 {
			exec("INSERT INTO items VALUES ($1, $2, $3, $4, $5)", r.ID, r.V, r.H, bitString(r.B), r.S)
		} else {
			exec("INSERT INTO items VALUES ($1, $2, $3, $4, $5)", pgx.QueryExecModeSimpleProtocol,
				r.ID, r.V.String(), r.H.String(), r.B, r.S.String())
		}
	}
	same(rowsOf(conn, "items", pgx.QueryExecModeCacheStatement), expected, "rows inserted, read in binary")
	same(rowsOf(conn, "items", pgx.QueryExecModeSimpleProtocol), expected, "rows inserted, read as text")

	exec("CREATE TABLE copied (LIKE items)")
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"copied"}, []string{"id", "v", "h", "b", "s"},
		pgx.CopyFromSlice(rowCount, func(i int) ([]any, error) {
			r := expected[i]
			return []any{r.ID, r.V, r.H, bitString(r.B), r.S}, nil
		}))
	must(err)
	same(rowsOf(conn, "copied", pgx.QueryExecModeCacheStatement), expected, "COPY FROM in binary")

	for _, c := range columns {
		for _, operator := range c.operators {
			parameter := c.parameter
			if c.name == "b" {
				parameter = bitString(queryBits)
			}
			got := search(conn, fmt.Sprintf(
				"SELECT id, round((%s %s $1)::numeric, 4)::float8 FROM items ORDER BY 2, 1 LIMIT %d",
				c.name, operator, nearestCount), parameter)
			sameAnswers(got, nearest(c, operator), c.name+" "+operator)
		}
	}

	exec("CREATE INDEX ON items USING hnsw (h halfvec_ip_ops) WITH (m = 8, ef_construction = 32)")
	exec("CREATE INDEX ON items USING ivfflat (v vector_cosine_ops) WITH (lists = 1)")
	tx, err := conn.Begin(ctx)
	must(err)
	for _, set := range []string{"enable_seqscan = off", "hnsw.ef_search = 100", "hnsw.iterative_scan = relaxed_order",
		"hnsw.max_scan_tuples = 1000", "hnsw.scan_mem_multiplier = 2", "ivfflat.probes = 1",
		"ivfflat.iterative_scan = relaxed_order", "ivfflat.max_probes = 1"} {
		_, err = tx.Exec(ctx, "SET LOCAL "+set)
		must(err)
	}
	sameAnswers(search(tx, fmt.Sprintf("SELECT id, h <#> $1 FROM items ORDER BY h <#> $1 LIMIT %d", nearestCount),
		columns[1].parameter), nearest(columns[1], "<#>"), "nearest rows through hnsw")
	sameAnswers(search(tx, fmt.Sprintf("SELECT id, v <=> $1 FROM items ORDER BY v <=> $1 LIMIT %d", nearestCount),
		columns[0].parameter), nearest(columns[0], "<=>"), "nearest rows through ivfflat")
	rows, err := tx.Query(ctx, "EXPLAIN SELECT id FROM items ORDER BY h <#> '[1,2.5,-1]' LIMIT 5")
	must(err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(err)
	ok(strings.Contains(strings.Join(lines, "\n"), "Index Scan using items_h_idx"), "the plan uses hnsw", lines)
	must(tx.Commit(ctx))

	_, err = conn.Exec(ctx, "INSERT INTO items VALUES (0, '[1,2]')")
	var failure *pgconn.PgError
	ok(errors.As(err, &failure) && failure.Code == "22000" && failure.Message == "expected 3 dimensions, not 2",
		"a vector of other dimensions is refused", err)
	if failed {
		os.Exit(1)
	}
}
