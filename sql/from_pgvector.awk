# Rewrites a dump of a database that uses pgvector for one that has vdb.
#
#   pg_dump old | awk -f from_pgvector.awk | psql -d new
#   pg_restore -f - old.dump | awk -f from_pgvector.awk | psql -d new
#
# CREATE EXTENSION vector becomes vdb, and indexes using hnsw or ivfflat use ivfkm, without their
# options.  Rows are copied as they are.

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

/^CREATE EXTENSION (IF NOT EXISTS )?vector[ ;]/ {
	sub(/vector/, "vdb")
}
/^COMMENT ON EXTENSION vector IS / {
	next
}

/^CREATE INDEX .* USING (hnsw|ivfflat) \(/ {
	sub(/ USING (hnsw|ivfflat) \(/, " USING ivfkm (")
	sub(/ WITH \((m|ef_construction|lists)='?[0-9]+'?(, (m|ef_construction)='?[0-9]+'?)?\)/, "")
}

{
	print
}
