/*-------------------------------------------------------------------------
 *
 * test_sparsevec_parse.c
 *	  Unit tests of the parsers of sparsevecs: cases, round trips, mutations.
 *
 * NOTES
 *	  Every input and every output array is allocated with exactly the size needed, so
 *	  AddressSanitizer reports any access past either.  Mutated texts are also read by
 *	  a second, slower parser; the two must agree.
 *
 * IDENTIFICATION
 *	  test/unit/test_sparsevec_parse.c
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <limits.h>

#include "test_main.h"
#include "mutate.h"
#include "types/sparsevec_parse.h"

#define MUTATIONS	  100000 /* mutated texts, and mutated byte strings */
#define ROUND_TRIPS	  20000	 /* vectors written and read back */
#define MUTATED_BYTES 256	 /* longest mutated input */
#define MAX_ELEMENTS  9		 /* room in tests of mutations */

/* Parses an exact copy of the first "size" bytes of text into an exact array. */
static SparsevecCode
parse_exact(const char *text, size_t size, SparsevecElement **elements, int max_elements,
			SparsevecParseResult *result)
{
	char *copy = exact_alloc(size + 1);
	SparsevecCode code;

	memcpy(copy, text, size);
	copy[size] = '\0';
	*elements = exact_alloc(sizeof(SparsevecElement) * (size_t) max_elements);
	code = sparsevec_parse(copy, *elements, max_elements, result);
	free(copy);
	return code;
}

/* sparsevec_arrange() into arrays of exactly nnz elements; the caller frees them. */
static SparsevecCode
arrange_exact(SparsevecElement *elements, int nnz, int dim, int32_t **indices, float **values)
{
	*indices = exact_alloc(sizeof(int32_t) * (size_t) nnz);
	*values = exact_alloc(sizeof(float) * (size_t) nnz);
	return sparsevec_arrange(elements, nnz, dim, *indices, *values);
}

/* ----- texts with known results ----- */

typedef struct ParseCase
{
	const char *text;
	SparsevecCode code;
	int dim;
	int nnz;					  /* elements read before the end or the error */
	size_t position;			  /* where the error is, or the length of the text */
	size_t length;				  /* of the number in error */
	SparsevecElement elements[3]; /* the elements read */
} ParseCase;

