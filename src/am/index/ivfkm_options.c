/*-------------------------------------------------------------------------
 *
 * ivfkm_options.c
 *	  Options of an index: WITH (...).
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_options.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/amapi.h"
#include "access/reloptions.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "am/index/ivfkm_options.h"

static relopt_kind ivfkm_relopt_kind;

static relopt_enum_elt_def refine_bits_values[] = {
	{"auto", IVFKM_REFINE_AUTO}, {"0", 0}, {"4", 4}, {"8", 8}, {NULL, 0}};

/*
 * Checks the value of "centroids": a table's name, with a schema, so that it means the same to
 * every user, with every search_path and in a dump.  Errors: a name that is no such thing.
 */
static void
check_centroids(const char *value)
{
	if (value == NULL)
		return;
	if (list_length(textToQualifiedNameList(cstring_to_text(value))) != 2)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("invalid value for option \"centroids\": \"%s\"", value),
						errhint("Name a table with its schema, as in 'public.centroids'.")));
}

/* Registers the index options; called once from _PG_init(). */
void
ivfkm_options_init(void)
{
	ivfkm_relopt_kind = add_reloption_kind();
	add_string_reloption(ivfkm_relopt_kind, "centroids",
						 "Table that the centroids of the lists are read from", NULL,
						 check_centroids, AccessExclusiveLock);
	add_int_reloption(ivfkm_relopt_kind, "lists", "Number of posting lists; 0 chooses by rows",
					  IVFKM_DEFAULT_LISTS, 0, IVFKM_MAX_LISTS, AccessExclusiveLock);
	add_bool_reloption(ivfkm_relopt_kind, "maintenance",
					   "Renew the index in the background when its rows have changed much", true,
					   ShareUpdateExclusiveLock);
	add_enum_reloption(ivfkm_relopt_kind, "refine_bits",
					   "Bits a dimension of the codes that candidates are ranked by",
					   refine_bits_values, IVFKM_REFINE_AUTO,
					   "Valid values are \"auto\", \"0\", \"4\" and \"8\".", AccessExclusiveLock);
	add_real_reloption(ivfkm_relopt_kind, "target_recall",
					   "Share of the nearest rows that searches are to find; 0 leaves that to "
					   "ivfkm.target_recall",
					   0.0, IVFKM_LEAST_TARGET, 1.0, ShareUpdateExclusiveLock);
}

/* amoptions: parses and checks the options of WITH (...). */
bytea *
ivfkmoptions(Datum reloptions, bool validate)
{
	static const relopt_parse_elt table[] = {
		{.optname = "centroids",
		 .opttype = RELOPT_TYPE_STRING,
		 .offset = offsetof(IvfkmOptions, centroids)},
		{.optname = "lists", .opttype = RELOPT_TYPE_INT, .offset = offsetof(IvfkmOptions, lists)},
		{.optname = "maintenance",
		 .opttype = RELOPT_TYPE_BOOL,
		 .offset = offsetof(IvfkmOptions, maintenance)},
		{.optname = "refine_bits",
		 .opttype = RELOPT_TYPE_ENUM,
		 .offset = offsetof(IvfkmOptions, refine_bits)},
		{.optname = "target_recall",
		 .opttype = RELOPT_TYPE_REAL,
		 .offset = offsetof(IvfkmOptions, target_recall)},
	};

	return (bytea *) build_reloptions(reloptions, validate, ivfkm_relopt_kind, sizeof(IvfkmOptions),
									  table, lengthof(table));
}

/* The index's options; NULL if all have their defaults.  Those of its other names are others. */
static const IvfkmOptions *
index_options(Relation relation)
{
	return relation->rd_indam->amoptions == ivfkmoptions
			   ? (const IvfkmOptions *) relation->rd_options
			   : NULL;
}

/* The index's "lists" option; 0 = automatic. */
int
ivfkm_options_lists(Relation relation)
{
	const IvfkmOptions *options = index_options(relation);

	return options != NULL ? options->lists : IVFKM_DEFAULT_LISTS;
}

/* The index's "centroids" option: the name of a table with its schema, or NULL. */
const char *
ivfkm_options_centroids(Relation relation)
{
	const IvfkmOptions *options = index_options(relation);

	return options != NULL ? GET_STRING_RELOPTION(options, centroids) : NULL;
}

/* The index's "refine_bits" option: IVFKM_REFINE_AUTO, 0, 4 or 8. */
int
ivfkm_options_refine_bits(Relation relation)
{
	const IvfkmOptions *options = index_options(relation);

	return options != NULL ? options->refine_bits : IVFKM_REFINE_AUTO;
}

/* The index's "maintenance" option. */
bool
ivfkm_options_maintenance(Relation relation)
{
	const IvfkmOptions *options = index_options(relation);

	return options == NULL || options->maintenance;
}

/* The index's "target_recall" option; 0 = there is none. */
double
ivfkm_options_target(Relation relation)
{
	const IvfkmOptions *options = index_options(relation);

	return options != NULL ? options->target_recall : 0.0;
}
