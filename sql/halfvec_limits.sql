--
-- 1 to 16,000 dimensions, by every way into the type
--

-- text
SELECT vector_dims(('[1' || repeat(',1', 15999) || ']')::halfvec);
SELECT ('[1' || repeat(',1', 16000) || ']')::halfvec;
-- the limit is reported before the rest of the text is read
SELECT ('[1' || repeat(',1', 16000) || 'x')::halfvec;
-- elements of the greatest length
SELECT length(('[-1.50203705e-05' || repeat(',-1.50203705e-05', 15999) || ']')::halfvec::text);

-- arrays
SELECT vector_dims(array_fill(1, ARRAY[16000])::halfvec),
	vector_dims(array_fill(1, ARRAY[16000])::real[]::halfvec),
	vector_dims(array_fill(1, ARRAY[16000])::float8[]::halfvec),
	vector_dims(array_fill(1, ARRAY[16000])::numeric[]::halfvec);
SELECT array_fill(1, ARRAY[16001])::halfvec;
SELECT array_fill(1, ARRAY[16001])::real[]::halfvec;
SELECT array_fill(1, ARRAY[16001])::float8[]::halfvec;
SELECT array_fill(1, ARRAY[16001])::numeric[]::halfvec;
SELECT array_to_halfvec(array_fill(1, ARRAY[16001]), 16001, false);
SELECT array_fill(1, ARRAY[0])::halfvec;

-- type modifier
CREATE TABLE lim (lo halfvec(1), hi halfvec(16000));
CREATE TABLE bad (v halfvec(0));
CREATE TABLE bad (v halfvec(16001));
CREATE TABLE bad (v halfvec(-5));
CREATE TABLE bad (v halfvec(1,2));
CREATE TABLE bad (v halfvec('abc'));

-- the largest halfvecs, stored out of line
INSERT INTO lim SELECT ARRAY[i], array_fill(i, ARRAY[16000]) FROM generate_series(1, 3) i;
INSERT INTO lim SELECT ARRAY[4], array_fill(4, ARRAY[15999]);
SELECT lo, vector_dims(hi), subvector(hi, 15999, 2) FROM lim
	ORDER BY hi <-> (SELECT hi FROM lim WHERE lo = '[3]');
SELECT lo, l2_norm(hi), hi <-> (array_fill(0, ARRAY[16000])::halfvec) AS l2,
	hi <#> (array_fill(1, ARRAY[16000])::halfvec) AS ip,
	hi <+> (array_fill(0, ARRAY[16000])::halfvec) AS l1
FROM lim ORDER BY hi;
SELECT count(*) FROM lim WHERE hi::text::halfvec = hi AND hi::real[]::halfvec = hi
	AND octet_length(halfvec_send(hi)) = 32004;
-- the same bytes in a binary copy
CREATE TABLE lim2 (LIKE lim);
\copy lim TO 'results/halfvec_limits.bin' (FORMAT binary)
\copy lim2 FROM 'results/halfvec_limits.bin' (FORMAT binary)
SELECT count(*) FROM lim JOIN lim2 USING (lo, hi);
DROP TABLE lim, lim2;

-- error codes
\set VERBOSITY sqlstate
SELECT ('[1' || repeat(',1', 16000) || ']')::halfvec;
-- more commas than elements
SELECT ('[' || repeat(',', 20000) || ']')::halfvec;
SELECT array_fill(1, ARRAY[16001])::halfvec;
SELECT array_fill(1, ARRAY[0])::halfvec;
CREATE TABLE bad (v halfvec(16001));
CREATE TABLE bad (v halfvec(0));
CREATE TABLE bad (v halfvec(1,2));
\set VERBOSITY default