static const ParseCase parse_cases[] = {
	{"{1:1.5,3:-2}/5", SPARSEVEC_OK, 5, 2, 14, 0, {{0, 1.5f}, {2, -2}}},
	{"{}/1", SPARSEVEC_OK, 1, 0, 4, 0, {{0, 0}}},
	{" { } / 7 ", SPARSEVEC_OK, 7, 0, 9, 0, {{0, 0}}},
	{" \t{\n1\r:\v1\f,2 : 0x10 } /\t3\n", SPARSEVEC_OK, 3, 2, 26, 0, {{0, 1}, {1, 16}}},
	{"{3:3,1:1}/3", SPARSEVEC_OK, 3, 2, 11, 0, {{2, 3}, {0, 1}}},
	{"{1:0,2:-0,3:0e9}/2", SPARSEVEC_OK, 2, 0, 18, 0, {{0, 0}}},
	{"{+1:1,-002:1}/-3", SPARSEVEC_OK, -3, 2, 16, 0, {{0, 1}, {-3, 1}}},
	{"{2147483647:1}/2147483647", SPARSEVEC_OK, INT_MAX, 1, 25, 0, {{INT_MAX - 1, 1}}},
	{"{2147483648:1}/2147483648", SPARSEVEC_OK, INT_MAX, 1, 25, 0, {{INT_MAX - 1, 1}}},
	{"{-99999999999:1}/-99999999999", SPARSEVEC_OK, -INT_MAX, 1, 29, 0, {{INT_MIN, 1}}},
	{"{1:1e-45}/1", SPARSEVEC_OK, 1, 1, 11, 0, {{0, 0x1p-149f}}},

	{"", SPARSEVEC_NO_BRACE, 0, 0, 0, 0, {{0, 0}}},
	{"  [1]", SPARSEVEC_NO_BRACE, 0, 0, 2, 0, {{0, 0}}},
	{"{", SPARSEVEC_SYNTAX, 0, 0, 1, 0, {{0, 0}}},
	{"{ ,", SPARSEVEC_SYNTAX, 0, 0, 2, 0, {{0, 0}}},
	{"{1", SPARSEVEC_SYNTAX, 0, 0, 2, 0, {{0, 0}}},
	{"{1 x", SPARSEVEC_SYNTAX, 0, 0, 3, 0, {{0, 0}}},
	{"{1:", SPARSEVEC_SYNTAX, 0, 0, 3, 0, {{0, 0}}},
	{"{1:1", SPARSEVEC_SYNTAX, 0, 1, 4, 0, {{0, 1}}},
	{"{1:1,}/1", SPARSEVEC_SYNTAX, 0, 1, 5, 0, {{0, 1}}},
	{"{1:1 2:2}/2", SPARSEVEC_SYNTAX, 0, 1, 5, 0, {{0, 1}}},
	{"{1.5:1}/1", SPARSEVEC_SYNTAX, 0, 0, 2, 0, {{0, 0}}},
	{"{- 1:1}/1", SPARSEVEC_SYNTAX, 0, 0, 1, 0, {{0, 0}}},
	{"{1:1}/", SPARSEVEC_SYNTAX, 0, 1, 6, 0, {{0, 1}}},
	{"{1:1}/x", SPARSEVEC_SYNTAX, 0, 1, 6, 0, {{0, 1}}},
	{"{1:1}/+", SPARSEVEC_SYNTAX, 0, 1, 6, 0, {{0, 1}}},
	{"{1:1} ", SPARSEVEC_NO_SLASH, 0, 1, 6, 0, {{0, 1}}},
	{"{} 1", SPARSEVEC_NO_SLASH, 0, 0, 3, 0, {{0, 0}}},
	{"{}/1 1", SPARSEVEC_JUNK, 1, 0, 5, 0, {{0, 0}}},
	{"{}/1.5", SPARSEVEC_JUNK, 1, 0, 4, 0, {{0, 0}}},
	{"{1:nan,x", SPARSEVEC_NAN, 0, 0, 3, 3, {{0, 0}}},
	{"{1: -Infinity", SPARSEVEC_INFINITE, 0, 0, 4, 9, {{0, 0}}},
	{"{1:1,2:4e38}", SPARSEVEC_RANGE, 0, 1, 7, 4, {{0, 1}}},
	{"{1:-1e-46 }", SPARSEVEC_RANGE, 0, 0, 3, 6, {{0, 0}}},
	{"{1:1,2:2,3:3,4:4}/9", SPARSEVEC_TOO_MANY, 0, 3, 16, 0, {{0, 1}, {1, 2}, {2, 3}}},
	{"{1:1,2:2,3:3,4:0}/9", SPARSEVEC_OK, 9, 3, 19, 0, {{0, 1}, {1, 2}, {2, 3}}},
};

/* Code, position, length and elements of every case. */
static void
known_results(void)
{
	for (size_t i = 0; i < sizeof(parse_cases) / sizeof(parse_cases[0]); i++)
	{
		const ParseCase *c = &parse_cases[i];
		SparsevecParseResult result;
		SparsevecElement *elements;
		SparsevecCode code;

		errno = ENOENT;
		code = parse_exact(c->text, strlen(c->text), &elements, 3, &result);
		CHECK(errno == ENOENT, "\"%s\" set errno to %d", c->text, errno);
		CHECK(code == c->code, "\"%s\": code %d, expected %d", c->text, (int) code, (int) c->code);
		CHECK(result.dim == c->dim, "\"%s\": dim %d, expected %d", c->text, result.dim, c->dim);
		CHECK(result.nnz == c->nnz, "\"%s\": nnz %d, expected %d", c->text, result.nnz, c->nnz);
		CHECK(result.position == c->position, "\"%s\": position %zu, expected %zu", c->text,
			  result.position, c->position);
		CHECK(result.length == c->length, "\"%s\": length %zu, expected %zu", c->text,
			  result.length, c->length);
		for (int j = 0; j < c->nnz && j < result.nnz; j++)
			CHECK(elements[j].index == c->elements[j].index &&
					  elements[j].value == c->elements[j].value,
				  "\"%s\": element %d is %d:%g", c->text, j, elements[j].index,
				  (double) elements[j].value);
		free(elements);
	}
}

