/*-------------------------------------------------------------------------
 *
 * ivfkm_shim_settings.c
 *	  pgvector's settings, and what they ask of a scan of ivfkm.
 *
 * NOTES
 *	  Settings are defined when the first handler of hnsw or ivfflat is called, not when the
 *	  library is loaded, so that a session without such indexes can load pgvector's library
 *	  too.  If that library has defined them already, they stay its own.  Scans
 *	  therefore read them by name, which also works in parallel workers: there, before a
 *	  handler is called, they are placeholders with the leader's values.
 *
 * IDENTIFICATION
 *	  src/am/shim/ivfkm_shim_settings.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <limits.h>
#include <math.h>

#include "access/parallel.h"
#include "access/xact.h"
#include "utils/guc.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_settings.h"
#include "am/shim/ivfkm_shim_settings.h"

#define HNSW_DEFAULT_EF_SEARCH		 40
#define HNSW_MAX_EF_SEARCH			 1000
#define HNSW_DEFAULT_MAX_SCAN_TUPLES 20000
#define IVFFLAT_DEFAULT_PROBES		 1
#define IVFFLAT_MIN_ROWS			 40 /* as of hnsw: a list has more in pgvector */

/* What each doubling of hnsw.ef_search above its default adds to the epsilon of the bounds. */
#define EPSILON_PER_DOUBLING 0.8

static const struct config_enum_entry hnsw_iterative_scan_values[] = {
	{"off", IVFKM_ITERATIVE_OFF, false},
	{"relaxed_order", IVFKM_ITERATIVE_RELAXED, false},
	{"strict_order", IVFKM_ITERATIVE_STRICT, false},
	{NULL, 0, false}};

static const struct config_enum_entry ivfflat_iterative_scan_values[] = {
	{"off", IVFKM_ITERATIVE_OFF, false},
	{"relaxed_order", IVFKM_ITERATIVE_RELAXED, false},
	{NULL, 0, false}};

/* What the definitions point to; scans read the settings by name. */
static int hnsw_ef_search;
static int hnsw_iterative_scan;
static int hnsw_max_scan_tuples;
static double hnsw_scan_mem_multiplier;
static int ivfflat_iterative_scan;
static int ivfflat_max_probes;
static int ivfflat_probes;

/* True if another library has defined a setting of this name. */
static bool
is_taken(const char *name)
{
	return GetConfigOption(name, true, false) != NULL &&
		   (GetConfigOptionFlags(name, true) & GUC_CUSTOM_PLACEHOLDER) == 0;
}

