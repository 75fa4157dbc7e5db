/*-------------------------------------------------------------------------
 *
 * fuzz.h
 *	  What the fuzz targets share: their entry points, checks, exact memory.
 *
 * NOTES
 *	  Pure C.  A target is FUZZ_TARGET(name) { ... } in fuzz_<name>.c, a function
 *	  fuzz_<name>(data, size).  Built with FUZZ_ENTRY the file also has the entry point
 *	  that libFuzzer calls; without it all targets link into one program, the replay of
 *	  the corpus in test/unit.
 *
 * IDENTIFICATION
 *	  test/fuzz/fuzz.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int fuzz_dense_binary(const uint8_t *data, size_t size);
extern int fuzz_vector_text(const uint8_t *data, size_t size);
extern int fuzz_sparsevec_text(const uint8_t *data, size_t size);
extern int fuzz_sparsevec_binary(const uint8_t *data, size_t size);
extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef FUZZ_ENTRY
#define FUZZ_TARGET(name)                                                                          \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                   \
	{                                                                                              \
		return fuzz_##name(data, size);                                                            \
	}                                                                                              \
	int fuzz_##name(const uint8_t *data, size_t size)
#else
#define FUZZ_TARGET(name) int fuzz_##name(const uint8_t *data, size_t size)
#endif

/* Ends the program when a promise of the code under test is broken. */
#define FUZZ_CHECK(condition)                                                                      \
	do                                                                                             \
	{                                                                                              \
		if (!(condition))                                                                          \
		{                                                                                          \
			fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);          \
			abort();                                                                               \
		}                                                                                          \
	} while (0)

/* malloc() of exactly n bytes, so that AddressSanitizer finds the first one past them. */
static inline void *
fuzz_alloc(size_t n)
{
	void *p = malloc(n > 0 ? n : 1);

	FUZZ_CHECK(p != NULL);
	return p;
}

/* The bytes as a string of exactly their length, cut at the first zero. */
static inline char *
fuzz_string(const uint8_t *data, size_t size)
{
	size_t length = 0;
	char *text;

	while (length < size && data[length] != '\0')
		length++;
	text = fuzz_alloc(length + 1);
	if (length > 0)
		memcpy(text, data, length);
	text[length] = '\0';
	return text;
}

#endif /* FUZZ_H */
