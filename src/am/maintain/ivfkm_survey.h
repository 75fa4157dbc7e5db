/*-------------------------------------------------------------------------
 *
 * ivfkm_survey.h
 *	  The state of all lists of an index, and what should be done about it.
 *
 * IDENTIFICATION
 *	  src/am/maintain/ivfkm_survey.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_SURVEY_H
#define IVFKM_SURVEY_H

#include "am/index/ivfkm_all_lists.h"

/* What was counted in a list. */
typedef struct IvfkmListSize
{
	uint32 id; /* owner id of the list */
	uint32 rows;
	uint32 groups;
	uint32 entered; /* rows that inserts have put into it since it was made */
	uint32 strays;	/* of these, those beyond its edge */
} IvfkmListSize;

/* Where a list ends. */
typedef struct IvfkmListEnd
{
	uint32 id;		  /* owner id of the list */
	BlockNumber last; /* of its blocks, the one that is farthest behind */
} IvfkmListEnd;

/*
 * The sizes of all lists, ascending by id.  They stay useful while regions are worked on: other
 * lists hardly change meanwhile, and new ones say how many rows they were made with.
 */
typedef struct IvfkmSizes
{
	MemoryContext context; /* of the array */
	IvfkmListSize *lists;  /* NULL: not counted yet */
	int count;
	IvfkmMetaPageData seen; /* the metapage from before */
	double rows;			/* in all lists */
	bool merging;			/* so many lists have lost their rows that these are merged */
	bool drifted;			/* the rows are no longer where the index space expects them */
	double come_back;		/* rows that were found to have gone and come again */
	bool growing;			/* rows come, and will take what is free */
	bool at_rest;			/* hardly anything has changed for a while */
	bool patient;			/* what can wait is left until then */
	bool postponed;			/* something was */
	double owed;			/* rows that may be moved then, for changes that were seen before */
	double moved;			/* rows of regions so far */
	double unmeasured;		/* the same since budgets were measured last */
	bool roughly;			/* that was with few queries, by this process */
	TimestampTz roughly_at; /* then: when */
	int nregions;
	int ncompacted; /* regions that were moved to the front of the file, and renewals for that */
	int nrenewed;	/* these renewals */
	int nmissed;	/* regions of those that came to lie no farther in front */
	IvfkmListEnd *ends; /* of all lists, ascending by id; NULL: not looked for yet */
	int nends;
	bool refused; /* what calls for work has to wait for a transaction; changes stay counted */
} IvfkmSizes;

/* What to do next. */
typedef enum IvfkmTask
{
	IVFKM_TASK_NONE,
	IVFKM_TASK_REGION,
	IVFKM_TASK_RENEW
} IvfkmTask;

/* A region: lists below one node. */
typedef struct IvfkmRegion
{
	IvfkmWholeTree tree;
	IvfkmIndex index; /* with the metapage of the tree */
	int parent;		  /* number of the node */
	int *lists;		  /* numbers of the lists */
	int nlists;
	int most_lists; /* that are to be made of them */
	bool keep;		/* the lists stay as they are, in other places */
	double rows;
	BlockNumber below; /* to move: where the last of the lists lies */
} IvfkmRegion;

extern bool ivfkm_survey_has_regions(const IvfkmIndex *index);
extern bool ivfkm_survey_changed(Relation index, const IvfkmMetaPageData *meta);
extern void ivfkm_survey_begin(IvfkmSizes *sizes, MemoryContext context);
extern void ivfkm_survey_end(IvfkmSizes *sizes);
extern IvfkmTask ivfkm_survey_next(IvfkmSizes *sizes, Relation index, bool all,
								   IvfkmRegion *region);
extern void ivfkm_survey_worked(IvfkmSizes *sizes, const IvfkmRegion *region);
extern IvfkmTask ivfkm_survey_compact(IvfkmSizes *sizes, Relation index, bool by_hand,
									  IvfkmRegion *region);
extern void ivfkm_survey_forget(IvfkmSizes *sizes);
extern void ivfkm_survey_renewed(IvfkmSizes *sizes);
extern void ivfkm_survey_done(IvfkmSizes *sizes, Relation index);
extern uint64 ivfkm_survey_retry(double rows);
extern double ivfkm_survey_sample(Relation index);

#endif /* IVFKM_SURVEY_H */
