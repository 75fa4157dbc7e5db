/*-------------------------------------------------------------------------
 *
 * ivfkm_attribute_times.c
 *	  Attributes of dates and timestamps.
 *
 * NOTES
 *	  date, timestamp and timestamptz are one family.  A timestamp's image is its microseconds, a
 *	  date's its days; -infinity and infinity are the ends of the 64-bit numbers, of dates those of
 *	  the 32-bit numbers.
 *
 *	  An operator between two of the types compares microseconds of the column's own clock: a date
 *	  is its midnight, and local times become moments, or the reverse, by the session's time zone.
 *	  Where the argument is the moment and the zone's clock is changed nearby, a local time of the
 *	  column may stand for one of several moments; the term then includes all of them.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_attribute_times.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "pgtime.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "am/index/ivfkm_attribute.h"

PG_FUNCTION_INFO_V1(ivfkm_date_support);
PG_FUNCTION_INFO_V1(ivfkm_timestamp_support);
PG_FUNCTION_INFO_V1(ivfkm_timestamptz_support);

/* No time zone's clock differs from UTC by more (POSIX allows 167 hours). */
#define MAX_OFFSET (7 * SECS_PER_DAY)

/* Later than every finite time of a type that has less range than another, and earlier. */
#define BEYOND_END	 (PG_INT64_MAX - 1)
#define BEFORE_BEGIN (PG_INT64_MIN + 1)

/* An argument on the column's clock, in microseconds: it is one of these times. */
typedef struct TimeArgument
{
	int64 earliest;
	int64 latest;
} TimeArgument;

/* ----- images ----- */

StaticAssertDecl(DATEVAL_NOBEGIN == PG_INT32_MIN && DATEVAL_NOEND == PG_INT32_MAX,
				 "infinities are the ends of 32-bit numbers");

/* Days since 2000; no finite date is next to an end of the 32-bit numbers. */
static int64
date_image(Datum value, Oid collation)
{
	return DatumGetDateADT(value);
}

/* Microseconds since 2000, of a timestamp or timestamptz; their infinities are the ends. */
static int64
timestamp_image(Datum value, Oid collation)
{
	return DatumGetInt64(value);
}

/* ----- arguments ----- */

/* The two moments as one: an argument that is known exactly. */
static TimeArgument
exactly(int64 time)
{
	return (TimeArgument){time, time};
}

/* The midnight that begins a date; dates may be later than any timestamp. */
static int64
midnight(DateADT date)
{
	int64 time;

	if (DATE_IS_NOBEGIN(date))
		return PG_INT64_MIN;
	if (DATE_IS_NOEND(date))
		return PG_INT64_MAX;
	if (pg_mul_s64_overflow((int64) date, USECS_PER_DAY, &time))
		return date > 0 ? BEYOND_END : BEFORE_BEGIN;
	return time;
}

/* A moment that the server computed, with its overflow: -1 too early, 1 too late. */
static int64
bounded(TimestampTz moment, int overflow)
{
	if (overflow > 0)
		return BEYOND_END;
	return overflow < 0 ? BEFORE_BEGIN : moment;
}

/* a + b microseconds as a finite time. */
static int64
finite_sum(int64 a, int64 b)
{
	int64 sum;

	if (pg_add_s64_overflow(a, b, &sum))
		return a > 0 ? BEYOND_END : BEFORE_BEGIN;
	return Max(BEFORE_BEGIN, Min(sum, BEYOND_END));
}

/*
 * The local times at a moment, by all offsets that the session's time zone has in use nearby.  A
 * local time that is further from the moment than these can be is before or after it by any offset
 * that a zone may have; one that is not is converted by an offset in use within MAX_OFFSET of it,
 * and a day, because the server looks for changes of the clock from the day before on.
 *
 * A date on which no timestamp begins is later than every moment to the server, although a clock
 * ahead of UTC shows it before the last one: such a local time may be any from the last timestamp
 * on.
 */
