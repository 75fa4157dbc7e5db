/*-------------------------------------------------------------------------
 *
 * test_parse.c
 *	  Unit tests of the text parser of vectors: cases, round trips, mutations.
 *
 * NOTES
 *	  Every text and every output array is allocated with exactly the size needed, so
 *	  AddressSanitizer reports any access past either.  Mutated texts are also read by
 *	  a second, slower parser that splits at delimiters first; the two must agree.
 *
 * IDENTIFICATION
 *	  test/unit/test_parse.c
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>

#include "test_main.h"
#include "mutate.h"
#include "types/vector_parse.h"

#define MUTATIONS	  100000 /* mutated texts */
#define ROUND_TRIPS	  20000	 /* vectors printed and read back */
#define DECIMALS	  200000 /* numbers in plain notation */
#define MUTATED_BYTES 256	 /* longest mutated text */
#define MANY_DIMS	  16000	 /* elements of a large vector */

/* The smallest float that no halfvec holds. */
#define HALF_LIMIT 65520.0f

/*
 * Parses an exact copy of the first "size" bytes of text into an exact array of max_dim, with
 * numbers below "limit".
 */
static VectorParseCode
parse_exact(const char *text, size_t size, float **x, int max_dim, float limit,
			VectorParseResult *result)
{
	char *copy = exact_alloc(size + 1);
	VectorParseCode code;

	memcpy(copy, text, size);
	copy[size] = '\0';
	*x = exact_alloc(sizeof(float) * (size_t) max_dim);
	code = vector_parse(copy, *x, max_dim, limit, result);
	free(copy);
	return code;
}

/* ----- texts with known results ----- */

typedef struct ParseCase
{
	const char *text;
	VectorParseCode code;
	int dim;		 /* elements read before the end or the error */
	size_t position; /* where the error is, or the length of the text */
	size_t length;	 /* of the number in error */
	float x[4];		 /* the elements read */
} ParseCase;

static const ParseCase parse_cases[] = {
	{"[1,2,3]", VECTOR_PARSE_OK, 3, 7, 0, {1, 2, 3}},
	{"[-1.5]", VECTOR_PARSE_OK, 1, 6, 0, {-1.5f}},
	{"[+.5,5.,1e2,1E-2]", VECTOR_PARSE_OK, 4, 17, 0, {0.5f, 5, 100, 0.01f}},
	{" \t\n\r\v\f[ 1\t,\n2\r,\v3\f]\f ", VECTOR_PARSE_OK, 3, 21, 0, {1, 2, 3}},
	{"[0x10,0x1p-2]", VECTOR_PARSE_OK, 2, 13, 0, {16, 0.25f}},
	{"[1e-46]", VECTOR_PARSE_OK, 1, 7, 0, {0}},
	{"[1e-45]", VECTOR_PARSE_OK, 1, 7, 0, {0x1p-149f}},
	{"[3.4028235e38]", VECTOR_PARSE_OK, 1, 14, 0, {0x1.fffffep127f}},
	/* Just above half a unit in the last place: double would lose that it is above. */
	{"[1.00000005960464477540]", VECTOR_PARSE_OK, 1, 24, 0, {0x1.000002p0f}},

	{"", VECTOR_PARSE_NO_BRACKET, 0, 0, 0, {0}},
	{"  ", VECTOR_PARSE_NO_BRACKET, 0, 2, 0, {0}},
	{" 1,2]", VECTOR_PARSE_NO_BRACKET, 0, 1, 0, {0}},
	{"{1}", VECTOR_PARSE_NO_BRACKET, 0, 0, 0, {0}},
	{"[]", VECTOR_PARSE_EMPTY, 0, 1, 0, {0}},
	{"[ \t]", VECTOR_PARSE_EMPTY, 0, 3, 0, {0}},
	{"[", VECTOR_PARSE_SYNTAX, 0, 1, 0, {0}},
	{"[ ", VECTOR_PARSE_SYNTAX, 0, 2, 0, {0}},
	{"[,", VECTOR_PARSE_SYNTAX, 0, 1, 0, {0}},
	{"[1", VECTOR_PARSE_SYNTAX, 1, 2, 0, {1}},
	{"[1,", VECTOR_PARSE_SYNTAX, 1, 3, 0, {1}},
	{"[1,]", VECTOR_PARSE_SYNTAX, 1, 3, 0, {1}},
	{"[1, ,2]", VECTOR_PARSE_SYNTAX, 1, 4, 0, {1}},
	{"[1 2]", VECTOR_PARSE_SYNTAX, 1, 3, 0, {1}},
	{"[1a]", VECTOR_PARSE_SYNTAX, 1, 2, 0, {1}},
	{"[1e]", VECTOR_PARSE_SYNTAX, 1, 2, 0, {1}},
	{"[--1]", VECTOR_PARSE_SYNTAX, 0, 1, 0, {0}},
	{"[1,2[", VECTOR_PARSE_SYNTAX, 2, 4, 0, {1, 2}},
	{"[1]2", VECTOR_PARSE_JUNK, 1, 3, 0, {1}},
	{"[1] ]", VECTOR_PARSE_JUNK, 1, 4, 0, {1}},
	{"[1,4e38,x", VECTOR_PARSE_RANGE, 1, 3, 4, {1}},
	{"[ -1e999 ]", VECTOR_PARSE_RANGE, 0, 2, 6, {0}},
	{"[1,nan]", VECTOR_PARSE_NAN, 1, 3, 3, {1}},
	{"[-NaN,x", VECTOR_PARSE_NAN, 0, 1, 4, {0}},
	{"[inf]", VECTOR_PARSE_INFINITE, 0, 1, 3, {0}},
	{"[1, -Infinity]", VECTOR_PARSE_INFINITE, 1, 4, 9, {1}},
	{"[1,2,3,4,5]", VECTOR_PARSE_TOO_MANY, 4, 9, 0, {1, 2, 3, 4}},
	{"[1,2,3,4, x", VECTOR_PARSE_TOO_MANY, 4, 10, 0, {1, 2, 3, 4}},
	{"[1,2,3,4,]", VECTOR_PARSE_TOO_MANY, 4, 9, 0, {1, 2, 3, 4}},
};