/* Every proper prefix of a valid text is an error at or before its end. */
static void
prefixes(void)
{
	const char *text = " { 1 : 1.5e+1 , +20:-0x1.8p3,\t3:.25 } / 99";

	for (size_t size = 0; size <= strlen(text); size++)
	{
		SparsevecParseResult result;
		SparsevecElement *elements;
		SparsevecCode code = parse_exact(text, size, &elements, 3, &result);

		/* "/ 9" is whole too */
		CHECK((code == SPARSEVEC_OK) == (size + 1 >= strlen(text)), "prefix of %zu bytes: %d", size,
			  (int) code);
		CHECK(result.position <= size, "prefix of %zu bytes: position %zu", size, result.position);
		free(elements);
	}
}

/* ----- elements ----- */

/* sparsevec_arrange() sorts, and reports what it meets first. */
static void
arrange(void)
{
	static const struct
	{
		int32_t in[4];
		int nnz;
		int dim;
		SparsevecCode code;
		int32_t out[4];
	} cases[] = {
		{{0}, 0, 1, SPARSEVEC_OK, {0}},
		{{3, 1, 2, 0}, 4, 4, SPARSEVEC_OK, {0, 1, 2, 3}},
		{{0, 5, 9, 999999999}, 4, 1000000000, SPARSEVEC_OK, {0, 5, 9, 999999999}},
		{{3, 1, 2, 4}, 4, 4, SPARSEVEC_BOUNDS, {1, 2, 3, 4}},
		{{3, 1, -1, 1}, 4, 4, SPARSEVEC_BOUNDS, {-1, 1, 1, 3}},
		{{1, 1, 9, 9}, 4, 4, SPARSEVEC_DUPLICATE, {1, 1, 9, 9}},
		{{2, INT_MAX - 1, INT_MIN, 2}, 4, 4, SPARSEVEC_BOUNDS, {INT_MIN, 2, 2, INT_MAX - 1}},
	};

	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
	{
		int nnz = cases[c].nnz;
		SparsevecElement *elements = exact_alloc(sizeof(SparsevecElement) * (size_t) nnz);
		int32_t *indices;
		float *values;
		SparsevecCode code;

		for (int i = 0; i < nnz; i++)
			elements[i] = (SparsevecElement){cases[c].in[i], (float) cases[c].in[i]};
		code = arrange_exact(elements, nnz, cases[c].dim, &indices, &values);
		CHECK(code == cases[c].code, "case %zu: code %d", c, (int) code);
		for (int i = 0; i < nnz; i++)
			CHECK(indices[i] == cases[c].out[i] && values[i] == (float) indices[i],
				  "case %zu: element %d is %d:%g", c, i, indices[i], (double) values[i]);
		free(elements);
		free(indices);
		free(values);
	}
}

/* A float that is finite and not zero, of any size. */
static float
any_value(void)
{
	float value;

	do
	{
		uint32_t bits = (uint32_t) test_random_u64();

		memcpy(&value, &bits, sizeof(value));
	} while (!isfinite(value) || value == 0.0f);
	return value;
}

/* Writes n as four bytes in network byte order. */
static void
put_uint32(unsigned char *p, uint32_t n)
{
	p[0] = (unsigned char) (n >> 24);
	p[1] = (unsigned char) (n >> 16);
	p[2] = (unsigned char) (n >> 8);
	p[3] = (unsigned char) n;
}

/* The binary form of a vector, in memory of exactly *size bytes. */
static unsigned char *
pack(int32_t dim, int32_t nnz, const int32_t *indices, const float *values, size_t *size)
{
	unsigned char *bytes;

	*size = SPARSEVEC_HEADER_BYTES + (size_t) nnz * SPARSEVEC_ELEMENT_BYTES;
	bytes = exact_alloc(*size);
	put_uint32(bytes, (uint32_t) dim);
	put_uint32(bytes + 4, (uint32_t) nnz);
	put_uint32(bytes + 8, 0);
	for (int i = 0; i < nnz; i++)
	{
		uint32_t bits;

		memcpy(&bits, &values[i], sizeof(bits));
		put_uint32(bytes + SPARSEVEC_HEADER_BYTES + 4 * i, (uint32_t) indices[i]);
		put_uint32(bytes + SPARSEVEC_HEADER_BYTES + 4 * (nnz + i), bits);
	}
	return bytes;
}

