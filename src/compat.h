/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between the PostgreSQL versions that vdb builds against (15 to 18).
 *
 * NOTES
 *	  The only file that looks at PG_VERSION_NUM.
 *
 * IDENTIFICATION
 *	  src/compat.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VDB_COMPAT_H
#define VDB_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "vdb needs PostgreSQL 15 or newer"
#endif

#define PG16_GE (PG_VERSION_NUM >= 160000)
#define PG17_GE (PG_VERSION_NUM >= 170000)
#define PG18_GE (PG_VERSION_NUM >= 180000)

#endif /* VDB_COMPAT_H */
