/*-------------------------------------------------------------------------
 *
 * quant_query.c
 *	  A query's tables and the constants of its bounds.
 *
 * NOTES
 *	  Pure C.  Nothing here reaches disk, but the tables, delta, beta and norm2 are the
 *	  same bits on every level all the same, because integer sums are compared exactly
 *	  in the tests.
 *
 * IDENTIFICATION
 *	  src/quant/quant_query.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>
#include "quant/quant_impl.h"

#define TABLE_MAX 255.0f

/* Variance of bounds from the coarse table, over that of the other, up to which it serves. */
#define COARSE_VARIANCE 1.04f

/* Ranges below this are zero for our purposes: dividing by them could overflow. */
#define RANGE_MIN 1e-30f

/* Notes what bounds by the heads of codes need. */
static void
init_heads(QuantQuery *query)
{
	if (query->nchunks < QUANT_HEADS_LEAST_CHUNKS)
		return;
	for (int h = 0; h < QUANT_HEADS; h++)
	{
		QuantQueryHead *head = &query->heads[h];
		QuantQueryStats stats;

		head->nchunks = query->nchunks >> (QUANT_HEADS - h) & ~1;
		quant_routines->query_stats(head->nchunks * QUANT_CHUNK_DIMS, query->q, &stats);
		head->norm2 = stats.norm2;
		head->beta = -stats.abs;
	}
	query->nheads = QUANT_HEADS;
}

/*
 * Prepares q[dims] for scanning; table[quant_query_table_bytes(dims)] is the caller's
 * memory of any alignment.
 *
 * Segment t covers dimensions 4t..4t+3.  Its entry for nibble n is the sum of +q_j where
 * bit j of n is set and -q_j elsewhere, less the segment's minimum, in steps of delta,
 * which the widest segment spreads over 0..255.  A weight is rounded to 1/256 of a step
 * first, so an entry is within 0.51 steps of the real sum.  The coarse table is the same
 * with 0..63.  Padding dimensions weigh nothing.  A zero query has delta = beta = 0; a
 * query whose norm overflows has lut_sigma = +Inf, which makes quant_bound_init() give up
 * on bounds.
 */
void
quant_query_init(QuantQuery *query, int dims, const float *q, uint8_t *table)
{
	const QuantRoutines *routines = quant_routines;
	int nsegments = (dims + 3) / 4;
	QuantQueryStats stats;

	routines->query_stats(dims, q, &stats);

	query->dims = dims;
	query->nchunks = quant_chunks(dims);
	query->norm2 = stats.norm2;
	query->delta = 0.0f;
	query->beta = 0.0f;
	query->lut_sigma = 0.0f;
	query->nheads = 0;
	query->q = q;
	query->table = table;
	query->coarse_table = table + quant_query_table_bytes(dims) / 2;

	if (!(stats.norm2 <= FLT_MAX) || stats.range < RANGE_MIN)
	{
		memset(table, 0, quant_query_table_bytes(dims));
		if (!(stats.norm2 <= FLT_MAX))
			query->lut_sigma = INFINITY;
		return;
	}

	routines->query_table(dims, q, 2.0f * 256.0f * TABLE_MAX / stats.range, table);
	routines->query_table(dims, q, 2.0f * 256.0f * (TABLE_MAX / QUANT_COARSE) / stats.range,
						  query->coarse_table);
	query->delta = stats.range / TABLE_MAX;
	query->beta = -stats.abs;
	query->lut_sigma = query->delta * sqrtf((float) nsegments / 12.0f);
	init_heads(query);
}

/* Constants that tell nothing about a row; see quant.h. */
void
quant_bound_none(QuantBound *bound)
{
	memset(bound, 0, sizeof(*bound));
	bound->g = -FLT_MAX;
}

/*
 * Constants of one (query, centroid) pair; see quant.h for the arguments and NOTES.md,
 * "Error bound", for kappa.  Where a constant is not finite or so large that a bound
 * could overflow, there is no usable bound: then every occupied slot gets a lower bound
 * of at most -FLT_MAX and an upper bound of +Inf, so that nothing is lost.
 * The coarse table is used where it widens bounds by no more than 2 %.
 */
void
quant_bound_init(QuantBound *bound, QuantMetric metric, const QuantQuery *query, float g,
				 float dist2, float epsilon)
{
	float m = metric == QUANT_IP ? 1.0f : 2.0f;
	float coarse_sigma = QUANT_COARSE * query->lut_sigma;
	float code_variance = QUANT_SIGMA * QUANT_SIGMA * dist2;
	float variance = code_variance + query->lut_sigma * query->lut_sigma;
	float coarse_variance = code_variance + coarse_sigma * coarse_sigma;
	float kappa = m * epsilon * sqrtf(variance);
	float coarse_kappa = m * epsilon * sqrtf(coarse_variance);
	float largest; /* of |slope * acc + base| and |width|, whatever the sums are */

	bound->g = g;
	bound->slope = m * query->delta;
	bound->base = m * query->beta + kappa;
	bound->width = 2.0f * kappa;
	bound->coarse = coarse_variance <= COARSE_VARIANCE * variance;
	bound->coarse_slope = m * (QUANT_COARSE * query->delta);
	bound->coarse_base = m * query->beta + coarse_kappa;
	bound->coarse_width = 2.0f * coarse_kappa;

	largest = bound->slope * (TABLE_MAX * (float) ((query->dims + 3) / 4)) +
			  fabsf(m * query->beta) + fabsf(bound->coarse_width);
	if (!(fabsf(g) < QUANT_HUGE && largest < QUANT_HUGE))
		quant_bound_none(bound);
}

/*
 * Constants of one (query, centroid) pair for the heads of codes; NOTES.md, "Heads of codes".
 * Where they are not finite, or so large that a bound could overflow, there are no such bounds.
 */
void
quant_heads_init(QuantHeads *heads, QuantMetric metric, const QuantQuery *query, float g,
				 float dist2, float epsilon)
{
	float m = metric == QUANT_IP ? 1.0f : 2.0f;
	float delta = QUANT_COARSE * query->delta;

	heads->n = 0;
	heads->g = g;
	if (!(fabsf(g) < QUANT_HUGE))
		return;
	for (int h = 0; h < query->nheads; h++)
	{
		const QuantQueryHead *part = &query->heads[h];
		QuantHead *head = &heads->heads[h];
		float nsegments = (float) (part->nchunks * QUANT_CHUNK_DIMS / 4);
		float scale = query->norm2 / part->norm2; /* of the whole sum to that of the head */
		float lut_variance = scale * scale * delta * delta * nsegments / 12.0f;
		float kappa =
			m * epsilon *
			sqrtf(QUANT_SIGMA * QUANT_SIGMA * dist2 + (scale - 1.0f) * query->norm2 + lut_variance);

		head->nchunks = part->nchunks;
		head->slope = m * scale * delta;
		head->base = m * scale * part->beta + kappa;
		if (!(head->slope * (TABLE_MAX / QUANT_COARSE * nsegments) - m * scale * part->beta +
				  kappa <
			  QUANT_HUGE))
			return;
	}
	heads->n = query->nheads;
}
