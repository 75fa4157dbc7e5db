/*-------------------------------------------------------------------------
 *
 * ivfkm_options.h
 *	  Options of an index: WITH (...).
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_options.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_OPTIONS_H
#define IVFKM_OPTIONS_H

#include "am/ivfkm.h"

typedef struct IvfkmOptions
{
	int32 vl_len_;	 /* varlena header (do not touch directly!) */
	int lists;		 /* 0 = automatic */
	int refine_bits; /* IVFKM_REFINE_AUTO, 0, 4 or 8 */
	bool maintenance;
	int centroids;		  /* offset of the string, 0 = none */
	double target_recall; /* 0 = none */
} IvfkmOptions;

#define IVFKM_REFINE_AUTO (-1)

#define IVFKM_DEFAULT_LISTS 0
#define IVFKM_MAX_LISTS		1000000
#define IVFKM_LEAST_TARGET	0.8 /* of "target_recall", as an option and as a setting */

extern void ivfkm_options_init(void);
extern bytea *ivfkmoptions(Datum reloptions, bool validate);
extern int ivfkm_options_lists(Relation relation);
extern const char *ivfkm_options_centroids(Relation relation);
extern int ivfkm_options_refine_bits(Relation relation);
extern bool ivfkm_options_maintenance(Relation relation);
extern double ivfkm_options_target(Relation relation);

#endif /* IVFKM_OPTIONS_H */