/* Code, position, length and elements of every case. */
static void
known_results(void)
{
	for (size_t i = 0; i < sizeof(parse_cases) / sizeof(parse_cases[0]); i++)
	{
		const ParseCase *c = &parse_cases[i];
		VectorParseResult result;
		float *x;
		VectorParseCode code = parse_exact(c->text, strlen(c->text), &x, 4, INFINITY, &result);

		CHECK(code == c->code, "\"%s\": code %d, expected %d", c->text, (int) code, (int) c->code);
		CHECK(result.dim == c->dim, "\"%s\": dim %d, expected %d", c->text, result.dim, c->dim);
		CHECK(result.position == c->position, "\"%s\": position %zu, expected %zu", c->text,
			  result.position, c->position);
		CHECK(result.length == c->length, "\"%s\": length %zu, expected %zu", c->text,
			  result.length, c->length);
		for (int j = 0; j < c->dim && j < result.dim; j++)
			CHECK(x[j] == c->x[j], "\"%s\": x[%d] = %.9g", c->text, j, (double) x[j]);
		free(x);
	}
}

/* Numbers at a limit below that of float: those that round to it are out of range too. */
static void
limited_range(void)
{
	static const struct
	{
		const char *text;
		VectorParseCode code;
	} cases[] = {
		{"[65519]", VECTOR_PARSE_OK},		 {"[-65519.99]", VECTOR_PARSE_OK},
		{"[65519.999]", VECTOR_PARSE_RANGE}, /* 65520 as a float */
		{"[65520]", VECTOR_PARSE_RANGE},	 {"[-65520,x", VECTOR_PARSE_RANGE},
		{"[1e30]", VECTOR_PARSE_RANGE},		 {"[1e39]", VECTOR_PARSE_RANGE},
		{"[inf]", VECTOR_PARSE_INFINITE},	 {"[-nan]", VECTOR_PARSE_NAN},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		VectorParseResult result;
		float *x;
		VectorParseCode code =
			parse_exact(cases[i].text, strlen(cases[i].text), &x, 1, HALF_LIMIT, &result);

		CHECK(code == cases[i].code, "\"%s\": code %d, expected %d", cases[i].text, (int) code,
			  (int) cases[i].code);
		if (code == VECTOR_PARSE_RANGE)
			CHECK(result.position == 1 && result.length == strcspn(cases[i].text + 1, ",]"),
				  "\"%s\": %zu bytes from %zu", cases[i].text, result.length, result.position);
		free(x);
	}
}