/* Defines the settings of hnsw with pgvector's names, defaults and ranges. */
static void
define_hnsw(void)
{
	DefineCustomIntVariable(
		"hnsw.ef_search", "Sets how wide searches of hnsw indexes are.",
		"Above 40, proportionally more lists are probed than were measured to be enough.",
		&hnsw_ef_search, HNSW_DEFAULT_EF_SEARCH, 1, HNSW_MAX_EF_SEARCH, PGC_USERSET, 0, NULL, NULL,
		NULL);
	DefineCustomEnumVariable("hnsw.iterative_scan",
							 "Sets how a scan goes on when its first lists are used up.", NULL,
							 &hnsw_iterative_scan, IVFKM_ITERATIVE_OFF, hnsw_iterative_scan_values,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("hnsw.max_scan_tuples",
							"Sets after how many rows a scan does not go on to further lists.",
							NULL, &hnsw_max_scan_tuples, HNSW_DEFAULT_MAX_SCAN_TUPLES, 1, INT_MAX,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomRealVariable("hnsw.scan_mem_multiplier",
							 "Sets the memory of iterative scans in pgvector; not used by vdb.",
							 NULL, &hnsw_scan_mem_multiplier, 1, 1, 1000, PGC_USERSET, 0, NULL,
							 NULL, NULL);
	MarkGUCPrefixReserved("hnsw");
}

/* The same for ivfflat. */
static void
define_ivfflat(void)
{
	DefineCustomIntVariable("ivfflat.probes", "Sets how many lists searches probe first.",
							"Counted in the lists that the index was declared with.",
							&ivfflat_probes, IVFFLAT_DEFAULT_PROBES, 1, IVFFLAT_MAX_LISTS,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("ivfflat.iterative_scan",
							 "Sets how a scan goes on when its first lists are used up.", NULL,
							 &ivfflat_iterative_scan, IVFKM_ITERATIVE_OFF,
							 ivfflat_iterative_scan_values, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable(
		"ivfflat.max_probes", "Sets the largest number of lists that an iterative scan may probe.",
		"Counted in the lists that the index was declared with.", &ivfflat_max_probes,
		IVFFLAT_MAX_LISTS, 1, IVFFLAT_MAX_LISTS, PGC_USERSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("ivfflat");
}

/*
 * Defines pgvector's settings, once in a process, unless a library has done so.  Called
 * by the handlers.  Not during a parallel operation: values set before could not be
 * taken over then.
 */
void
ivfkm_shim_settings_define(void)
{
	static bool done = false;

	if (done || IsParallelWorker() || IsInParallelMode())
		return;
	done = true;
	if (!is_taken("hnsw.ef_search"))
		define_hnsw();
	if (!is_taken("ivfflat.probes"))
		define_ivfflat();
}

/* Value of an integer setting; "otherwise" if there is none, or none in the range from 1 to max. */
static int
read_int(const char *name, int otherwise, int max)
{
	const char *text = GetConfigOption(name, true, false);
	int value;

	if (text == NULL || !parse_int(text, &value, 0, NULL) || value < 1 || value > max)
		return otherwise;
	return value;
}

/* Value of a setting iterative_scan; off if there is none. */
static int
read_iterative_scan(const char *name, const struct config_enum_entry *values)
{
	const char *text = GetConfigOption(name, true, false);

	for (; text != NULL && values->name != NULL; values++)
	{
		if (pg_strcasecmp(text, values->name) == 0)
			return values->val;
	}
	return IVFKM_ITERATIVE_OFF;
}

/* Settings of hnsw for a scan: the first pass gets wider with hnsw.ef_search. */
void
ivfkm_shim_settings_hnsw(const IvfkmMetaPageData *meta, IvfkmSettings *settings)
{
	int ef_search = read_int("hnsw.ef_search", HNSW_DEFAULT_EF_SEARCH, HNSW_MAX_EF_SEARCH);

	settings->k = Min(ef_search, IVFKM_FIRST_K);
	settings->scale = Max(1.0, (double) ef_search / HNSW_DEFAULT_EF_SEARCH);
	if (settings->max_scan_tuples == 0)
		settings->max_scan_tuples =
			read_int("hnsw.max_scan_tuples", HNSW_DEFAULT_MAX_SCAN_TUPLES, INT_MAX);
	if (ef_search > HNSW_DEFAULT_EF_SEARCH)
		settings->epsilon =
			Max(settings->epsilon,
				Min(settings->epsilon +
						EPSILON_PER_DOUBLING * log2((double) ef_search / HNSW_DEFAULT_EF_SEARCH),
					IVFKM_EXACT_EPSILON));
	settings->min_rows = ef_search;
	settings->iterative_scan =
		read_iterative_scan("hnsw.iterative_scan", hnsw_iterative_scan_values);
}

/*
 * Settings of ivfflat for a scan: probes are a share of the lists that the index was declared
 * with.  Settings of ivfkm that are not 0 take precedence, here as for hnsw.
 */
void
ivfkm_shim_settings_ivfflat(const IvfkmMetaPageData *meta, int declared, IvfkmSettings *settings)
{
	int probes = read_int("ivfflat.probes", IVFFLAT_DEFAULT_PROBES, IVFFLAT_MAX_LISTS);
	int max_probes = read_int("ivfflat.max_probes", IVFFLAT_MAX_LISTS, IVFFLAT_MAX_LISTS);
	double lists_each = (double) meta->nlists / declared;

	settings->k = IVFKM_FIRST_K;
	if (settings->probes == 0)
		settings->least = (int) Min(ceil(probes * lists_each), meta->nlists);
	settings->min_rows = IVFFLAT_MIN_ROWS;
	/* all lists are all rows */
	settings->epsilon =
		Max(settings->epsilon,
			settings->epsilon + (IVFKM_EXACT_EPSILON - settings->epsilon) *
									Min(1.0, (double) (probes - 1) / Max(declared - 1, 1)));
	if (settings->max_probes == 0 && max_probes < declared)
	{
		settings->max_probes = (int) Max(ivfkm_budget_probes(meta, settings->k, settings->target),
										 ceil(max_probes * lists_each));
		settings->max_probes = Max(settings->max_probes, Max(settings->probes, settings->least));
	}
	settings->iterative_scan =
		read_iterative_scan("ivfflat.iterative_scan", ivfflat_iterative_scan_values);
}
