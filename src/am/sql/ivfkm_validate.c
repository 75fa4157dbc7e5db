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

#include "am/sql/ivfkm_validate.h"

/* Reports one problem as INFO, as core's validators do. */
#define COMPLAIN(...)                                                                              \
	ereport(INFO, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION), errmsg(__VA_ARGS__)))

/* The support functions of the family; false if one is wrong. */
static bool
validate_functions(const char *family, CatCList *functions)
{
	bool valid = true;

	for (int i = 0; i < functions->n_members; i++)
	{
		Form_pg_amproc function = (Form_pg_amproc) GETSTRUCT(&functions->members[i]->tuple);

		if (function->amprocnum != IVFKM_SUPPORT_OPS)
		{
			COMPLAIN("ivfkm operator family \"%s\" contains function %s with invalid support "
					 "number %d",
					 family, format_procedure(function->amproc), function->amprocnum);
			valid = false;
		}
		else if (!check_amproc_signature(function->amproc, INTERNALOID, true, 1, 1, INTERNALOID))
		{
			COMPLAIN("ivfkm operator family \"%s\" contains function %s with wrong signature for "
					 "support number %d",
					 family, format_procedure(function->amproc), function->amprocnum);
			valid = false;
		}
	}
	return valid;
}

/* The operators of the family; false if one is wrong. */
static bool
validate_operators(const char *family, CatCList *operators)
{
	bool valid = true;

	for (int i = 0; i < operators->n_members; i++)
	{
		Form_pg_amop op = (Form_pg_amop) GETSTRUCT(&operators->members[i]->tuple);

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
			COMPLAIN("ivfkm operator family \"%s\" contains operator %s with wrong signature",
					 family, format_operator(op->amopopr));
			valid = false;
		}
	}
	return valid;
}

/* True when a group has the distance operator or the support function it needs. */
static bool
validate_groups(const char *family, const char *opclass, Oid type, CatCList *operators,
				CatCList *functions)
{
	OpFamilyOpFuncGroup *own = NULL;
	ListCell *cell;

	foreach (cell, identify_opfamily_groups(operators, functions))
	{
		OpFamilyOpFuncGroup *group = lfirst(cell);

		if (group->lefttype == type && group->righttype == type)
			own = group;
		else
		{
			COMPLAIN("ivfkm operator family \"%s\" contains operators or functions for types %s "
					 "and %s",
					 family, format_type_be(group->lefttype), format_type_be(group->righttype));
			return false;
		}
	}
	if (own == NULL || (own->operatorset & ((uint64) 1 << IVFKM_STRATEGY_DISTANCE)) == 0)
	{
		COMPLAIN("ivfkm operator class \"%s\" is missing its distance operator", opclass);
		return false;
	}
	if ((own->functionset & ((uint64) 1 << IVFKM_SUPPORT_OPS)) == 0)
	{
		COMPLAIN("ivfkm operator class \"%s\" is missing support function %d", opclass,
				 IVFKM_SUPPORT_OPS);
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

	valid = validate_functions(family, functions);
	valid = validate_operators(family, operators) && valid;
	valid = validate_groups(family, NameStr(opclass->opcname), opclass->opcintype, operators,
							functions) &&
			valid;

	ReleaseCatCacheList(functions);
	ReleaseCatCacheList(operators);
	ReleaseSysCache(family_tuple);
	ReleaseSysCache(tuple);
	return valid;
}
