/*-------------------------------------------------------------------------
 *
 * ivfkm_settings.c
 *	  Settings: what a session asks of scans and builds.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_settings.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <limits.h>

#include "access/amapi.h"
#include "utils/guc.h"

#include "am/index/ivfkm_budget.h"
#include "am/index/ivfkm_options.h"
#include "am/index/ivfkm_settings.h"

#define MAX_ALIASES 4

#define OFF_ROWS 40 /* that a scan gives before ivfkm.iterative_scan = off ends it */

static int ivfkm_debug_node_children;
static double ivfkm_epsilon;
static int ivfkm_iterative_scan;
static bool ivfkm_maintenance;
static int ivfkm_max_probes;
static int ivfkm_max_scan_tuples;
static int ivfkm_probes;
static double ivfkm_target_recall;

/* The target is that of who searches, so it takes precedence over the option of an index. */
static bool target_is_own;

/* The other names that are in use in this process. */
static const IvfkmAlias *aliases[MAX_ALIASES];
static int naliases;

static const struct config_enum_entry iterative_scan_values[] = {
	{"strict_order", IVFKM_ITERATIVE_STRICT, false},
	{"relaxed_order", IVFKM_ITERATIVE_RELAXED, false},
	{"off", IVFKM_ITERATIVE_OFF, false},
	{NULL, 0, false}};

/*
 * A GucRealCheckHook: notes in *extra, a bool, whether a value comes from the role, the connection,
 * the session or a function.
 */
static bool
check_target(double *value, void **extra, GucSource source)
{
	bool *own = guc_malloc_compat(sizeof(bool));

	if (own == NULL)
		return false;
	*own = source >= PGC_S_USER;
	*extra = own;
	return true;
}

/* A GucRealAssignHook. */
static void
assign_target(double value, void *extra)
{
	target_is_own = *(const bool *) extra;
}

/* Defines the settings; called once from _PG_init(). */
void
ivfkm_settings_init(void)
{
	DefineCustomIntVariable(
		"ivfkm.debug_node_children", "Sets how many children the nodes of new indexes have.",
		"For tests of high trees. 0 is the built-in number.", &ivfkm_debug_node_children, 0, 0,
		IVFKM_MAX_LISTS, PGC_USERSET, GUC_NOT_IN_SAMPLE | GUC_NO_SHOW_ALL, NULL, NULL, NULL);
	DefineCustomRealVariable(
		"ivfkm.epsilon", "Sets how many standard deviations the bounds of 1-bit distances span.",
		"Larger values look at more rows exactly and miss fewer. 0 follows ivfkm.target_recall.",
		&ivfkm_epsilon, 0.0, 0.0, 100.0, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("ivfkm.iterative_scan",
							 "Sets how a scan goes on when its first lists are used up.",
							 "strict_order keeps rows in exact order of distance, relaxed_order "
							 "also returns rows that are found late, off stops.",
							 &ivfkm_iterative_scan, IVFKM_ITERATIVE_STRICT, iterative_scan_values,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("ivfkm.maintenance",
							 "Renews indexes in the background when their rows have changed much.",
							 "Background workers do it, if max_worker_processes leaves room.",
							 &ivfkm_maintenance, true, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("ivfkm.max_probes",
							"Sets the largest number of lists that a scan may probe.",
							"0 means no limit.", &ivfkm_max_probes, 0, 0, IVFKM_MAX_LISTS,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("ivfkm.max_scan_tuples",
							"Sets after how many rows a scan does not go on to further lists.",
							"0 means no limit.", &ivfkm_max_scan_tuples, 0, 0, INT_MAX, PGC_USERSET,
							0, NULL, NULL, NULL);
	DefineCustomIntVariable("ivfkm.probes", "Sets the number of lists that a scan probes first.",
							"0 scans as many rows as were measured for ivfkm.target_recall.",
							&ivfkm_probes, 0, 0, IVFKM_MAX_LISTS, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomRealVariable("ivfkm.target_recall",
							 "Sets the share of the nearest rows that a search is to find.",
							 "1 searches all of an index. An index's option target_recall takes "
							 "precedence over what the server or the database sets.",
							 &ivfkm_target_recall, IVFKM_DEFAULT_TARGET, IVFKM_LEAST_TARGET, 1.0,
							 PGC_USERSET, 0, check_target, assign_target, NULL);
	MarkGUCPrefixReserved("ivfkm");
}

/*
 * Makes another name of the access method known; "alias" must stay.  Called by its handler,
 * which runs before an index of that name is used; works once.
 */
void
ivfkm_settings_alias(const IvfkmAlias *alias)
{
	for (int i = 0; i < naliases; i++)
	{
		if (aliases[i] == alias)
			return;
	}
	if (naliases == MAX_ALIASES)
		elog(ERROR, "too many names of access method ivfkm");
	aliases[naliases++] = alias;
}

/* Children that a node of a new index is to have; 0 = the built-in number. */
int
ivfkm_settings_node_children(void)
{
	return ivfkm_debug_node_children;
}

/*
 * The settings for a scan of the index, whose metapage is "meta".  An index made under
 * another name is also subject to the settings of that name.
 */
void
ivfkm_settings_get(Relation relation, const IvfkmMetaPageData *meta, IvfkmSettings *settings)
{
	double target = target_is_own ? 0.0 : ivfkm_options_target(relation);

	settings->probes = ivfkm_probes;
	settings->target = target > 0.0 ? target : ivfkm_target_recall;
	settings->least = 1;
	settings->k = 0;
	settings->scale = 1.0;
	settings->epsilon =
		ivfkm_epsilon > 0.0 ? ivfkm_epsilon : ivfkm_budget_epsilon(settings->target);
	settings->max_probes = ivfkm_max_probes;
	settings->max_scan_tuples = ivfkm_max_scan_tuples;
	settings->iterative_scan = ivfkm_iterative_scan;
	settings->min_rows = OFF_ROWS;
	for (int i = 0; i < naliases; i++)
	{
		if (aliases[i]->options == relation->rd_indam->amoptions)
			aliases[i]->settings(relation, meta, settings);
	}
}

/* Whether the index may be renewed without being asked. */
bool
ivfkm_settings_maintenance(Relation relation)
{
	return ivfkm_maintenance && ivfkm_options_maintenance(relation);
}
