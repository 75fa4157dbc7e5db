/*-------------------------------------------------------------------------
 *
 * page_owners.h
 *	  Who owns the pages of the current tree.
 *
 * NOTES
 *	  A page says who its owner is.  Whether that owner is part of the current tree only the tree
 *	  can tell: its nodes lead to all others.  Walks over the file collect the ids beforehand, under
 *	  a lock that keeps the tree as it is.
 *
 * IDENTIFICATION
 *	  src/page/page_owners.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_OWNERS_H
#define IVFKM_PAGE_OWNERS_H

#include "compat.h"

/* Ids in ascending order. */
typedef struct IvfkmOwners
{
	uint32 *ids;
	Size count;
} IvfkmOwners;

/* True if the id is one of them. */
static inline bool
page_owners_contain(const IvfkmOwners *owners, uint32 id)
{
	Size low = 0;
	Size high = owners->count;

	while (low < high)
	{
		Size middle = low + (high - low) / 2;

		if (owners->ids[middle] == id)
			return true;
		if (owners->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

#endif /* IVFKM_PAGE_OWNERS_H */
