/*-------------------------------------------------------------------------
 *
 * page_seal.c
 *	  The seal of every page: a checksum of all of its bytes.
 *
 * NOTES
 *	  Many bytes of an index (a bit of a code, a number of a centroid, a measured budget) have
 *	  no wrong value, and servers run without data checksums.  So each page carries a
 *	  CRC-32C of its bytes, but for the LSN and the checksum, which are the server's.
 *	  It is set where pages are written: page_writer.c for new files, page_wal.c for
 *	  changes.  It is checked by vdb_index_check(), and before a page is changed: a change
 *	  would give damage a valid seal.  Searches look at that of the metapage, whose numbers
 *	  steer all that follows, at no other.
 *
 * IDENTIFICATION
 *	  src/page/page_seal.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "port/pg_crc32c.h"

#include "page/page_bytes.h"
#include "page/page_check.h"
#include "page/page_seal.h"

/* Where the seal is, and where the bytes begin that it covers. */
#define SEAL_OFFSET	 ((int) (IVFKM_HEADER_OFFSET + offsetof(IvfkmGroupHeaderData, seal)))
#define SEALED_FIRST ((int) offsetof(PageHeaderData, pd_flags))

StaticAssertDecl(offsetof(PageHeaderData, pd_flags) ==
					 sizeof(PageXLogRecPtr) + sizeof(((PageHeader) NULL)->pd_checksum),
				 "only the LSN and the server's checksum come before what is sealed");

/* CRC-32C of a page without LSN, server's checksum and seal. */
static uint32
compute_seal(Page page)
{
	const char *bytes = (const char *) page;
	pg_crc32c crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, bytes + SEALED_FIRST, SEAL_OFFSET - SEALED_FIRST);
	COMP_CRC32C(crc, bytes + SEAL_OFFSET + sizeof(uint32),
				BLCKSZ - SEAL_OFFSET - (int) sizeof(uint32));
	FIN_CRC32C(crc);
	return crc;
}

/* Seals a page whose other bytes are final. */
void
page_seal(Page page)
{
	IvfkmPageGetGroupHeader(page)->seal = compute_seal(page);
}

/* True if no byte of a page has changed since it was sealed. */
bool
page_seal_holds(Page page)
{
	return IvfkmPageGetGroupHeader(page)->seal == compute_seal(page);
}

/* Reports that the seal of a page does not hold. */
void
page_seal_report(Relation index, BlockNumber block)
{
	page_corrupted(index, block, "The page's checksum is wrong.");
}

/* Reports damage unless the seal of a page (locked, or a copy) holds. */
void
page_seal_check(Relation index, BlockNumber block, Page page)
{
	if (!page_seal_holds(page))
		page_seal_report(index, block);
}
