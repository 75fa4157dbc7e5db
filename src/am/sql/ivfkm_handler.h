/*-------------------------------------------------------------------------
 *
 * ivfkm_handler.h
 *	  The access method's table of properties and callbacks.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_handler.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_HANDLER_H
#define IVFKM_HANDLER_H

#include "access/amapi.h"

#include "am/ivfkm.h"

extern IndexAmRoutine *ivfkm_handler_routine(void);

#endif /* IVFKM_HANDLER_H */
