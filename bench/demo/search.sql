-- Five of the queries with their five nearest packages.
SELECT CASE WHEN n.rank = 1 THEN format(E'\n  "%s"\n', q.query) ELSE '' END ||
       format('     %s  %s  %s', round(n.distance::numeric, 3),
              rpad(n.name, greatest(24, length(n.name))), n.synopsis)
       AS line
FROM (SELECT *, row_number() OVER (ORDER BY id) AS number, count(*) OVER () AS total FROM queries) q
CROSS JOIN LATERAL (
  SELECT row_number() OVER (ORDER BY distance) AS rank, s.*
  FROM (SELECT name, synopsis, embedding <=> q.embedding AS distance
        FROM packages ORDER BY embedding <=> q.embedding LIMIT 5) s
) n
WHERE q.number IN (1, 2, q.total / 4, q.total / 2, q.total * 3 / 4)
ORDER BY q.id, n.rank;