/* Any vector, written as text in any order and as bytes, reads back as the same bits. */
static void
round_trip(void)
{
	for (int round = 0; round < ROUND_TRIPS; round++)
	{
		int nnz = (int) test_random_below(6);
		int32_t want_indices[6];
		float want_values[6];
		SparsevecElement order[6];
		int32_t dim = 0;
		char text[256] = "{";
		size_t size = 1;
		SparsevecParseResult result;
		SparsevecElement *elements;
		int32_t *indices;
		float *values;
		unsigned char *bytes;
		SparsevecHeader header;

		for (int i = 0; i < nnz; i++)
		{
			want_indices[i] =
				dim + (int32_t) test_random_below(test_random_below(2) ? 3 : 150000000);
			want_values[i] = any_value();
			order[i] = (SparsevecElement){want_indices[i], want_values[i]};
			dim = want_indices[i] + 1;
		}
		dim += 1 + (int32_t) test_random_below(5);
		for (int i = nnz - 1; i > 0; i--)
		{
			int other = (int) test_random_below((uint32_t) i + 1);
			SparsevecElement swap = order[i];

			order[i] = order[other];
			order[other] = swap;
		}
		for (int i = 0; i < nnz; i++)
			size +=
				(size_t) snprintf(text + size, sizeof(text) - size, "%s%d:%.9g", i > 0 ? "," : "",
								  order[i].index + 1, (double) order[i].value);
		size += (size_t) snprintf(text + size, sizeof(text) - size, "}/%d", dim);

		REQUIRE(parse_exact(text, size, &elements, nnz > 0 ? nnz : 1, &result) == SPARSEVEC_OK,
				"\"%s\"", text);
		REQUIRE(result.nnz == nnz && result.dim == dim, "\"%s\": %d of %d", text, result.nnz,
				result.dim);
		CHECK(arrange_exact(elements, nnz, dim, &indices, &values) == SPARSEVEC_OK, "\"%s\"", text);
		CHECK(memcmp(indices, want_indices, sizeof(int32_t) * (size_t) nnz) == 0 &&
				  memcmp(values, want_values, sizeof(float) * (size_t) nnz) == 0,
			  "\"%s\"", text);

		bytes = pack(dim, nnz, want_indices, want_values, &size);
		header = sparsevec_unpack_header(bytes);
		CHECK(header.dim == dim && header.nnz == nnz && header.unused == 0, "\"%s\": header", text);
		memset(indices, 0, sizeof(int32_t) * (size_t) nnz);
		memset(values, 0, sizeof(float) * (size_t) nnz);
		CHECK(sparsevec_unpack_elements(bytes + SPARSEVEC_HEADER_BYTES, nnz, dim, indices,
										values) == SPARSEVEC_OK,
			  "\"%s\": elements", text);
		CHECK(memcmp(indices, want_indices, sizeof(int32_t) * (size_t) nnz) == 0 &&
				  memcmp(values, want_values, sizeof(float) * (size_t) nnz) == 0,
			  "\"%s\": bytes", text);
		free(bytes);
		free(elements);
		free(indices);
		free(values);
	}
}

/* ----- mutations ----- */

static const char spaces[] = " \t\n\r\v\f";

/* strtol() without its white space, kept in the range of int; false if there is no number. */
static bool
reference_integer(const char **p, int *value)
{
	char *end;
	long number;

	if (strchr("+-0123456789", **p) == NULL || **p == '\0')
		return false;
	number = strtol(*p, &end, 10);
	if (end == *p)
		return false;
	*value = (int) (number > INT_MAX ? INT_MAX : number < -INT_MAX ? -INT_MAX : number);
	*p = end;
	return true;
}

/*
 * A second parser, for up to MUTATED_BYTES of text: reads tokens with sscanf()-like steps from
 * a copy that is cut at the next delimiter.  Fills elements, *nnz and *dim.
 */
