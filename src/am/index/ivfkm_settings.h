/*-------------------------------------------------------------------------
 *
 * ivfkm_settings.h
 *	  Settings: what a session asks of scans and builds.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_settings.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_SETTINGS_H
#define IVFKM_SETTINGS_H

#include "am/ivfkm.h"

typedef enum IvfkmIterativeScan
{
	IVFKM_ITERATIVE_OFF,
	IVFKM_ITERATIVE_RELAXED,
	IVFKM_ITERATIVE_STRICT
} IvfkmIterativeScan;

/* Bounds of 1-bit codes that are so many standard deviations wide miss practically no row. */
#define IVFKM_EXACT_EPSILON 6.0

/* What the settings say to one scan; the same for all of it. */
typedef struct IvfkmSettings
{
	int probes;	   /* lists of the first pass; 0 = as many as hold the budget of rows */
	double target; /* share of the nearest rows that is to be found */
	int least;	   /* lists of the first pass at least, if "probes" is 0 */
	int k;		   /* rows whose budget the first pass takes; 0 = those that it prepares for */
	double scale;  /* by which the first pass's budget is larger than was measured */
	double epsilon;
	int max_probes;		 /* 0 = no limit */
	int max_scan_tuples; /* 0 = no limit */
	int iterative_scan;	 /* IvfkmIterativeScan */
	int min_rows;		 /* visible rows that are given before IVFKM_ITERATIVE_OFF ends a scan */
} IvfkmSettings;

/*
 * An access method that is ivfkm by another name.  Its indexes are known by their amoptions;
 * "settings" adds to what a scan of one is asked for.
 */
typedef struct IvfkmAlias
{
	bytea *(*options)(Datum reloptions, bool validate);
	void (*settings)(Relation relation, const IvfkmMetaPageData *meta, IvfkmSettings *settings);
} IvfkmAlias;

extern void ivfkm_settings_init(void);
extern void ivfkm_settings_alias(const IvfkmAlias *alias);
extern void ivfkm_settings_get(Relation relation, const IvfkmMetaPageData *meta,
							   IvfkmSettings *settings);
extern int ivfkm_settings_node_children(void);
extern bool ivfkm_settings_maintenance(Relation relation);

#endif /* IVFKM_SETTINGS_H */
