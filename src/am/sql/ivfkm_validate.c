/*-------------------------------------------------------------------------
 *
 * ivfkm_validate.c
 *	  Checking operator classes: amvalidate.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_validate.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "access/amvalidate.h"
#include "access/htup_details.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#include "am/index/ivfkm_attribute.h"
#include "am/ivfkm.h"
#include "am/sql/ivfkm_validate.h"

/* Reports one problem as INFO, as core's validators do. */
#define COMPLAIN(...)                                                                              \
	ereport(INFO, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION), errmsg(__VA_ARGS__)))

/*
 * The support functions of the family; false if one is wrong.  *attributes tells if the family is
 * one of attributes, which have another support function than vectors.
 */
static bool
validate_functions(const char *family, CatCList *functions, bool *attributes)
{
	bool valid = true;
	bool vectors = false;

	*attributes = false;
	for (int i = 0; i < functions->n_members; i++)
	{
		Form_pg_amproc function = (Form_pg_amproc) GETSTRUCT(&functions->members[i]->tuple);

		if (function->amprocnum == IVFKM_SUPPORT_OPS)
			vectors = true;
		else if (function->amprocnum == IVFKM_SUPPORT_ATTRIBUTE)
			*attributes = true;
		else
		{
			COMPLAIN("ivfkm operator family \"%s\" contains function %s with invalid support "
					 "number %d",
					 family, format_procedure(function->amproc), function->amprocnum);
			valid = false;
			continue;
		}
		if (!check_amproc_signature(function->amproc, INTERNALOID, true, 1, 1, INTERNALOID))
		{
			COMPLAIN("ivfkm operator family \"%s\" contains function %s with wrong signature for "
					 "support number %d",
					 family, format_procedure(function->amproc), function->amprocnum);
			valid = false;
		}
	}
	if (vectors && *attributes)
	{
		COMPLAIN("ivfkm operator family \"%s\" contains support functions of vectors and of "
				 "attributes",
				 family);
		valid = false;
	}
	return valid;
}

/* The strategies, purpose and results of one operator of a family of vectors; false if wrong. */
static bool
validate_distance(const char *family, Form_pg_amop op)
{
	bool valid = true;

	if (op->amopstrategy != IVFKM_STRATEGY_DISTANCE)
	{
		COMPLAIN("ivfkm operator family \"%s\" contains operator %s with invalid strategy "
				 "number %d",
				 family, format_operator(op->amopopr), op->amopstrategy);
		valid = false;
	}
	if (op->amoppurpose != AMOP_ORDER)
	{
		COMPLAIN("ivfkm operator family \"%s\" contains operator %s that is not FOR ORDER BY",
				 family, format_operator(op->amopopr));
		valid = false;
	}
	else if (!opfamily_can_sort_type(op->amopsortfamily, FLOAT8OID))
	{
		COMPLAIN("ivfkm operator family \"%s\" contains invalid ORDER BY specification for "
				 "operator %s",
				 family, format_operator(op->amopopr));
		valid = false;
	}
	if (!check_amop_signature(op->amopopr, FLOAT8OID, op->amoplefttype, op->amoprighttype))
	{
		COMPLAIN("ivfkm operator family \"%s\" contains operator %s with wrong signature", family,
				 format_operator(op->amopopr));
		valid = false;
	}
	return valid;
}

/* The same of a family of attributes. */
static bool
validate_search(const char *family, Form_pg_amop op)
{
	bool valid = true;

	if (op->amopstrategy < BTLessStrategyNumber || op->amopstrategy > IVFKM_STRATEGY_CONTAINS)
	{
		COMPLAIN("ivfkm operator family \"%s\" contains operator %s with invalid strategy "
				 "number %d",
				 family, format_operator(op->amopopr), op->amopstrategy);
		valid = false;
	}
	if (op->amoppurpose != AMOP_SEARCH)
	{
		COMPLAIN("ivfkm operator family \"%s\" contains operator %s that is FOR ORDER BY", family,
				 format_operator(op->amopopr));
		valid = false;
	}
	else if (!check_amop_signature(op->amopopr, BOOLOID, op->amoplefttype, op->amoprighttype))
	{
		COMPLAIN("ivfkm operator family \"%s\" contains operator %s with wrong signature", family,
				 format_operator(op->amopopr));
		valid = false;
	}
	return valid;
}

