/*-------------------------------------------------------------------------
 *
 * ivfkm_range.c
 *	  Conditions that a distance is below a bound.
 *
 * NOTES
 *	  The planner looks for such conditions to find ways to a table, and a scan that is about to
 *	  start finds them in its plan.  Both take them apart here.
 *
 *	  A similarity is known as well as a distance: 1 - (v <=> q) > 0.8 says v <=> q < 1 - 0.8, or
 *	  that it is NaN, as with a zero vector: to PostgreSQL NaN is above all numbers.  The bound is
 *	  made a little larger than that, as floating-point numbers are rounded: it is the condition
 *	  itself that decides on a row.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_range.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include <math.h>

#include "access/stratnum.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "am/index/ivfkm_range.h"

/* What rounding may take from a bound, as a share of the numbers it was made of. */
#define ROUNDING 1e-15

/* An expression without what only names its type anew. */
static Expr *
strip_relabel(Expr *expr)
{
	while (expr != NULL && IsA(expr, RelabelType))
		expr = ((RelabelType *) expr)->arg;
	return expr;
}

/* True if an expression is a float8 constant that is a number; sets *value to it. */
static bool
is_number(const Expr *expr, double *value)
{
	const Const *constant = (const Const *) expr;

	if (!IsA(expr, Const) || constant->consttype != FLOAT8OID || constant->constisnull)
		return false;
	*value = DatumGetFloat8(constant->constvalue);
	return isfinite(*value);
}

/*
 * Takes "below" (range->distance is below the bound, or else above it) one operation of a constant
 * and what is below it further down.  False if there is no such operation.
 */
static bool
peel(IvfkmRangeBound *range, bool *below)
{
	OpExpr *op = (OpExpr *) range->distance;
	Oid function;
	double number;

	if (!IsA(op, OpExpr))
		return false;
	function = get_opcode(op->opno);
	if (function == F_FLOAT8UM)
	{
		range->distance = linitial(op->args);
		range->offset = -range->offset;
		range->scale = -range->scale;
		*below = !*below;
	}
	else if (function == F_FLOAT8MI && is_number(linitial(op->args), &number))
	{
		range->distance = lsecond(op->args);
		range->offset = number - range->offset;
		range->scale = -range->scale;
		*below = !*below;
	}
	else if (function == F_FLOAT8MI && is_number(lsecond(op->args), &number))
	{
		range->distance = linitial(op->args);
		range->offset += number;
	}
	else if (function == F_FLOAT8PL && is_number(linitial(op->args), &number))
	{
		range->distance = lsecond(op->args);
		range->offset -= number;
	}
	else if (function == F_FLOAT8PL && is_number(lsecond(op->args), &number))
	{
		range->distance = linitial(op->args);
		range->offset -= number;
	}
	else if (function == F_FLOAT8MUL &&
			 (is_number(linitial(op->args), &number) || is_number(lsecond(op->args), &number)))
	{
		if (fabs(number) < 1e-30 || fabs(number) > 1e30)
			return false;
		range->distance = IsA(linitial(op->args), Const) ? lsecond(op->args) : linitial(op->args);
		range->offset /= number;
		range->scale /= number;
		if (number < 0.0)
			*below = !*below;
	}
	else
		return false;
	return true;
}

/*
 * Takes "clause" apart if it says distance < bound or distance <= bound, of float numbers, or the
 * same in other words.  Does not look at what distance and bound are.
 */
bool
ivfkm_range_split(Expr *clause, IvfkmRangeBound *range)
{
	OpExpr *op = (OpExpr *) clause;
	Oid family;
	int strategy;
	bool below;

	if (!is_opclause(clause) || list_length(op->args) != 2)
		return false;
	family = lookup_type_cache(FLOAT8OID, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
	strategy = get_op_opfamily_strategy(op->opno, family);
	if (strategy == 0 || strategy == BTEqualStrategyNumber)
		return false;
	below = strategy == BTLessStrategyNumber || strategy == BTLessEqualStrategyNumber;

	/* whichever side has a distance between vectors is an operation, or operations upon one */
	for (int side = 0; side < 2; side++)
	{
		bool down = side == 0 ? below : !below;

		range->distance = side == 0 ? linitial(op->args) : lsecond(op->args);
		range->bound = side == 0 ? lsecond(op->args) : linitial(op->args);
		range->offset = 0.0;
		range->scale = 1.0;
		if (!is_opclause(range->distance) || exprType((Node *) range->distance) != FLOAT8OID)
			continue;
		while (peel(range, &down))
			;
		if (down && is_opclause(range->distance) &&
			list_length(((OpExpr *) range->distance)->args) == 2)
			return true;
	}
	return false;
}

/*
 * True if "distance" is that of an index, between its column and something else: sets *origin to
 * that.  column: the indexed column or expression; family: the operator family of the index.
 */
bool
ivfkm_range_origin(Expr *distance, Expr *column, Oid family, Expr **origin)
{
	OpExpr *op = (OpExpr *) distance;
	Oid opno;

	if (!is_opclause(distance) || list_length(op->args) != 2)
		return false;
	opno = op->opno;
	column = strip_relabel(column);
	if (equal(strip_relabel(linitial(op->args)), column))
		*origin = lsecond(op->args);
	else if (equal(strip_relabel(lsecond(op->args)), column))
	{
		*origin = linitial(op->args);
		opno = get_commutator(opno);
	}
	else
		return false;
	return OidIsValid(opno) &&
		   SearchSysCacheExists3(AMOPOPID, ObjectIdGetDatum(opno), CharGetDatum(AMOP_ORDER),
								 ObjectIdGetDatum(family));
}

/*
 * True if the condition may hold for a distance that is NaN, if ivfkm_range_bound() has said
 * "bound": it says that a similarity, which is then NaN as well, is above something, and NaN is
 * above all numbers; or it compares with NaN.
 */
bool
ivfkm_range_lets_nan(const IvfkmRangeBound *range, double bound)
{
	return range->scale < 0.0 || isnan(bound);
}

/*
 * The distance above which the condition is false, if "value" is that of range->bound: -infinity
 * for NULL, which excludes all rows, and NaN for NaN, the greatest number.
 */
double
ivfkm_range_bound(const IvfkmRangeBound *range, Datum value, bool isnull)
{
	double bound;
	double rounding;

	if (isnull)
		return -get_float8_infinity();
	bound = exprType((Node *) range->bound) == FLOAT4OID ? DatumGetFloat4(value)
														 : DatumGetFloat8(value);
	bound *= range->scale;
	rounding = range->offset == 0.0 && fabs(range->scale) == 1.0
				   ? 0.0
				   : ROUNDING * (fabs(range->offset) + fabs(bound));
	return range->offset + bound + rounding;
}
