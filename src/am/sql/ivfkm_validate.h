/*-------------------------------------------------------------------------
 *
 * ivfkm_validate.h
 *	  Validation of operator classes.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_validate.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_VALIDATE_H
#define IVFKM_VALIDATE_H

#include "am/ivfkm.h"

extern bool ivfkmvalidate(Oid opclass);

#endif /* IVFKM_VALIDATE_H */
