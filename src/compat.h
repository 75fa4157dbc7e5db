/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between the PostgreSQL versions that vdb builds against (15 to 18).
 *
 * NOTES
 *	  The only file that looks at PG_VERSION_NUM.
 *
 * IDENTIFICATION
 *	  src/compat.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VDB_COMPAT_H
#define VDB_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "vdb needs PostgreSQL 15 or newer"
#endif

#define PG16_GE (PG_VERSION_NUM >= 160000)
#define PG17_GE (PG_VERSION_NUM >= 170000)
#define PG18_GE (PG_VERSION_NUM >= 180000)

/* The varlena macros left postgres.h in version 16. */
#if PG16_GE
#include "varatt.h"
#endif

/*
 * Soft errors of input functions came with version 16.  Before it there is never an
 * error context, so the error is raised at once and "dummy_value" never returned.
 */
#if !PG16_GE
#define errsave(context, ...)                                                                      \
	do                                                                                             \
	{                                                                                              \
		(void) (context);                                                                          \
		ereport(ERROR, __VA_ARGS__);                                                               \
	} while (0)
#define ereturn(context, dummy_value, ...)                                                         \
	do                                                                                             \
	{                                                                                              \
		errsave(context, __VA_ARGS__);                                                             \
		return dummy_value;                                                                        \
	} while (0)
#endif

/* PostgreSQL 18 tells vacuum's delay point whether ANALYZE runs it. */
#if PG18_GE
#define vacuum_delay_point_compat() vacuum_delay_point(false)
#else
#define vacuum_delay_point_compat() vacuum_delay_point()
#endif

/* Version 16 renamed what identifies a relation's file. */
#if PG16_GE
#define RelationGetLocator_compat(relation)	   ((relation)->rd_locator)
#define RelationGetFileNumber_compat(relation) ((relation)->rd_locator.relNumber)
#else
#define RelationGetLocator_compat(relation)	   ((relation)->rd_node)
#define RelationGetFileNumber_compat(relation) ((relation)->rd_node.relNode)
#endif

/* Reading all bytes or raising an error came to temporary files with version 16. */
#if PG16_GE
#define buffile_read_exact_compat(file, ptr, size) BufFileReadExact(file, ptr, size)
#else
#define buffile_read_exact_compat(file, ptr, size)                                                 \
	do                                                                                             \
	{                                                                                              \
		if (BufFileRead(file, ptr, size) != (size))                                                \
			ereport(ERROR,                                                                         \
					(errcode_for_file_access(), errmsg("could not read from temporary file")));    \
	} while (0)
#endif

/*
 * Who may maintain a table: its owner, and from version 17 on whoever has the privilege MAINTAIN.
 * The file that uses this includes utils/acl.h and catalog/pg_class.h.
 */
#if PG17_GE
#define may_maintain_compat(table, user)                                                           \
	(pg_class_aclcheck(table, user, ACL_MAINTAIN) == ACLCHECK_OK)
#elif PG16_GE
#define may_maintain_compat(table, user) object_ownercheck(RelationRelationId, table, user)
#else
#define may_maintain_compat(table, user) pg_class_ownercheck(table, user)
#endif

/*
 * True if the user may look up names in a schema.  The file that uses this includes utils/acl.h and
 * catalog/pg_namespace.h.
 */
#if PG16_GE
#define may_use_schema_compat(schema, user)                                                        \
	(object_aclcheck(NamespaceRelationId, schema, user, ACL_USAGE) == ACLCHECK_OK)
#else
#define may_use_schema_compat(schema, user)                                                        \
	(pg_namespace_aclcheck(schema, user, ACL_USAGE) == ACLCHECK_OK)
#endif

/* PostgreSQL 18 spells it as a specifier; both forms may stand before a declaration. */
#if PG18_GE
#define VDB_NORETURN pg_noreturn
#else
#define VDB_NORETURN pg_attribute_noreturn()
#endif

/*
 * Before version 17 old_snapshot_threshold let VACUUM remove rows that an old snapshot still sees:
 * a scan raises "snapshot too old" where a page has changed since.  The page is locked; the caller
 * includes storage/bufmgr.h.
 */
#if PG17_GE
#define test_old_snapshot_compat(snapshot, relation, page) ((void) 0)
#else
#define test_old_snapshot_compat(snapshot, relation, page)                                         \
	TestForOldSnapshot(snapshot, relation, page)
#endif

/*
 * Restricting search_path while others' code runs came with version 17.  The caller includes
 * utils/guc.h and ends the setting's nest level.
 */
#if PG17_GE
#define restrict_search_path_compat() RestrictSearchPath()
#else
#define restrict_search_path_compat()                                                              \
	((void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,    \
							  GUC_ACTION_SAVE, true, 0, false))
#endif

/* What hooks of settings allocate came with version 16.  The caller includes utils/guc.h. */
#if PG16_GE
#define guc_malloc_compat(size) guc_malloc(LOG, size)
#else
#define guc_malloc_compat(size) malloc(size)
#endif

/* PostgreSQL 18 counts the searches of a scan.  The caller includes access/genam.h. */
#if PG18_GE
#define index_beginscan_compat(heap, index, snapshot, nkeys, norderbys)                            \
	index_beginscan(heap, index, snapshot, NULL, nkeys, norderbys)
#else
#define index_beginscan_compat(heap, index, snapshot, nkeys, norderbys)                            \
	index_beginscan(heap, index, snapshot, nkeys, norderbys)
#endif

/* PostgreSQL 18 has one TOAST snapshot.  The caller includes access/toast_internals.h. */
#if PG18_GE
#define init_toast_snapshot_compat(snapshot) (*(snapshot) = *get_toast_snapshot())
#else
#define init_toast_snapshot_compat(snapshot) init_toast_snapshot(snapshot)
#endif

/* PostgreSQL 18 took execute_once from ExecutorRun(). */
#if PG18_GE
#define EXECUTOR_RUN_PARAMETERS_compat QueryDesc *desc, ScanDirection direction, uint64 count
#define EXECUTOR_RUN_ARGUMENTS_compat  desc, direction, count
#else
#define EXECUTOR_RUN_PARAMETERS_compat                                                             \
	QueryDesc *desc, ScanDirection direction, uint64 count, bool execute_once
#define EXECUTOR_RUN_ARGUMENTS_compat desc, direction, count, execute_once
#endif

#endif /* VDB_COMPAT_H */
