/*-------------------------------------------------------------------------
 *
 * mutate.h
 *	  Random changes of texts and byte strings, for tests of parsers.
 *
 * NOTES
 *	  Include after test_main.h, whose random numbers it takes.
 *
 * IDENTIFICATION
 *	  test/unit/mutate.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef MUTATE_H
#define MUTATE_H

#include "test_main.h"

/*
 * Changes *size bytes in one place: overwrites, inserts, deletes, repeats or cuts.  There is
 * room for "room" bytes.  New bytes come from alphabet[nalphabet], one in eight from all
 * values but 0, or all with it if "zero".
 */
static inline void
mutate(char *bytes, size_t *size, size_t room, const char *alphabet, size_t nalphabet, bool zero)
{
	size_t at = test_random_below((uint32_t) *size + 1);
	char c = alphabet[test_random_below((uint32_t) nalphabet)];
	size_t span = test_random_below(12);

	if (test_random_below(8) == 0)
		c = (char) (zero ? test_random_below(256) : 1 + test_random_below(255));
	switch (test_random_below(8))
	{
		case 0:
		case 1:
		case 2:
			if (at < *size)
				bytes[at] = c;
			break;
		case 3:
		case 4:
			if (*size < room)
			{
				memmove(bytes + at + 1, bytes + at, *size - at);
				bytes[at] = c;
				(*size)++;
			}
			break;
		case 5:
			if (at < *size)
			{
				memmove(bytes + at, bytes + at + 1, *size - at - 1);
				(*size)--;
			}
			break;
		case 6:
			if (at + span <= *size && *size + span <= room)
			{
				memmove(bytes + at + span, bytes + at, *size - at);
				*size += span;
			}
			break;
		case 7:
			if (test_random_below(4) == 0)
				*size = at;
			break;
	}
}

#endif /* MUTATE_H */
