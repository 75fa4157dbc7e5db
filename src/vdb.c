/*-------------------------------------------------------------------------
 *
 * vdb.c
 *	  Module magic and initialisation: kernels, settings, access method.
 *
 * IDENTIFICATION
 *	  src/vdb.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "fmgr.h"

#include "distance/dist.h"
#include "vdb.h"

#if PG18_GE
PG_MODULE_MAGIC_EXT(.name = "vdb", .version = VDB_VERSION);
#else
PG_MODULE_MAGIC;
#endif

void _PG_init(void);

/* Called once when the library is loaded into a process. */
void
_PG_init(void)
{
}
