/*-------------------------------------------------------------------------
 *
 * ivfkm_list.h
 *	  Reading the units of nodes and posting lists.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_list.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_LIST_H
#define IVFKM_LIST_H

#include "am/ivfkm.h"
#include "quant/quant_bits.h"

/* Looking at the heads of a search's codes first, and whether that pays. */
typedef struct IvfkmHeads
{
	QuantHeads bounds;			  /* of the list that is read */
	uint32 tried;				  /* units whose heads were looked at, of late */
	uint32 excluded[QUANT_HEADS]; /* of these, those that so many heads excluded */
	uint32 left;				  /* units met while heads did not pay: one in some is tried */
} IvfkmHeads;

/* Of the slots of a unit whose codes hold bits. */
typedef struct IvfkmUnitBits
{
	uint32 common[QUANT_UNIT]; /* bits set that are set in the query, too */
	float counts[QUANT_UNIT];  /* bits set; below 0 of a slot of which nothing is known */
} IvfkmUnitBits;

/* Walks the groups of a list or node; holds a share lock on a group's last page. */
typedef struct IvfkmReader
{
	Relation index;
	const IvfkmGeometry *geometry;
	const QuantQuery *query;	/* NULL: no bounds wanted */
	const QuantBitsQuery *bits; /* codes are bits (quant_bits.h), and this is the query; or NULL */
	IvfkmHeads *heads;			/* units that these exclude have no bounds; NULL: all have */
	IvfkmAhead *ahead;			/* that the extent is read through, or NULL */
	uint64 groups;				/* to be read, by their bits in summaries: see skip_groups() */
	BlockNumber first;			/* of the extent */
	BlockNumber extent_end;		/* block behind it */
	uint32 owner;
	uint32 generation;
	BlockNumber next;	  /* group to read next */
	BlockNumber block;	  /* group being read */
	BlockNumber nvisited; /* groups read so far */
	Buffer buffer;		  /* last page of that group, or InvalidBuffer */
	Page page;
	bool lazy;				 /* a striped unit's codes are read when bounds are asked for */
	bool sparse;			 /* of few units bounds will be asked for: see ivfkm_reader_want() */
	bool summed;			 /* acc is that of the current group */
	uint32 acc[QUANT_UNIT];	 /* sums of a striped unit */
	IvfkmUnitBits unit_bits; /* with "bits": of the unit that was scanned last */
} IvfkmReader;

extern void ivfkm_reader_begin(IvfkmReader *reader, Relation index, const IvfkmGeometry *geometry,
							   const IvfkmChildData *child, const QuantQuery *query);
extern bool ivfkm_reader_next(IvfkmReader *reader);
extern void ivfkm_list_prefetch(Relation index, const IvfkmGeometry *geometry,
								const IvfkmChildData *child, const QuantBitsQuery *bits,
								const IvfkmHeads *heads, bool sparse);
extern void ivfkm_reader_want(const IvfkmReader *reader, int unit);
extern void ivfkm_list_add_codes(const QuantQuery *query, const QuantBitsQuery *bits,
								 const IvfkmGeometry *geometry, int stripe, const uint8 *chunks,
								 uint32 *acc);
extern uint32 ivfkm_list_scan_bits(const QuantBitsQuery *bits, const IvfkmGeometry *geometry,
								   const IvfkmUnit *arrays, IvfkmUnitBits *found, float threshold,
								   float *lb, float *ub);
extern uint32 ivfkm_reader_scan(IvfkmReader *reader, int unit, const QuantBound *bound,
								float threshold, float *lb, float *ub, IvfkmUnit *arrays);

#endif /* IVFKM_LIST_H */