/* The operators of the family, of vectors or of attributes; false if one is wrong. */
static bool
validate_operators(const char *family, bool attributes, CatCList *operators)
{
	bool valid = true;

	for (int i = 0; i < operators->n_members; i++)
	{
		Form_pg_amop op = (Form_pg_amop) GETSTRUCT(&operators->members[i]->tuple);

		valid = (attributes ? validate_search(family, op) : validate_distance(family, op)) && valid;
	}
	return valid;
}

/*
 * True when the group of an operator class's type has the operators and the support function that
 * it needs, and no group has what does not belong to its family: vectors have no operators between
 * types, and attributes no functions.
 */
static bool
validate_groups(const char *family, const char *opclass, bool attributes, Oid type,
				CatCList *operators, CatCList *functions)
{
	int16 support = attributes ? IVFKM_SUPPORT_ATTRIBUTE : IVFKM_SUPPORT_OPS;
	uint64 needed = (uint64) 1 << (attributes ? BTEqualStrategyNumber : IVFKM_STRATEGY_DISTANCE);
	OpFamilyOpFuncGroup *own = NULL;
	ListCell *cell;

	foreach (cell, identify_opfamily_groups(operators, functions))
	{
		OpFamilyOpFuncGroup *group = lfirst(cell);

		if (group->lefttype == type && group->righttype == type)
			own = group;
		else if (!attributes || (group->lefttype != group->righttype && group->functionset != 0))
		{
			COMPLAIN("ivfkm operator family \"%s\" contains operators or functions for types %s "
					 "and %s",
					 family, format_type_be(group->lefttype), format_type_be(group->righttype));
			return false;
		}
	}
	if (own == NULL || (own->operatorset & needed) == 0)
	{
		if (attributes)
			COMPLAIN("ivfkm operator class \"%s\" is missing its equality operator", opclass);
		else
			COMPLAIN("ivfkm operator class \"%s\" is missing its distance operator", opclass);
		return false;
	}
	if ((own->functionset & ((uint64) 1 << support)) == 0)
	{
		COMPLAIN("ivfkm operator class \"%s\" is missing support function %d", opclass, support);
		return false;
	}
	return true;
}

/* amvalidate: true if the operator class and its family can be used. */
bool
ivfkmvalidate(Oid opclass_oid)
{
	HeapTuple tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(opclass_oid));
	Form_pg_opclass opclass;
	HeapTuple family_tuple;
	CatCList *operators;
	CatCList *functions;
	const char *family;
	bool attributes;
	bool valid;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator class %u", opclass_oid);
	opclass = (Form_pg_opclass) GETSTRUCT(tuple);
	family_tuple = SearchSysCache1(OPFAMILYOID, ObjectIdGetDatum(opclass->opcfamily));
	if (!HeapTupleIsValid(family_tuple))
		elog(ERROR, "cache lookup failed for operator family %u", opclass->opcfamily);
	family = NameStr(((Form_pg_opfamily) GETSTRUCT(family_tuple))->opfname);
	operators = SearchSysCacheList1(AMOPSTRATEGY, ObjectIdGetDatum(opclass->opcfamily));
	functions = SearchSysCacheList1(AMPROCNUM, ObjectIdGetDatum(opclass->opcfamily));

	valid = validate_functions(family, functions, &attributes);
	valid = validate_operators(family, attributes, operators) && valid;
	valid = validate_groups(family, NameStr(opclass->opcname), attributes, opclass->opcintype,
							operators, functions) &&
			valid;

	ReleaseCatCacheList(functions);
	ReleaseCatCacheList(operators);
	ReleaseSysCache(family_tuple);
	ReleaseSysCache(tuple);
	return valid;
}
