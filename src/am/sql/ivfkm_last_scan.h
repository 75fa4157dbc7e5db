/*-------------------------------------------------------------------------
 *
 * ivfkm_last_scan.h
 *	  What scans did, for SQL and EXPLAIN.
 *
 * IDENTIFICATION
 *	  src/am/sql/ivfkm_last_scan.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef IVFKM_LAST_SCAN_H
#define IVFKM_LAST_SCAN_H

extern void ivfkm_last_scan_init(void);

#endif /* IVFKM_LAST_SCAN_H */