/* Of all bytes, exactly six are white space, everywhere where white space may be. */
static void
white_space(void)
{
	for (int c = 1; c < 256; c++)
	{
		bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
		char text[] = "_[_1_,_2_]_";

		for (size_t i = 0; i < sizeof(text) - 1; i++)
		{
			char one[sizeof(text)];
			VectorParseResult result;
			VectorParseCode code;
			float x[2];

			if (text[i] != '_')
				continue;
			for (size_t j = 0; j < sizeof(text); j++)
				one[j] = text[j] != '_' ? text[j] : j == i ? (char) c : ' ';
			code = vector_parse(one, x, 2, INFINITY, &result);
			if (space)
				CHECK(code == VECTOR_PARSE_OK && x[0] == 1 && x[1] == 2, "byte %d at %zu", c, i);
			else if (strchr("+-.0123456789", c) == NULL)
				CHECK(code != VECTOR_PARSE_OK, "byte %d accepted at %zu", c, i);
		}
	}
}

/* Every proper prefix of a valid text is an error at or before its end. */
static void
prefixes(void)
{
	const char *text = " [ 1.5e+1 , -0x1.8p3,\t.25 , 1e-40 ]";

	for (size_t size = 0; size <= strlen(text); size++)
	{
		VectorParseResult result;
		float *x;
		VectorParseCode code = parse_exact(text, size, &x, 4, INFINITY, &result);

		CHECK((code == VECTOR_PARSE_OK) == (size == strlen(text)), "prefix of %zu bytes: %d", size,
			  (int) code);
		CHECK(result.position <= size, "prefix of %zu bytes: position %zu", size, result.position);
		free(x);
	}
}

/* errno is the caller's, before and after any result. */
static void
errno_kept(void)
{
	const char *texts[] = {"[1]", "[4e38]", "[1e-46]", "[x]", ""};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		VectorParseResult result;
		float x;

		errno = ENOENT;
		(void) vector_parse(texts[i], &x, 1, INFINITY, &result);
		CHECK(errno == ENOENT, "\"%s\" set errno to %d", texts[i], errno);
	}
	errno = ERANGE;
	{
		VectorParseResult result;
		float x;

		CHECK(vector_parse("[inf]", &x, 1, INFINITY, &result) == VECTOR_PARSE_INFINITE,
			  "stale errno used");
	}
}

/* ----- many elements ----- */

/* Exactly max_dim elements fit; one more is refused, without a write past the array. */
static void
many_elements(void)
{
	for (int dim = MANY_DIMS - 1; dim <= MANY_DIMS + 1; dim++)
	{
		size_t size = 2 * (size_t) dim + 1;
		char *text = exact_alloc(size);
		VectorParseResult result;
		VectorParseCode code;
		float *x;

		for (int i = 0; i < dim; i++)
		{
			text[2 * i] = i == 0 ? '[' : ',';
			text[2 * i + 1] = (char) ('0' + i % 10);
		}
		text[size - 1] = ']';
		code = parse_exact(text, size, &x, MANY_DIMS, INFINITY, &result);
		if (dim <= MANY_DIMS)
		{
			CHECK(code == VECTOR_PARSE_OK && result.dim == dim, "%d: code %d", dim, (int) code);
			for (int i = 0; i < dim; i++)
				CHECK(x[i] == (float) (i % 10), "x[%d] = %g", i, (double) x[i]);
		}
		else
			CHECK(code == VECTOR_PARSE_TOO_MANY && result.dim == MANY_DIMS, "%d: code %d", dim,
				  (int) code);
		free(x);
		free(text);
	}
}

