/*-------------------------------------------------------------------------
 *
 * memcheck.h
 *	  Valgrind's client requests as AddressSanitizer's, for a server built with USE_VALGRIND.
 *
 * NOTES
 *	  PostgreSQL tells valgrind which bytes of its memory contexts belong to an allocation
 *	  and which shared buffers are pinned.  Put before the system's header of this name,
 *	  this one makes AddressSanitizer know the same, so that it finds reads and writes behind
 *	  a palloc'd chunk, after pfree() and in a page without a pin.  Shadow memory belongs to
 *	  each process, so what one backend pins says nothing about another.  Requests about
 *	  undefined bytes have no counterpart and do nothing.
 *
 * IDENTIFICATION
 *	  test/asan/memcheck.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef VDB_ASAN_MEMCHECK_H
#define VDB_ASAN_MEMCHECK_H

#include <sanitizer/asan_interface.h>

#define VALGRIND_MAKE_MEM_NOACCESS(at, n)			   __asan_poison_memory_region((at), (n))
#define VALGRIND_MAKE_MEM_UNDEFINED(at, n)			   __asan_unpoison_memory_region((at), (n))
#define VALGRIND_MAKE_MEM_DEFINED(at, n)			   __asan_unpoison_memory_region((at), (n))
#define VALGRIND_MEMPOOL_ALLOC(pool, at, n)			   __asan_unpoison_memory_region((at), (n))
#define VALGRIND_MEMPOOL_CHANGE(pool, was, at, n)	   __asan_unpoison_memory_region((at), (n))
#define VALGRIND_MEMPOOL_FREE(pool, at)				   ((void) 0)
#define VALGRIND_MEMPOOL_TRIM(pool, at, n)			   ((void) 0)
#define VALGRIND_CREATE_MEMPOOL(pool, redzone, zeroed) ((void) 0)
#define VALGRIND_DESTROY_MEMPOOL(pool)				   ((void) 0)
#define VALGRIND_CHECK_MEM_IS_DEFINED(at, n)		   ((void) 0)

#endif /* VDB_ASAN_MEMCHECK_H */
