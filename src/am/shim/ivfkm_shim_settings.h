/*-------------------------------------------------------------------------
 *
 * ivfkm_shim_settings.h
 *	  pgvector's settings, and what they ask of a scan of ivfkm.
 *
 * IDENTIFICATION
 *	  src/am/shim/ivfkm_shim_settings.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_SHIM_SETTINGS_H
#define IVFKM_SHIM_SETTINGS_H

#include "am/index/ivfkm_settings.h"

#define IVFFLAT_DEFAULT_LISTS 100
#define IVFFLAT_MAX_LISTS	  32768

extern void ivfkm_shim_settings_define(void);
extern void ivfkm_shim_settings_hnsw(const IvfkmMetaPageData *meta, IvfkmSettings *settings);
extern void ivfkm_shim_settings_ivfflat(const IvfkmMetaPageData *meta, int declared,
										IvfkmSettings *settings);

#endif /* IVFKM_SHIM_SETTINGS_H */
