#!/bin/bash
# Run by the entry point of PostgreSQL's image, once for a new cluster: vdb in template1 and in the
# database that the image makes.  VDB_EXTENSION=vector gives pgvector's name instead, "" none.
# It may be sourced, so it ends without exit.
extension=${VDB_EXTENSION-vdb}
if [ -n "$extension" ]; then
	for database in template1 "${POSTGRES_DB:-${POSTGRES_USER:-postgres}}"; do
		psql -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname "$database" \
			-c "CREATE EXTENSION IF NOT EXISTS \"$extension\""
	done
fi
