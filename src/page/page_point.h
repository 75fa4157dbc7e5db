/*-------------------------------------------------------------------------
 *
 * page_point.h
 *	  Points at which tests stop a session.
 *
 * NOTES
 *	  PostgreSQL's own injection points came with version 17, and are not compiled into the servers
 *	  that distributions ship.  These are always there: what is tested is what is installed.  A
 *	  point costs a load and a branch that is always predicted, so it stands where a page or a list
 *	  begins, never in a loop over rows.
 *
 *	  The hook is found by its name in the process, "vdb_point": test/modules/test_vdb sets it.
 *
 * IDENTIFICATION
 *	  src/page/page_point.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef PAGE_POINT_H
#define PAGE_POINT_H

/* Called with the name of a point; may wait, or raise an error. */
typedef void (*PagePointHook)(const char *name);

extern void **page_point_hook; /* to a PagePointHook, or to NULL */

extern void page_point_init(void);

/* This session is at the point "name". */
static inline void
page_point(const char *name)
{
	if (unlikely(*page_point_hook != NULL))
		((PagePointHook) *page_point_hook)(name);
}

#endif /* PAGE_POINT_H */