/* Any finite float printed with nine digits reads back as the same bits. */
static void
round_trip(void)
{
	for (int round = 0; round < ROUND_TRIPS; round++)
	{
		char text[128] = "[";
		size_t size = 1;
		float want[4];
		int dim = 1 + (int) test_random_below(4);
		VectorParseResult result;
		float *x;

		for (int i = 0; i < dim; i++)
		{
			uint32_t bits;

			do
			{
				bits = (uint32_t) test_random_u64();
				memcpy(&want[i], &bits, sizeof(bits));
			} while (!isfinite(want[i]));
			size += (size_t) snprintf(text + size, sizeof(text) - size, "%s%.9g", i > 0 ? "," : "",
									  (double) want[i]);
		}
		text[size++] = ']';
		REQUIRE(parse_exact(text, size, &x, dim, INFINITY, &result) == VECTOR_PARSE_OK, "\"%.*s\"",
				(int) size, text);
		CHECK(result.dim == dim && memcmp(x, want, sizeof(float) * (size_t) dim) == 0, "\"%.*s\"",
			  (int) size, text);
		free(x);
	}
}

/*
 * Writes a number in plain notation to text: random digits and a point somewhere, or a value close
 * to where rounding to float turns, half way between two floats, with random decimals.
 */
static void
plain_decimal(char *text, size_t size)
{
	int digits = 1 + (int) test_random_below(21);
	int point = (int) test_random_below((uint32_t) digits + 1);
	size_t n = 0;

	if (test_random_below(2) == 0)
	{
		uint32_t bits = (96 + test_random_below(64)) << 23 | test_random_below(1 << 23);
		float below;
		double middle;

		memcpy(&below, &bits, sizeof(below));
		middle = (double) below + 0.5 * ((double) nextafterf(below, INFINITY) - (double) below);
		(void) snprintf(text, size, "%.*f", (int) test_random_below(30), middle);
		return;
	}
	for (int i = 0; i < digits; i++)
	{
		if (i == point)
			text[n++] = '.';
		text[n++] = (char) ('0' + test_random_below(i < point / 2 ? 2 : 10));
	}
	text[n] = '\0';
}

/* Numbers in plain notation, which have a parser of their own, are rounded as strtof() does. */
static void
plain_decimals(void)
{
	for (int round = 0; round < DECIMALS; round++)
	{
		const char *sign = round % 3 == 0 ? "-" : round % 3 == 1 ? "+" : "";
		char number[64];
		char text[80];
		VectorParseResult result;
		float want;
		float *x;

		plain_decimal(number, sizeof(number));
		(void) snprintf(text, sizeof(text), "[%s%s]", sign, number);
		want = strtof(text + 1, NULL);
		REQUIRE(parse_exact(text, strlen(text), &x, 1, INFINITY, &result) == VECTOR_PARSE_OK,
				"\"%s\"", text);
		CHECK(memcmp(x, &want, sizeof(want)) == 0, "\"%s\": %.9g, strtof() has %.9g", text,
			  (double) *x, (double) want);
		free(x);
	}
}

/* ----- mutations ----- */

/*
 * A second parser: cuts each element out at the next delimiter, then converts the piece
 * alone.  Fills x and *dim; x holds max_dim elements.
 */
static VectorParseCode
reference_parse(const char *text, float *x, int max_dim, float limit, int *dim)
{
	static const char spaces[] = " \t\n\r\v\f";
	size_t at = strspn(text, spaces);
	char closing;

	*dim = 0;
	if (text[at] != '[')
		return VECTOR_PARSE_NO_BRACKET;
	at++;
	at += strspn(text + at, spaces);
	if (text[at] == ']')
		return VECTOR_PARSE_EMPTY;
	do
	{
		char piece[MUTATED_BYTES + 1];
		size_t size;
		char *end;
		float value;
		bool overflow;

		at += strspn(text + at, spaces);
		if (*dim == max_dim)
			return VECTOR_PARSE_TOO_MANY;
		size = strcspn(text + at, " \t\n\r\v\f,]");
		memcpy(piece, text + at, size);
		piece[size] = '\0';
		errno = 0;
		value = strtof(piece, &end);
		overflow = errno == ERANGE;
		if (end == piece)
			return VECTOR_PARSE_SYNTAX;
		if (isnan(value))
			return VECTOR_PARSE_NAN;
		if (isinf(value))
			return overflow ? VECTOR_PARSE_RANGE : VECTOR_PARSE_INFINITE;
		if (value >= limit || -value >= limit)
			return VECTOR_PARSE_RANGE;
		x[(*dim)++] = value;
		if (*end != '\0')
			return VECTOR_PARSE_SYNTAX;
		at += size;
		at += strspn(text + at, spaces);
		closing = text[at];
		at++;
	} while (closing == ',');
	if (closing != ']')
		return VECTOR_PARSE_SYNTAX;
	return text[at + strspn(text + at, spaces)] == '\0' ? VECTOR_PARSE_OK : VECTOR_PARSE_JUNK;
}

