/*-------------------------------------------------------------------------
 *
 * ivfkm_given.c
 *	  What a scan has taken already: addresses and floors.
 *
 * NOTES
 *	  See ivfkm_given.h.
 *
 * IDENTIFICATION
 *	  src/am/scan/ivfkm_given.c
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "am/scan/ivfkm_given.h"

#define FIRST_SIZE 64 /* places of the hash table at first; a power of two */

/* Nothing has been taken; memory is taken when it is needed. */
void
ivfkm_given_init(IvfkmGiven *given, IvfkmResize resize)
{
	memset(given, 0, sizeof(*given));
	given->resize = resize;
}

/* The place of a row in the table, or the free place where it would go. */
static inline size_t
find_place(const IvfkmAddress *rows, size_t size, IvfkmAddress row)
{
	size_t place = (size_t) ivfkm_given_hash(row) & (size - 1);

	while (rows[place] != 0 && rows[place] != row)
		place = (place + 1) & (size - 1);
	return place;
}

/* Makes the table larger: "size" places, a power of two. */
static void
grow(IvfkmGiven *given, size_t size)
{
	IvfkmAddress *rows = given->resize(NULL, sizeof(IvfkmAddress) * size);

	memset(rows, 0, sizeof(IvfkmAddress) * size);
	for (size_t i = 0; i < given->size; i++)
	{
		if (given->rows[i] != 0)
			rows[find_place(rows, size, given->rows[i])] = given->rows[i];
	}
	if (given->rows != NULL)
		(void) given->resize(given->rows, 0);
	given->rows = rows;
	given->size = size;
}

/* Makes room for so many rows more: the table is at most half full. */
void
ivfkm_given_reserve(IvfkmGiven *given, size_t rows)
{
	size_t size = given->size == 0 ? FIRST_SIZE : given->size;

	while (size < 2 * (given->nrows + rows))
		size *= 2;
	if (size > given->size)
		grow(given, size);
}

/* Remembers that a row (not 0) was taken; false if it had been already. */
bool
ivfkm_given_add(IvfkmGiven *given, IvfkmAddress row)
{
	size_t place;

	if (2 * (given->nrows + 1) > given->size)
		ivfkm_given_reserve(given, 1);
	place = find_place(given->rows, given->size, row);
	if (given->rows[place] == row)
		return false;
	given->rows[place] = row;
	given->nrows++;
	return true;
}

/* True if the row was remembered by its address. */
bool
ivfkm_given_has_row(const IvfkmGiven *given, IvfkmAddress row)
{
	return given->nrows > 0 && given->rows[find_place(given->rows, given->size, row)] == row;
}

/*
 * Remembers that of lists 0 to nlists - 1 all rows at or below "floor" were taken, beside what
 * was remembered before.  Lists never become fewer.
 */
void
ivfkm_given_raise(IvfkmGiven *given, IvfkmPosition floor, int32_t nlists)
{
	if ((size_t) nlists > given->floors_size)
	{
		given->floors_size = (size_t) nlists * 2;
		given->floors = given->resize(given->floors, sizeof(IvfkmPosition) * given->floors_size);
	}
	/* from the last one, until one is as high: so are those before it */
	for (int32_t i = nlists - 1; i >= 0; i--)
	{
		if (i < given->nlists && !ivfkm_position_less(&given->floors[i], &floor))
			break;
		given->floors[i] = floor;
	}
	given->nlists = nlists;
}
