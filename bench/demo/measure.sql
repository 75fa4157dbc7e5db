-- Recall@10 and time of the index against exact search.  A result counts as found if it is
-- no farther away than the exact tenth, so that equally distant packages count alike.
\pset format unaligned
\pset tuples_only on
SET jit = off;
SET max_parallel_workers_per_gather = 0;

-- each search runs twice, and the second run counts
SET enable_indexscan = off;
CREATE TEMPORARY TABLE exact AS SELECT * FROM measure(10);
TRUNCATE exact;
INSERT INTO exact SELECT * FROM measure(10);
RESET enable_indexscan;
CREATE TEMPORARY TABLE found AS SELECT * FROM measure(10);
TRUNCATE found;
INSERT INTO found SELECT * FROM measure(10);

SELECT format('recall@10        %s over %s queries',
              round(avg((SELECT count(*) FROM unnest(f.distances) d
                         WHERE d <= e.distances[array_length(e.distances, 1)] + 1e-9)
                        / array_length(e.distances, 1)::numeric), 4), count(*))
FROM exact e JOIN found f USING (query);
SELECT format('exact search     %s ms (median)',
              round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 3)) FROM exact;
SELECT format('index search     %s ms (median), %s times as fast',
              round(percentile_cont(0.5) WITHIN GROUP (ORDER BY f.ms)::numeric, 3),
              round((percentile_cont(0.5) WITHIN GROUP (ORDER BY e.ms)
                     / percentile_cont(0.5) WITHIN GROUP (ORDER BY f.ms))::numeric, 1))
FROM exact e JOIN found f USING (query);
SELECT format('table            %s', pg_size_pretty(pg_table_size('packages')));
SELECT format('vectors          %s', pg_size_pretty(sum(pg_column_size(embedding)))) FROM packages;
SELECT format('index            %s', pg_size_pretty(pg_relation_size('packages_embedding')));
