-- What CREATE INDEX is doing, as one line.
SELECT format('%s%s%s', phase,
              CASE WHEN blocks_total > 0
                   THEN format(', %s%% of blocks', 100 * blocks_done / blocks_total) END,
              CASE WHEN tuples_total > 0
                   THEN format(', %s%% of rows', 100 * tuples_done / tuples_total) END)
FROM pg_stat_progress_create_index;
