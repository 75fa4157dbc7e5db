/*-------------------------------------------------------------------------
 *
 * ivfkm_lock.h
 *	  The lock of an index's current tree.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_lock.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_LOCK_H
#define IVFKM_LOCK_H

#include "compat.h"

#include "portability/instr_time.h"
#include "storage/lock.h"
#include "utils/rel.h"

extern void ivfkm_lock_tree(Relation index, LOCKMODE mode);
extern void ivfkm_lock_tree_alone(Relation index, instr_time *start);
extern void ivfkm_unlock_tree(Relation index, LOCKMODE mode);
extern int ivfkm_count_workers(Oid index);
extern void ivfkm_join_workers(Oid index);
extern void ivfkm_leave_workers(Oid index);
extern void ivfkm_check_database(void);
extern void ivfkm_check_waiters(Relation heap, Relation index, bool yield);

#endif /* IVFKM_LOCK_H */