static SparsevecCode
reference_parse(const char *text, SparsevecElement *elements, int max_elements, int *nnz, int *dim)
{
	const char *p = text + strspn(text, spaces);

	*nnz = *dim = 0;
	if (*p++ != '{')
		return SPARSEVEC_NO_BRACE;
	p += strspn(p, spaces);
	if (*p == '}')
		p++;
	else
	{
		char closing;

		do
		{
			char piece[MUTATED_BYTES + 1];
			size_t size;
			char *end;
			float value;
			bool range;
			int index;

			p += strspn(p, spaces);
			if (!reference_integer(&p, &index))
				return SPARSEVEC_SYNTAX;
			p += strspn(p, spaces);
			if (*p++ != ':')
				return SPARSEVEC_SYNTAX;
			p += strspn(p, spaces);
			size = strcspn(p, " \t\n\r\v\f,}");
			memcpy(piece, p, size);
			piece[size] = '\0';
			errno = 0;
			value = strtof(piece, &end);
			range = errno == ERANGE;
			if (end == piece)
				return SPARSEVEC_SYNTAX;
			if (isnan(value))
				return SPARSEVEC_NAN;
			if (range && (isinf(value) || value == 0))
				return SPARSEVEC_RANGE;
			if (isinf(value))
				return SPARSEVEC_INFINITE;
			if (value != 0)
			{
				if (*nnz == max_elements)
					return SPARSEVEC_TOO_MANY;
				elements[(*nnz)++] = (SparsevecElement){index - 1, value};
			}
			p += end - piece;
			p += strspn(p, spaces);
			closing = *p;
			if (closing != ',' && closing != '}')
				return SPARSEVEC_SYNTAX;
			p++;
		} while (closing == ',');
	}
	p += strspn(p, spaces);
	if (*p++ != '/')
		return SPARSEVEC_NO_SLASH;
	p += strspn(p, spaces);
	if (!reference_integer(&p, dim))
		return SPARSEVEC_SYNTAX;
	return p[strspn(p, spaces)] == '\0' ? SPARSEVEC_OK : SPARSEVEC_JUNK;
}

/* Texts one to eight mutations away from a valid one. */
static void
text_mutations(void)
{
	static const char alphabet[] =
		"{{}},,::://0123456789..eE+--xXpPnaNiInNfFty() \t\n\v\f\r[]\"_\x80\xff";
	static const char *const seeds[] = {
		"{1:1,2:2,3:3}/5",
		" { 7 : 1.5 , 2 : -2e3 ,\t30:0x1p4 } / 100 ",
		"{1:1e38,2:-1e-38,3:3.4028235e38,4:1e-45}/4",
		"{1:nan}/1",
		"{1:infinity,2:-inf,3:NaN(12)}/3",
		"{}/1000000000",
		"{1:1,2:2,3:3,4:4,5:5,6:6,7:7,8:8}/8",
		"{1:0,2147483648:1,-2147483649:1e99999,1:1e-99999}/99999999999",
	};
	uint64_t seen[SPARSEVEC_ZERO + 1] = {0};

	for (int round = 0; round < MUTATIONS; round++)
	{
		const char *seed = seeds[test_random_below(sizeof(seeds) / sizeof(seeds[0]))];
		char text[MUTATED_BYTES + 1];
		size_t size = strlen(seed);
		int max_elements = 1 + (int) test_random_below(MAX_ELEMENTS);
		SparsevecElement want[MAX_ELEMENTS];
		int want_nnz;
		int want_dim;
		SparsevecCode want_code;
		SparsevecParseResult result;
		SparsevecCode code;
		SparsevecElement *elements;
		int bound;

		memcpy(text, seed, size);
		for (uint32_t n = 1 + test_random_below(8); n > 0; n--)
			mutate(text, &size, MUTATED_BYTES, alphabet, sizeof(alphabet) - 1, false);
		text[size] = '\0';

		code = parse_exact(text, size, &elements, max_elements, &result);
		want_code = reference_parse(text, want, max_elements, &want_nnz, &want_dim);
		CHECK(code == want_code, "\"%s\": code %d, reference %d", text, (int) code,
			  (int) want_code);
		REQUIRE(result.nnz == want_nnz, "\"%s\": nnz %d, reference %d", text, result.nnz, want_nnz);
		CHECK(result.dim == want_dim, "\"%s\": dim %d, reference %d", text, result.dim, want_dim);
		for (int i = 0; i < want_nnz; i++)
			CHECK(elements[i].index == want[i].index &&
					  memcmp(&elements[i].value, &want[i].value, sizeof(float)) == 0,
				  "\"%s\": element %d", text, i);
		CHECK(result.position + result.length <= size, "\"%s\": position %zu + %zu", text,
			  result.position, result.length);
		CHECK((result.length > 0) ==
				  (code == SPARSEVEC_RANGE || code == SPARSEVEC_NAN || code == SPARSEVEC_INFINITE),
			  "\"%s\": length %zu with code %d", text, result.length, (int) code);
		bound = sparsevec_parse_bound(text, 1000);
		CHECK(bound >= result.nnz && bound >= 1, "\"%s\": bound %d", text, bound);
		CHECK(sparsevec_parse_bound(text, 3) == (bound > 4 ? 4 : bound), "\"%s\": limited bound",
			  text);
		seen[code]++;

		if (code == SPARSEVEC_OK)
		{
			int32_t *indices;
			float *values;

			code = arrange_exact(elements, result.nnz, result.dim, &indices, &values);
			CHECK(code == SPARSEVEC_OK || code == SPARSEVEC_BOUNDS || code == SPARSEVEC_DUPLICATE,
				  "\"%s\": arranged with code %d", text, (int) code);
			for (int i = 0; code == SPARSEVEC_OK && i < result.nnz; i++)
				CHECK(indices[i] >= 0 && indices[i] < result.dim &&
						  (i == 0 || indices[i] > indices[i - 1]),
					  "\"%s\": index %d is %d", text, i, indices[i]);
			seen[code]++;
			free(indices);
			free(values);
		}
		free(elements);
	}
	for (int code = SPARSEVEC_OK; code <= SPARSEVEC_DUPLICATE; code++)
		CHECK(seen[code] > 0, "no mutation led to code %d", code);
}

