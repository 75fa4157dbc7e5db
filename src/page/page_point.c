/*-------------------------------------------------------------------------
 *
 * page_point.c
 *	  Points at which tests stop a session.
 *
 * NOTES
 *	  See page_point.h.
 *
 * IDENTIFICATION
 *	  src/page/page_point.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "fmgr.h"

#include "page/page_point.h"

static void *no_hook = NULL;

void **page_point_hook = &no_hook;

/* Finds the place for the hook that a test's library shares with this one. */
void
page_point_init(void)
{
	page_point_hook = find_rendezvous_variable("vdb_point");
}
