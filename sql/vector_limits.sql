--
-- 1 to 16,000 dimensions, by every way into the type
--

-- text
SELECT vector_dims(('[1' || repeat(',1', 15999) || ']')::vector);
SELECT ('[1' || repeat(',1', 16000) || ']')::vector;
-- the limit is reported before the rest of the text is read
SELECT ('[1' || repeat(',1', 16000) || 'x')::vector;
-- elements of the greatest length
SELECT length(('[-1.17549435e-38' || repeat(',-1.17549435e-38', 15999) || ']')::vector::text);

-- arrays
SELECT vector_dims(array_fill(1, ARRAY[16000])::vector),
	vector_dims(array_fill(1, ARRAY[16000])::real[]::vector),
	vector_dims(array_fill(1, ARRAY[16000])::float8[]::vector),
	vector_dims(array_fill(1, ARRAY[16000])::numeric[]::vector);
SELECT array_fill(1, ARRAY[16001])::vector;
SELECT array_fill(1, ARRAY[16001])::real[]::vector;
SELECT array_fill(1, ARRAY[16001])::float8[]::vector;
SELECT array_fill(1, ARRAY[16001])::numeric[]::vector;
SELECT array_to_vector(array_fill(1, ARRAY[16001]), 16001, false);
SELECT array_fill(1, ARRAY[0])::vector;

-- type modifier
CREATE TABLE lim (lo vector(1), hi vector(16000));
CREATE TABLE bad (v vector(0));
CREATE TABLE bad (v vector(16001));
CREATE TABLE bad (v vector(-5));
CREATE TABLE bad (v vector(1,2));
CREATE TABLE bad (v vector('abc'));

-- the largest vectors, stored out of line
INSERT INTO lim SELECT ARRAY[i], array_fill(i, ARRAY[16000]) FROM generate_series(1, 3) i;
INSERT INTO lim SELECT ARRAY[4], array_fill(4, ARRAY[15999]);
SELECT lo, vector_dims(hi), subvector(hi, 15999, 2) FROM lim
	ORDER BY hi <-> (SELECT hi FROM lim WHERE lo = '[3]');
SELECT lo, vector_norm(hi), hi <-> (array_fill(0, ARRAY[16000])::vector) AS l2,
	hi <#> (array_fill(1, ARRAY[16000])::vector) AS ip,
	hi <+> (array_fill(0, ARRAY[16000])::vector) AS l1
FROM lim ORDER BY hi;
SELECT count(*) FROM lim WHERE hi::text::vector = hi AND hi::real[]::vector = hi
	AND octet_length(vector_send(hi)) = 64004;
-- the same bytes in a binary copy
CREATE TABLE lim2 (LIKE lim);
\copy lim TO 'results/vector_limits.bin' (FORMAT binary)
\copy lim2 FROM 'results/vector_limits.bin' (FORMAT binary)
SELECT count(*) FROM lim JOIN lim2 USING (lo, hi);
DROP TABLE lim, lim2;

-- error codes
\set VERBOSITY sqlstate
SELECT ('[1' || repeat(',1', 16000) || ']')::vector;
-- more commas than elements
SELECT ('[' || repeat(',', 20000) || ']')::vector;
SELECT array_fill(1, ARRAY[16001])::vector;
SELECT array_fill(1, ARRAY[0])::vector;
CREATE TABLE bad (v vector(16001));
CREATE TABLE bad (v vector(0));
CREATE TABLE bad (v vector(1,2));
\set VERBOSITY default
