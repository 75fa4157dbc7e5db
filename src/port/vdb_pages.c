/*-------------------------------------------------------------------------
 *
 * vdb_pages.c
 *	  Huge pages for memory of which all will be used.
 *
 * NOTES
 *	  Pure C.  Where Linux gives transparent huge pages to those who ask ("madvise", its default),
 *	  memory then takes one page fault for 2 MB instead of 512, and as many fewer entries in the
 *	  CPU's table of pages.
 *
 * IDENTIFICATION
 *	  src/port/vdb_pages.c
 *
 *-------------------------------------------------------------------------
 */
#include "port/vdb_pages.h"

#include <stdint.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#define HUGE_PAGE ((uintptr_t) 2 * 1024 * 1024)

/*
 * Asks for huge pages within memory that was not written to yet.  A hint: memory stays what it is,
 * and where the system does not know the hint or refuses, nothing happens.
 */
void
vdb_pages_huge(void *memory, size_t bytes)
{
#ifdef MADV_HUGEPAGE
	uintptr_t first = ((uintptr_t) memory + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	uintptr_t end = ((uintptr_t) memory + bytes) / HUGE_PAGE * HUGE_PAGE;

	if (end > first)
		(void) madvise((void *) first, end - first, MADV_HUGEPAGE);
#else
	(void) memory;
	(void) bytes;
#endif
}