/* Texts one to eight mutations away from a valid one. */
static void
mutations(void)
{
	static const char alphabet[] =
		"[]],,,0123456789..eE+--xXpPnaNiInNfFty() \t\n\v\f\r{}\"_\x80\xff";
	static const char *const seeds[] = {
		"[1,2,3]",
		" [ 1.5 , -2e3 ,\t0x1p4 ] ",
		"[1e38,-1e-38,3.4028235e38,1e-45]",
		"[nan]",
		"[infinity,-inf,NaN(12)]",
		"[0]",
		"[1,2,3,4,5,6,7,8]",
		"[0.1234567890123456789012345678901234567890,1e99999,1e-99999]",
		"[65519,-65520,65519.99]",
	};
	uint64_t seen[VECTOR_PARSE_JUNK + 1] = {0};

	for (int round = 0; round < MUTATIONS; round++)
	{
		const char *seed = seeds[test_random_below(sizeof(seeds) / sizeof(seeds[0]))];
		char text[MUTATED_BYTES + 1];
		size_t size = strlen(seed);
		int max_dim = 1 + (int) test_random_below(9);
		float limit = test_random_below(2) == 0 ? HALF_LIMIT : INFINITY;
		float want[9];
		int want_dim;
		VectorParseCode want_code;
		VectorParseResult result;
		VectorParseCode code;
		float *x;
		int bound;

		memcpy(text, seed, size);
		for (uint32_t n = 1 + test_random_below(8); n > 0; n--)
			mutate(text, &size, MUTATED_BYTES, alphabet, sizeof(alphabet) - 1, false);
		text[size] = '\0';
		size = strlen(text);

		code = parse_exact(text, size, &x, max_dim, limit, &result);
		want_code = reference_parse(text, want, max_dim, limit, &want_dim);
		CHECK(code == want_code, "\"%s\": code %d, reference %d", text, (int) code,
			  (int) want_code);
		REQUIRE(result.dim == want_dim, "\"%s\": dim %d, reference %d", text, result.dim, want_dim);
		CHECK(memcmp(x, want, sizeof(float) * (size_t) want_dim) == 0, "\"%s\": elements", text);
		CHECK(result.position + result.length <= size, "\"%s\": position %zu + %zu", text,
			  result.position, result.length);
		CHECK((code == VECTOR_PARSE_OK || code == VECTOR_PARSE_EMPTY ||
			   code == VECTOR_PARSE_TOO_MANY) ||
				  result.position == size || strchr(" \t\n\v\f\r", text[result.position]) == NULL,
			  "\"%s\": the error at %zu is white space", text, result.position);
		CHECK((result.length > 0) == (code == VECTOR_PARSE_RANGE || code == VECTOR_PARSE_NAN ||
									  code == VECTOR_PARSE_INFINITE),
			  "\"%s\": length %zu with code %d", text, result.length, (int) code);

		bound = vector_parse_bound(text, 1000);
		CHECK(bound >= result.dim && bound >= 1, "\"%s\": bound %d", text, bound);
		if (code == VECTOR_PARSE_OK)
			CHECK(bound == result.dim && result.position == size, "\"%s\": bound %d", text, bound);
		bound = vector_parse_bound(text, max_dim);
		CHECK(bound >= 1 && bound <= max_dim, "\"%s\": bound %d of %d", text, bound, max_dim);

		seen[code]++;
		free(x);
	}
	for (int code = VECTOR_PARSE_OK; code <= VECTOR_PARSE_JUNK; code++)
		CHECK(seen[code] > 0, "no mutation led to code %d", code);
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(known_results);
	TEST_RUN(limited_range);
	TEST_RUN(white_space);
	TEST_RUN(prefixes);
	TEST_RUN(errno_kept);
	TEST_RUN(many_elements);
	TEST_RUN(round_trip);
	TEST_RUN(plain_decimals);
	TEST_RUN(mutations);
	return test_end();
}
