# Rewrites a dump of a database that uses pgvector for one that has vdb.
#
#   pg_dump old | awk -f from_pgvector.awk | psql -d new
#   pg_restore -f - old.dump | awk -f from_pgvector.awk | psql -d new
#
# CREATE EXTENSION vector becomes vdb, and indexes using hnsw or ivfflat use ivfkm, without their
# options.  With -v keep_names=1, for a database that has vdb as extension "vector", both stay as
# they are.  Indexes of operator classes that ivfkm does not serve become comments, and
# are counted on standard error.  Rows are copied as they are.

BEGIN {
	unserved = "[ .](vector_l1_ops|halfvec_l1_ops|bit_jaccard_ops|" \
		"sparsevec_(l2|ip|cosine|l1)_ops)[ )]"
}

# Data of COPY.
copying {
	print
	if ($0 == "\\.")
		copying = 0
	next
}
/^COPY .* FROM stdin;$/ {
	copying = 1
}

!keep_names && /^CREATE EXTENSION (IF NOT EXISTS )?vector[ ;]/ {
	sub(/vector/, "vdb")
}
!keep_names && /^COMMENT ON EXTENSION vector IS / {
	next
}

/^CREATE INDEX .* USING (hnsw|ivfflat) \(/ {
	if ($0 ~ unserved) {
		# an index has its table's schema
		schema = ""
		name = substr($0, 14)
		sub(/ ON .*/, "", name)
		table = $0
		sub(/^CREATE INDEX .* ON (ONLY )?/, "", table)
		sub(/ USING .*/, "", table)
		if (match(table, /^("[^"]*"|[^".]*)\./))
			schema = substr(table, 1, RLENGTH)
		left_out[schema name] = 1
		count++
		print "-- not served by ivfkm: " $0
		next
	}
	if (!keep_names) {
		sub(/ USING (hnsw|ivfflat) \(/, " USING ivfkm (")
		sub(/ WITH \((m|ef_construction|lists)='?[0-9]+'?(, (m|ef_construction)='?[0-9]+'?)?\)/, "")
	}
}

# What is said about an index that was left out.
/^ALTER INDEX [^ ]* ATTACH PARTITION [^ ]*;$/ {
	child = $6
	sub(/;$/, "", child)
	if ((child in left_out) || ($3 in left_out)) {
		print "-- not served by ivfkm: " $0
		next
	}
}
/^COMMENT ON INDEX [^ ]* IS / && ($4 in left_out) {
	next
}

{
	print
}

END {
	if (count > 0)
		print count " indexes left out, whose operator class ivfkm does not serve" | "cat >&2"
}
