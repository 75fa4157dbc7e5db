-- nearest(sentence): a stored query's nearest packages, for psql.
CREATE FUNCTION nearest(sentence text, k integer DEFAULT 5)
RETURNS TABLE (distance numeric, package text, section text, synopsis text)
LANGUAGE sql STABLE
AS $$
  SELECT round((p.embedding <=> q.embedding)::numeric, 3), p.name, p.section, p.synopsis
  FROM (
    SELECT embedding FROM queries WHERE query ILIKE '%' || sentence || '%' ORDER BY id LIMIT 1
  ) q
  CROSS JOIN LATERAL (
    SELECT * FROM packages ORDER BY packages.embedding <=> q.embedding LIMIT k
  ) p
  ORDER BY p.embedding <=> q.embedding
$$;

-- measure(k): the distances of the k nearest packages of every query, and the time of each
-- search in milliseconds, with the plan that the session's settings lead to.
CREATE FUNCTION measure(k integer)
RETURNS TABLE (query integer, distances double precision[], ms double precision)
LANGUAGE plpgsql
AS $$
DECLARE
  q record;
  started timestamptz;
BEGIN
  FOR q IN SELECT id, embedding FROM queries ORDER BY id LOOP
    started := clock_timestamp();
    EXECUTE 'SELECT array_agg(d) FROM (SELECT embedding <=> $1 AS d FROM packages '
            'ORDER BY embedding <=> $1 LIMIT $2) s'
      INTO distances USING q.embedding, k;
    ms := extract(epoch FROM clock_timestamp() - started) * 1000;
    query := q.id;
    RETURN NEXT;
  END LOOP;
END
$$;
