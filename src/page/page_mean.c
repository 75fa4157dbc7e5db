/*-------------------------------------------------------------------------
 *
 * page_mean.c
 *	  The mean vector of the indexed rows.
 *
 * IDENTIFICATION
 *	  src/page/page_mean.c
 *
 *-------------------------------------------------------------------------
 */
#include "compat.h"

#include "storage/bufmgr.h"

#include "page/page_bytes.h"
#include "page/page_check.h"
#include "page/page_layout.h"
#include "page/page_mean.h"
#include "page/page_seal.h"

#define MEAN_PER_PAGE (IVFKM_PAYLOAD_BYTES / (int) sizeof(float))

/* Pages that the mean vector takes. */
int
page_mean_pages(int dims)
{
	return (dims + MEAN_PER_PAGE - 1) / MEAN_PER_PAGE;
}

/* Reads the mean of the indexed vectors: meta->dimensions floats, input space. */
void
page_mean_read(Relation index, const IvfkmMetaPageData *meta, float *mean)
{
	int dims = (int) meta->dimensions;

	for (int i = 0; i < page_mean_pages(dims); i++)
	{
		Buffer buffer = page_read(index, meta->mean_block + i, BUFFER_LOCK_SHARE);
		int count = Min(MEAN_PER_PAGE, dims - i * MEAN_PER_PAGE);

		page_check_owner(index, buffer, IVFKM_PAGE_MEAN, meta->tree_first_id,
						 meta->root_generation);
		page_seal_check(index, BufferGetBlockNumber(buffer), BufferGetPage(buffer));
		memcpy(mean + i * MEAN_PER_PAGE, IvfkmPageGetPayload(BufferGetPage(buffer)),
			   count * sizeof(float));
		UnlockReleaseBuffer(buffer);
	}
}

/* Writes the mean of a new index from meta->mean_block on: meta->dimensions floats. */
void
page_mean_write(IvfkmWriter *writer, const IvfkmMetaPageData *meta, const float *mean)
{
	int dims = (int) meta->dimensions;
	char *page = palloc(BLCKSZ);

	for (int i = 0; i < page_mean_pages(dims); i++)
	{
		int count = Min(MEAN_PER_PAGE, dims - i * MEAN_PER_PAGE);

		page_init((Page) page, IVFKM_PAGE_MEAN, meta->tree_first_id, meta->root_generation);
		memcpy(IvfkmPageGetPayload((Page) page), mean + i * MEAN_PER_PAGE, sizeof(float) * count);
		page_writer_add(writer, meta->mean_block + i, page);
	}
	pfree(page);
}
