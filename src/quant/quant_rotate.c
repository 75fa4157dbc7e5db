/*-------------------------------------------------------------------------
 *
 * quant_rotate.c
 *	  The pseudo-random rotation: its seed, its sign flips, its public entry point.
 *
 * NOTES
 *	  Pure C.  The rotation is part of the format on disk: nothing here may change
 *	  for an existing index.  The arithmetic is in quant_exact_template.h.
 *
 * IDENTIFICATION
 *	  src/quant/quant_rotate.c
 *
 *-------------------------------------------------------------------------
 */
#include "quant/quant_impl.h"

/*
 * Next 64 bits of splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom
 * number generators", OOPSLA 2014); "state" starts as the seed.
 */
uint64_t
quant_splitmix64(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/*
 * Fills rotation and flips[QUANT_ROUNDS * dims] from the seed.  Flip k = round * dims + i
 * is bit k % 64 of the k / 64-th output of splitmix64: -1 where it is set, +1 elsewhere.
 */
void
quant_rotation_init(QuantRotation *rotation, int dims, uint64_t seed, float *flips)
{
	size_t nflips = quant_rotation_floats(dims);
	uint64_t state = seed;
	uint64_t bits = 0;
	int pow2 = 1;

	while (pow2 <= dims / 2)
		pow2 *= 2;

	for (size_t k = 0; k < nflips; k++)
	{
		if (k % 64 == 0)
			bits = quant_splitmix64(&state);
		flips[k] = (bits >> (k % 64)) & 1 ? -1.0f : 1.0f;
	}

	rotation->dims = dims;
	rotation->pow2 = pow2;
	rotation->flips = flips;
}

/*
 * Rotates x[dims] in place with the active level's routine; every level gives the same
 * bits.  Finite input can overflow only where its norm does.
 */
void
quant_rotate(const QuantRotation *rotation, float *x)
{
	quant_routines->rotate(rotation, x);
}

/*
 * The inverse of quant_rotate(): what was rotated becomes what it was, but for rounding, which
 * is as much as that of rotating.  Every level gives the same bits.
 */
void
quant_unrotate(const QuantRotation *rotation, float *x)
{
	quant_routines->unrotate(rotation, x);
}
