/*-------------------------------------------------------------------------
 *
 * ivfkm_utils.h
 *	  Opening indexes from SQL functions.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_utils.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_UTILS_H
#define IVFKM_UTILS_H

#include "am/index/ivfkm_all_lists.h"

/* What a SQL function does with one index. */
typedef void (*IvfkmIndexWork)(Relation index, Relation heap, void *arg);

extern void ivfkm_check_maintain(Relation index);
extern void ivfkm_each_index(Oid index_oid, bool missing_ok, IvfkmIndexWork work, void *arg);

#endif /* IVFKM_UTILS_H */
