-- The plan of one search.  The query vector is a parameter, so that the plan stays readable.
SET plan_cache_mode = force_generic_plan;
PREPARE search(vector) AS
  SELECT name, synopsis FROM packages ORDER BY embedding <=> $1 LIMIT 10;
-- once unseen, so that the session's caches are filled
\o /dev/null
SELECT format('EXECUTE search(%L)', embedding) FROM queries ORDER BY id LIMIT 1 \gexec
\o
\echo 'EXPLAIN (ANALYZE, BUFFERS) SELECT name, synopsis FROM packages'
\echo '  ORDER BY embedding <=> $1 LIMIT 10;'
\echo
SELECT format('EXPLAIN (ANALYZE, BUFFERS) EXECUTE search(%L)', embedding)
FROM queries ORDER BY id LIMIT 1 \gexec
