/*-------------------------------------------------------------------------
 *
 * ivfkm_ops.h
 *	  What the operator class of an index supplies.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_ops.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_OPS_H
#define IVFKM_OPS_H

#include "am/ivfkm.h"

extern const char *ivfkm_ops_method(Relation relation);
extern const IvfkmOps *ivfkm_ops_get(Relation relation);
extern int32 ivfkm_ops_column_typmod(Relation relation, Oid *type);
extern int ivfkm_ops_input_dims(const IvfkmOps *ops, int column_dims, bool *sketch);
extern bool ivfkm_metric_by_angle(IvfkmMetric metric);
extern bool ivfkm_ops_taxicab(const IvfkmOps *ops);
extern bool ivfkm_ops_keeps_bits(const IvfkmOps *ops, int column_dims, int dims);
extern double ivfkm_ops_distance_form(const IvfkmOps *ops, double distance);
extern double ivfkm_ops_operator_form(const IvfkmOps *ops, double distance);
extern int ivfkm_ops_column_dims(Relation relation, const IvfkmOps *ops);
extern void ivfkm_ops_check_value(const IvfkmOps *ops, Relation relation, const void *value,
								  int column_dims);
extern void ivfkm_ops_check_query(const IvfkmOps *ops, const void *query, int column_dims);

#endif /* IVFKM_OPS_H */
