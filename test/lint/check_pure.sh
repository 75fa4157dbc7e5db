#!/bin/bash
# The pure-C layers use nothing of the server, so that they link without one.
cd "$(dirname "$0")/../.." || exit 2

words='palloc[0-9a-z_]*|repalloc|pfree|ereport|elog|errmsg|Datum|Relation|Buffer'
words="$words|MemoryContext[A-Za-z]*|PG_FUNCTION_ARGS|PG_VERSION_NUM|PG_[A-Z]*16_GE"
words="$words|CHECK_FOR_INTERRUPTS|pg_prng[a-z_]*|random|rand"
mapfile -t files < <(find src/port src/simd src/distance src/filter src/quant src/cluster \
	src/types/*_parse.* src/am/index/ivfkm_heap.h src/am/scan/ivfkm_{candidates,given,order}.* \
	-name '*.[ch]' 2>/dev/null | sort)
[ "${#files[@]}" -gt 0 ] || exit 0
! perl test/lint/code.pl "${files[@]}" | grep -wE ":($words)|[^A-Za-z0-9_]($words)"
