/*-------------------------------------------------------------------------
 *
 * vdb_pages.h
 *	  Huge pages for memory of which all will be used.
 *
 * NOTES
 *	  Pure C.
 *
 * IDENTIFICATION
 *	  src/port/vdb_pages.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VDB_PAGES_H
#define VDB_PAGES_H

#include <stddef.h>

extern void vdb_pages_huge(void *memory, size_t bytes);

#endif /* VDB_PAGES_H */
