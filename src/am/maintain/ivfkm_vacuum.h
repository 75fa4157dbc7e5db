/*-------------------------------------------------------------------------
 *
 * ivfkm_vacuum.h
 *	  Removing dead rows.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_vacuum.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_VACUUM_H
#define IVFKM_VACUUM_H

#include "access/genam.h"

#include "am/ivfkm.h"

extern IndexBulkDeleteResult *ivfkmbulkdelete(IndexVacuumInfo *info, IndexBulkDeleteResult *stats,
											  IndexBulkDeleteCallback callback,
											  void *callback_state);
extern IndexBulkDeleteResult *ivfkmvacuumcleanup(IndexVacuumInfo *info,
												 IndexBulkDeleteResult *stats);

#endif /* IVFKM_VACUUM_H */
