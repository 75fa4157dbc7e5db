package main

// The rows, the answers that are expected, and TAP lines.  The rows are those that every
// program of test/clients has, see ../README.md.

import (
	"fmt"
	"math"
	"os"
	"reflect"
	"sort"

	"github.com/pgvector/pgvector-go"
)

const (
	rowCount     = 100
	nearestCount = 5
)

type item struct {
	ID int64
	V  pgvector.Vector
	H  pgvector.HalfVector
	B  string
	S  pgvector.SparseVector
}

func vectorOf(i int) []float32 {
	return []float32{float32(i), float32(i%7) + 0.25, -float32(i) / 2}
}

func halfvecOf(i int) []float32 {
	return []float32{float32(i % 5), float32(i) / 4, 1.5 - float32(i%3)}
}

func sparseOf(i int) []float32 {
	return []float32{float32(i), 0, 0, float32(-(i % 4)), 0, 0.5}
}

func bitsOf(i int) string {
	return fmt.Sprintf("%08b", i)
}

func bitsAsFloats(bits string) []float32 {
	floats := make([]float32, len(bits))
	for n, bit := range bits {
		floats[n] = float32(bit - '0')
	}
	return floats
}

func itemOf(i int) item {
	return item{int64(i), pgvector.NewVector(vectorOf(i)), pgvector.NewHalfVector(halfvecOf(i)), bitsOf(i),
		pgvector.NewSparseVector(sparseOf(i))}
}

var (
	queryVector  = []float32{3, 1, -2}
	queryHalfvec = []float32{1, 2.5, -1}
	queryBits    = "00110101"
	querySparse  = []float32{2, 0, 0, -1, 1, 0}
)

// sum adds up a term for every element of two vectors.
func sum(a, b []float32, term func(x, y float64) float64) float64 {
	total := 0.0
	for n := range a {
		total += term(float64(a[n]), float64(b[n]))
	}
	return total
}

func product(a, b []float32) float64 {
	return sum(a, b, func(x, y float64) float64 { return x * y })
}

var distances = map[string]func(a, b []float32) float64{
	"<->": func(a, b []float32) float64 {
		return math.Sqrt(sum(a, b, func(x, y float64) float64 { return (x - y) * (x - y) }))
	},
	"<#>": func(a, b []float32) float64 { return -product(a, b) },
	"<=>": func(a, b []float32) float64 { return 1 - product(a, b)/math.Sqrt(product(a, a)*product(b, b)) },
	"<+>": func(a, b []float32) float64 {
		return sum(a, b, func(x, y float64) float64 { return math.Abs(x - y) })
	},
	"<~>": func(a, b []float32) float64 {
		return sum(a, b, func(x, y float64) float64 { return math.Abs(x - y) })
	},
	"<%>": func(a, b []float32) float64 { return 1 - product(a, b)/sum(a, b, math.Max) },
}

// A column with what its rows and the query are for the distances, and the query as a parameter.
type column struct {
	name      string
	operators []string
	value     func(i int) []float32
	query     []float32
	parameter any
}

var columns = []column{
	{"v", []string{"<->", "<#>", "<=>", "<+>"}, vectorOf, queryVector, pgvector.NewVector(queryVector)},
	{"h", []string{"<->", "<#>", "<=>", "<+>"}, halfvecOf, queryHalfvec, pgvector.NewHalfVector(queryHalfvec)},
	{"b", []string{"<~>", "<%>"}, func(i int) []float32 { return bitsAsFloats(bitsOf(i)) }, bitsAsFloats(queryBits),
		queryBits},
	{"s", []string{"<->", "<#>", "<=>", "<+>"}, sparseOf, querySparse, pgvector.NewSparseVector(querySparse)},
}

type answer struct {
	id       int64
	distance float64
}

// inOrder rounds distances, so that ties are ties, and sorts by distance and id.
func inOrder(answers []answer) []answer {
	for n := range answers {
		answers[n].distance = math.Round(answers[n].distance*10000) / 10000
	}
	sort.Slice(answers, func(a, b int) bool {
		if answers[a].distance != answers[b].distance {
			return answers[a].distance < answers[b].distance
		}
		return answers[a].id < answers[b].id
	})
	return answers
}

// nearest is what a search in the column is to answer.
func nearest(c column, operator string) []answer {
	answers := make([]answer, rowCount)
	for i := range answers {
		answers[i] = answer{int64(i + 1), distances[operator](c.value(i+1), c.query)}
	}
	return inOrder(answers)[:nearestCount]
}

var (
	program string
	failed  bool
)

func ok(good bool, what string, detail ...any) {
	if good {
		fmt.Printf("ok - %s: %s\n", program, what)
		return
	}
	failed = true
	fmt.Printf("not ok - %s: %s\n# %v\n", program, what, detail)
}

func same(got, wanted any, what string) {
	ok(reflect.DeepEqual(got, wanted), what, "got", got, "expected", wanted)
}

// sameAnswers compares ids, and distances but for single precision.
func sameAnswers(got, wanted []answer, what string) {
	got = inOrder(got)
	good := len(got) == len(wanted)
	for n := 0; good && n < len(got); n++ {
		good = got[n].id == wanted[n].id && math.Abs(got[n].distance-wanted[n].distance) <= 1.0001e-4
	}
	ok(good, what, "got", got, "expected", wanted)
}

// must ends the program on an error that no test expects.
func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
