/*-------------------------------------------------------------------------
 *
 * ivfkm_heap.h
 *	  A binary min-heap in an array, as a template.
 *
 * NOTES
 *	  Define HEAP_PREFIX, HEAP_TYPE and HEAP_LESS(a, b) (on pointers), then include this
 *	  file: it makes static functions <prefix>_up, _down, _pop and _build on arrays of
 *	  the type.  The caller owns the array and its size.  May be included repeatedly.  Pure C.
 *
 * IDENTIFICATION
 *	  src/am/index/ivfkm_heap.h
 *
 *-------------------------------------------------------------------------
 */
#define HEAP_NAME_(prefix, name) prefix##_##name
#define HEAP_NAME(prefix, name)	 HEAP_NAME_(prefix, name)
#define HEAP_FN(name)			 HEAP_NAME(HEAP_PREFIX, name)

/* Restores heap order after heap[n - 1] was appended. */
__attribute__((unused)) static void
HEAP_FN(up)(HEAP_TYPE *heap, size_t n)
{
	size_t at = n - 1;
	HEAP_TYPE item = heap[at];

	while (at > 0)
	{
		size_t parent = (at - 1) / 2;

		if (!HEAP_LESS(&item, &heap[parent]))
			break;
		heap[at] = heap[parent];
		at = parent;
	}
	heap[at] = item;
}

/* Restores heap order below heap[at] after it was replaced by something larger. */
static void
HEAP_FN(down)(HEAP_TYPE *heap, size_t n, size_t at)
{
	HEAP_TYPE item = heap[at];

	for (;;)
	{
		size_t child = 2 * at + 1;

		if (child >= n)
			break;
		if (child + 1 < n && HEAP_LESS(&heap[child + 1], &heap[child]))
			child++;
		if (!HEAP_LESS(&heap[child], &item))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = item;
}

/* Removes heap[0]; n is the size before. */
__attribute__((unused)) static void
HEAP_FN(pop)(HEAP_TYPE *heap, size_t n)
{
	heap[0] = heap[n - 1];
	if (n > 2)
		HEAP_FN(down)(heap, n - 1, 0);
}

/* Makes a heap of n unordered items. */
__attribute__((unused)) static void
HEAP_FN(build)(HEAP_TYPE *heap, size_t n)
{
	for (size_t at = n / 2; at > 0; at--)
		HEAP_FN(down)(heap, n, at - 1);
}

#undef HEAP_NAME_
#undef HEAP_NAME
#undef HEAP_FN
#undef HEAP_PREFIX
#undef HEAP_TYPE
#undef HEAP_LESS
