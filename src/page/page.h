/*-------------------------------------------------------------------------
 *
 * page.h
 *	  All that this folder offers to the access method.
 *
 * IDENTIFICATION
 *	  src/page/page.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_PAGE_H
#define IVFKM_PAGE_H

#include "compat.h"

#include "page/page_ahead.h"
#include "page/page_check.h"
#include "page/page_child.h"
#include "page/page_extent.h"
#include "page/page_format.h"
#include "page/page_free.h"
#include "page/page_geometry.h"
#include "page/page_group.h"
#include "page/page_hint.h"
#include "page/page_layout.h"
#include "page/page_list.h"
#include "page/page_mean.h"
#include "page/page_meta.h"
#include "page/page_pending.h"
#include "page/page_ranges.h"
#include "page/page_refine.h"
#include "page/page_retired.h"
#include "page/page_seal.h"
#include "page/page_summary.h"
#include "page/page_verify.h"
#include "page/page_writer.h"

#endif /* IVFKM_PAGE_H */