static TimeArgument
local_times(TimestampTz moment)
{
	pg_time_t time;
	pg_time_t end;
	long least = MAX_OFFSET;
	long most = -MAX_OFFSET;
	TimeArgument local;

	if (TIMESTAMP_NOT_FINITE(moment))
		return exactly(moment);
	time = (pg_time_t) (moment / USECS_PER_SEC) +
		   (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (pg_time_t) SECS_PER_DAY;
	end = time + 2 * MAX_OFFSET + 2 * SECS_PER_DAY;
	time -= 2 * MAX_OFFSET + 2 * SECS_PER_DAY;
	while (time <= end)
	{
		long before;
		long after;
		int is_dst;
		pg_time_t boundary;
		int found = pg_next_dst_boundary(&time, &before, &is_dst, &boundary, &after, &is_dst,
										 session_timezone);

		if (found < 0)
		{
			/* nothing is known: any offset */
			least = -MAX_OFFSET;
			most = MAX_OFFSET;
			break;
		}
		least = Min(least, before);
		most = Max(most, before);
		if (found == 0)
			break;
		time = boundary;
		if (time <= end)
		{
			least = Min(least, after);
			most = Max(most, after);
		}
	}
	local.earliest = finite_sum(moment, least * USECS_PER_SEC);
	local.latest = finite_sum(moment, most * USECS_PER_SEC);
	if (local.latest >= END_TIMESTAMP)
		local.earliest = Min(local.earliest, END_TIMESTAMP - 1);
	return local;
}

/* The argument of an operator on a column with a local clock: date or timestamp. */
static TimeArgument
local_argument(Oid subtype, Datum argument)
{
	switch (subtype)
	{
		case DATEOID:
			return exactly(midnight(DatumGetDateADT(argument)));
		case TIMESTAMPOID:
			return exactly(DatumGetTimestamp(argument));
		case TIMESTAMPTZOID:
			return local_times(DatumGetTimestampTz(argument));
		default:
			elog(ERROR, "unexpected argument type of an attribute of time: %u", subtype);
	}
}

/* The argument of an operator on a column of moments: timestamptz. */
static TimeArgument
moment_argument(Oid subtype, Datum argument)
{
	TimestampTz moment;
	int overflow = 0;

	switch (subtype)
	{
		case DATEOID:
			moment = date2timestamptz_opt_overflow(DatumGetDateADT(argument), &overflow);
			break;
		case TIMESTAMPOID:
			moment = timestamp2timestamptz_opt_overflow(DatumGetTimestamp(argument), &overflow);
			break;
		case TIMESTAMPTZOID:
			moment = DatumGetTimestampTz(argument);
			break;
		default:
			elog(ERROR, "unexpected argument type of an attribute of time: %u", subtype);
	}
	return exactly(bounded(moment, overflow));
}

/* ----- terms ----- */

/*
 * Makes "term" the times that compare to the argument as the strategy says, or may do so if it is
 * not known exactly; in that case the result is true.
 */
static bool
time_range(FilterTerm *term, StrategyNumber strategy, TimeArgument argument)
{
	bool exact = argument.earliest == argument.latest;

	switch (strategy)
	{
		case BTLessStrategyNumber:
		case BTLessEqualStrategyNumber:
			(void) ivfkm_attribute_range(term, strategy, argument.latest, true);
			break;
		case BTGreaterEqualStrategyNumber:
		case BTGreaterStrategyNumber:
			(void) ivfkm_attribute_range(term, strategy, argument.earliest, true);
			break;
		default:
			(void) ivfkm_attribute_range(term, strategy, argument.earliest, true);
			term->high = argument.latest;
			break;
	}
	return !exact;
}

/* The day of a time, rounded down. */
static int64
day_of(int64 time)
{
	int64 day = time / USECS_PER_DAY;

	return day * USECS_PER_DAY > time ? day - 1 : day;
}

/*
 * The image of a date for the end of a range of times: an infinity, or the time next to one, for
 * which there is no day; dates may be later than any timestamp.
 */
static int64
end_of_dates(int64 time)
{
	return time > 0 ? PG_INT32_MAX - (PG_INT64_MAX - time) : PG_INT32_MIN + (time - PG_INT64_MIN);
}

/* Comparison of a date with a date, timestamp or timestamptz. */
static bool
date_term(const IvfkmAttributeOps *ops, StrategyNumber strategy, Oid subtype, Datum argument,
		  Oid collation, FilterTerm *term)
{
	bool recheck;

	if (subtype == DATEOID)
		return ivfkm_attribute_range(term, strategy, date_image(argument, collation), true);
	recheck = time_range(term, strategy, local_argument(subtype, argument));
	if (term->kind == FILTER_NOTHING)
		return false;

	/* days whose midnight is in the range: after the day of the last time before it */
	if (term->low > BEFORE_BEGIN && term->low < BEYOND_END)
		term->low = day_of(term->low - 1) + 1;
	else
		term->low = end_of_dates(term->low);
	if (term->high > BEFORE_BEGIN && term->high < BEYOND_END)
		term->high = day_of(term->high);
	else
		term->high = end_of_dates(term->high);
	if (term->low > term->high)
		term->kind = FILTER_NOTHING;
	return recheck;
}

/* Comparison of a timestamp with a date, timestamp or timestamptz. */
static bool
timestamp_term(const IvfkmAttributeOps *ops, StrategyNumber strategy, Oid subtype, Datum argument,
			   Oid collation, FilterTerm *term)
{
	return time_range(term, strategy, local_argument(subtype, argument));
}

/* Comparison of a timestamptz with a date, timestamp or timestamptz. */
static bool
timestamptz_term(const IvfkmAttributeOps *ops, StrategyNumber strategy, Oid subtype, Datum argument,
				 Oid collation, FilterTerm *term)
{
	return time_range(term, strategy, moment_argument(subtype, argument));
}

/* SQL: ivfkm_date_support(internal) returns internal. */
Datum
ivfkm_date_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {DATEOID, date_image, date_term, IVFKM_IMAGE_NUMBER,
										  true,	   false};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_timestamp_support(internal) returns internal. */
Datum
ivfkm_timestamp_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {TIMESTAMPOID,		  timestamp_image, timestamp_term,
										  IVFKM_IMAGE_NUMBER, false,		   true};

	PG_RETURN_POINTER(&ops);
}

/* SQL: ivfkm_timestamptz_support(internal) returns internal. */
Datum
ivfkm_timestamptz_support(PG_FUNCTION_ARGS)
{
	static const IvfkmAttributeOps ops = {TIMESTAMPTZOID,	  timestamp_image, timestamptz_term,
										  IVFKM_IMAGE_NUMBER, false,		   true};

	PG_RETURN_POINTER(&ops);
}
