/*-------------------------------------------------------------------------
 *
 * ivfkm_toast.h
 *	  Long values of a table, fetched one after the other.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_toast.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_TOAST_H
#define IVFKM_TOAST_H

#include "utils/relcache.h"

/* Access to the long values of a table. */
typedef struct IvfkmToast IvfkmToast;

extern IvfkmToast *ivfkm_toast_begin(Relation heap);
extern void *ivfkm_toast_fetch(IvfkmToast *toast, Datum value);
extern void ivfkm_toast_end(IvfkmToast *toast);

#endif /* IVFKM_TOAST_H */
