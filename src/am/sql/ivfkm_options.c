/*-------------------------------------------------------------------------
 *
 * ivfkm_options.c
 *	  Index options and settings, with their defaults and ranges.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_options.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <limits.h>

#include "access/reloptions.h"
#include "utils/guc.h"

#include "am/ivfkm.h"

/*
 * Dimensions from which "auto" makes refine codes of 4 bits.  Longer codes rank better, shorter ones
 * cost less to fetch from memory.  Measured: with 784 dimensions and 60,000 rows, 8 bits
 * were 6 % faster; with 1,024 and 1,000,000, 4 bits were 7 % faster at half the size.
 */
#define SHORT_REFINE_DIMS 1000

static int ivfkm_debug_node_children;
static double ivfkm_epsilon;
static int ivfkm_iterative_scan;
static int ivfkm_max_probes;
static int ivfkm_max_scan_tuples;
static int ivfkm_probes;

static relopt_kind ivfkm_relopt_kind;

static const struct config_enum_entry iterative_scan_values[] = {
	{"strict_order", IVFKM_ITERATIVE_STRICT, false},
	{"relaxed_order", IVFKM_ITERATIVE_RELAXED, false},
	{"off", IVFKM_ITERATIVE_OFF, false},
	{NULL, 0, false}};

static relopt_enum_elt_def refine_bits_values[] = {
	{"auto", IVFKM_REFINE_AUTO}, {"0", 0}, {"4", 4}, {"8", 8}, {NULL, 0}};

/* Registers the index options and the settings; called once from _PG_init(). */
void
ivfkm_options_init(void)
{
	ivfkm_relopt_kind = add_reloption_kind();
	add_int_reloption(ivfkm_relopt_kind, "lists", "Number of posting lists; 0 chooses by rows",
					  IVFKM_DEFAULT_LISTS, 0, IVFKM_MAX_LISTS, AccessExclusiveLock);
	add_enum_reloption(ivfkm_relopt_kind, "refine_bits",
					   "Bits a dimension of the codes that candidates are ranked by",
					   refine_bits_values, IVFKM_REFINE_AUTO,
					   "Valid values are \"auto\", \"0\", \"4\" and \"8\".", AccessExclusiveLock);

	DefineCustomIntVariable(
		"ivfkm.debug_node_children", "Sets how many children the nodes of new indexes have.",
		"For tests of high trees. 0 is the built-in number.", &ivfkm_debug_node_children, 0, 0,
		IVFKM_MAX_LISTS, PGC_USERSET, GUC_NOT_IN_SAMPLE | GUC_NO_SHOW_ALL, NULL, NULL, NULL);
	DefineCustomRealVariable(
		"ivfkm.epsilon", "Sets how many standard deviations the bounds of 1-bit distances span.",
		"Larger values look at more rows exactly and miss fewer.", &ivfkm_epsilon, 2.2, 0.0, 100.0,
		PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("ivfkm.iterative_scan",
							 "Sets how a scan goes on when its first lists are used up.",
							 "strict_order keeps rows in exact order of distance, relaxed_order "
							 "also returns rows that are found late, off stops.",
							 &ivfkm_iterative_scan, IVFKM_ITERATIVE_STRICT, iterative_scan_values,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("ivfkm.max_probes",
							"Sets the largest number of lists that a scan may probe.",
							"0 means no limit.", &ivfkm_max_probes, 0, 0, IVFKM_MAX_LISTS,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("ivfkm.max_scan_tuples",
							"Sets after how many rows a scan stops to go on to further lists.",
							"0 means no limit.", &ivfkm_max_scan_tuples, 0, 0, INT_MAX, PGC_USERSET,
							0, NULL, NULL, NULL);
	DefineCustomIntVariable("ivfkm.probes", "Sets the number of lists that a scan probes first.",
							"0 uses the number that was measured when the index was built.",
							&ivfkm_probes, 0, 0, IVFKM_MAX_LISTS, PGC_USERSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("ivfkm");
}

/* amoptions: parses and checks the options of WITH (...). */
bytea *
ivfkmoptions(Datum reloptions, bool validate)
{
	static const relopt_parse_elt table[] = {
		{.optname = "lists", .opttype = RELOPT_TYPE_INT, .offset = offsetof(IvfkmOptions, lists)},
		{.optname = "refine_bits",
		 .opttype = RELOPT_TYPE_ENUM,
		 .offset = offsetof(IvfkmOptions, refine_bits)},
	};

	return (bytea *) build_reloptions(reloptions, validate, ivfkm_relopt_kind, sizeof(IvfkmOptions),
									  table, lengthof(table));
}

/* The index's options; NULL if all have their defaults.  Those of pgvector's names are others. */
static const IvfkmOptions *
index_options(Relation index)
{
	return ivfkm_shim_kind(index) == IVFKM_SHIM_NONE ? (const IvfkmOptions *) index->rd_options
													 : NULL;
}

/* Children that a node of a new index is to have; 0 = the built-in number. */
int
ivfkm_option_node_children(void)
{
	return ivfkm_debug_node_children;
}

/* The index's "lists" option; 0 = automatic. */
int
ivfkm_option_lists(Relation index)
{
	const IvfkmOptions *options = index_options(index);

	return options != NULL ? options->lists : IVFKM_DEFAULT_LISTS;
}

/*
 * The settings for a scan of the index, whose metapage is "meta".  An index made under one of
 * pgvector's names is also subject to the settings of that name.
 */
void
ivfkm_settings_get(Relation index, const IvfkmMetaPageData *meta, IvfkmSettings *settings)
{
	settings->probes = ivfkm_probes;
	settings->epsilon = ivfkm_epsilon;
	settings->max_probes = ivfkm_max_probes;
	settings->max_scan_tuples = ivfkm_max_scan_tuples;
	settings->iterative_scan = ivfkm_iterative_scan;
	ivfkm_shim_settings_get(index, meta, settings);
}

/*
 * Bits of the refine codes that a new index of "dims" dimensions gets: 0, 4 or 8.  Fewer
 * than asked for, with a NOTICE, where they would not fit; see page_refine_max_bits().
 */
int
ivfkm_option_refine_bits(Relation index, const IvfkmOps *ops, int dims)
{
	const IvfkmOptions *options = index_options(index);
	int bits = options != NULL ? options->refine_bits : IVFKM_REFINE_AUTO;
	int max_bits = page_refine_max_bits(dims);

	if (bits == IVFKM_REFINE_AUTO)
		return ops->small_values ? 0 : Min(max_bits, dims < SHORT_REFINE_DIMS ? 8 : 4);
	if (bits > max_bits)
	{
		ereport(NOTICE,
				(errmsg("index \"%s\" gets %d refine bits instead of %d",
						RelationGetRelationName(index), max_bits, bits),
				 errdetail("Codes of %d bits for %d dimensions do not fit on pages.", bits, dims)));
		return max_bits;
	}
	return bits;
}