/*
 * Byte strings one to eight mutations away from a valid one.  As in sparsevec_recv(), elements
 * are read only if the header allows them and the bytes are all there.
 */
static void
binary_mutations(void)
{
	static const char alphabet[] = {0,	  0,	0,	  1,		   2,			3,			 5,
									0x3f, 0x40, 0x7f, (char) 0x80, (char) 0xc0, (char) 0xff, 0x3b};
	uint64_t seen[SPARSEVEC_ZERO + 1] = {0};

	for (int round = 0; round < MUTATIONS; round++)
	{
		static const int32_t seed_indices[] = {0, 2, 3, 9, 12};
		static const float seed_values[] = {1, -2, 1e-45f, 3.4028235e38f, 0.1f};
		int nnz = (int) test_random_below(6);
		char bytes[MUTATED_BYTES];
		size_t size;
		unsigned char *packed = pack(13, nnz, seed_indices, seed_values, &size);
		SparsevecHeader header;
		SparsevecCode code = SPARSEVEC_OK;
		int32_t *indices;
		float *values;
		void *exact;

		memcpy(bytes, packed, size);
		free(packed);
		for (uint32_t n = 1 + test_random_below(8); n > 0; n--)
			mutate(bytes, &size, MUTATED_BYTES, alphabet, sizeof(alphabet), true);
		if (size < SPARSEVEC_HEADER_BYTES)
			continue;
		exact = exact_copy(bytes, size);
		header = sparsevec_unpack_header(exact);
		if (header.nnz >= 0 && (size_t) header.nnz <= (size - SPARSEVEC_HEADER_BYTES) / 8)
		{
			indices = exact_alloc(sizeof(int32_t) * (size_t) header.nnz);
			values = exact_alloc(sizeof(float) * (size_t) header.nnz);
			code = sparsevec_unpack_elements((char *) exact + SPARSEVEC_HEADER_BYTES, header.nnz,
											 header.dim, indices, values);
			for (int i = 0; code == SPARSEVEC_OK && i < header.nnz; i++)
				CHECK(indices[i] >= 0 && indices[i] < header.dim &&
						  (i == 0 || indices[i] > indices[i - 1]) && isfinite(values[i]) &&
						  values[i] != 0.0f,
					  "round %d: element %d is %d:%g", round, i, indices[i], (double) values[i]);
			seen[code]++;
			free(indices);
			free(values);
		}
		free(exact);
	}
	for (int code = SPARSEVEC_OK; code <= SPARSEVEC_ZERO; code++)
		if (code == SPARSEVEC_OK || code >= SPARSEVEC_NAN)
			CHECK(seen[code] > 0, "no mutation led to code %d", code);
}

int
main(int argc, char **argv)
{
	test_begin(argc, argv);
	TEST_RUN(known_results);
	TEST_RUN(prefixes);
	TEST_RUN(arrange);
	TEST_RUN(round_trip);
	TEST_RUN(text_mutations);
	TEST_RUN(binary_mutations);
	return test_end();
}
