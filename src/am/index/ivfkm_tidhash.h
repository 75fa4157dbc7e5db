/*-------------------------------------------------------------------------
 *
 * ivfkm_tidhash.h
 *	  A hash table keyed by heap address.
 *
 * NOTES
 *	  Used by scans as a set, and by vdb_index_check() to remember where a row is.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_tidhash.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_TIDHASH_H
#define IVFKM_TIDHASH_H

#include "compat.h"

#include "common/hashfn.h"
#include "storage/itemptr.h"

/* An entry; "list" and "slot" are for the table's user. */
typedef struct TidHashEntry
{
	ItemPointerData tid;
	char status; /* simplehash's */
	uint32 list;
	BlockNumber block;
	int32 slot;
} TidHashEntry;

/* Hash of a heap address. */
static inline uint32
tidhash_of(ItemPointerData tid)
{
	return murmurhash32(ItemPointerGetBlockNumberNoCheck(&tid) * 2048u +
						ItemPointerGetOffsetNumberNoCheck(&tid));
}

#define SH_PREFIX		  tidhash
#define SH_ELEMENT_TYPE	  TidHashEntry
#define SH_KEY_TYPE		  ItemPointerData
#define SH_KEY			  tid
#define SH_HASH_KEY(t, k) tidhash_of(k)
#define SH_EQUAL(t, a, b) ItemPointerEquals(&(a), &(b))
#define SH_SCOPE		  static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#endif /* IVFKM_TIDHASH_H */
