--
-- Distances between bit strings of the server's type bit
--

-- Hamming distance: the number of different bits
SELECT hamming_distance(B'111', B'111'), hamming_distance(B'111', B'110'),
	hamming_distance(B'111', B'100'), hamming_distance(B'111', B'000'),
	B'10101' <~> B'01010' AS op;
SELECT hamming_distance('111', '011'), pg_typeof(hamming_distance('1', '0')),
	hamming_distance(B'', B'');
SELECT hamming_distance(B'111', B'00');
SELECT B'111' <~> B'0000';

-- Jaccard distance: the part of the bits set in either that is not set in both
SELECT jaccard_distance(B'1111', B'1111'), jaccard_distance(B'1111', B'1110'),
	jaccard_distance(B'1111', B'1100'),
	jaccard_distance(B'1111', B'1000'), jaccard_distance(B'1100', B'1000'),
	B'1100' <%> B'0110' AS op;
-- 1 when nothing is shared, also when nothing is set
SELECT jaccard_distance(B'1111', B'0000'), jaccard_distance(B'0000', B'0000'),
	jaccard_distance(B'10101', B'01010'), jaccard_distance(B'', B'');
SELECT jaccard_distance(B'1111', B'000');
SELECT B'1111' <%> B'00000';

-- bit varying is taken too
SELECT hamming_distance('111', '000'::varbit(4)), jaccard_distance('1111', '1110'::varbit(9)),
	'11'::varbit <~> B'00' AS op;
SELECT hamming_distance('111', '0000'::varbit(4));
SELECT jaccard_distance('1111', '00000'::varbit(5));

-- against bit by bit counts, for every length up to some widths of a register
CREATE TABLE bits AS
SELECT n, string_agg((i * i % 7 % 2)::text, '' ORDER BY i)::varbit AS a,
	string_agg((i * 5 % 11 % 3 / 2)::text, '' ORDER BY i)::varbit AS b
FROM generate_series(1, 1100) n, generate_series(1, n) i
WHERE n < 300 OR n % 64 IN (0, 1, 63)
GROUP BY n;
SELECT count(*),
	bool_and(a <~> b = length(replace((a # b)::text, '0', ''))) AS hamming,
	bool_and(a <%> b = CASE length(replace((a & b)::text, '0', '')) WHEN 0 THEN 1
		ELSE 1 - length(replace((a & b)::text, '0', ''))::float8 /
			length(replace((a | b)::text, '0', '')) END) AS jaccard,
	bool_and(b <~> a = a <~> b AND a <~> a = 0 AND a <~> ~a = n) AS symmetric
FROM bits;
DROP TABLE bits;

-- every bit counts, and none behind the last
SELECT n, bool_and(overlay(repeat('0', n) placing '1' from i)::varbit <~> repeat('0', n)::varbit =
	1) AS every,
	repeat('1', n)::varbit <~> repeat('0', n)::varbit AS all_bits
FROM unnest(ARRAY[1, 7, 9, 65, 127, 513, 600]) n, generate_series(1, n) i GROUP BY n ORDER BY n;

-- ordering, NULL
SELECT v FROM unnest(ARRAY[B'000', B'100', B'111', NULL]) v ORDER BY v <~> B'110', v;
SELECT v FROM unnest(ARRAY[B'000', B'100', B'111', NULL]) v ORDER BY v <%> B'110', v;
SELECT hamming_distance(NULL, B'1') IS NULL AND B'1' <%> NULL::bit IS NULL;

-- values out of line
CREATE TABLE ops (id integer, v bit(64000));
INSERT INTO ops VALUES (1, repeat('0', 64000)::bit(64000)), (2, repeat('01', 32000)::bit(64000)),
	(3, repeat('1', 64000)::bit(64000));
SELECT a.id, b.id, a.v <~> b.v AS hamming, a.v <%> b.v AS jaccard FROM ops a, ops b
	WHERE a.id <= b.id ORDER BY 1, 2;
DROP TABLE ops;

-- error codes
\set VERBOSITY sqlstate
SELECT B'111' <~> B'00';
SELECT B'111' <%> B'00';
\set VERBOSITY default

-- the functions and operators
SELECT oid::regprocedure, prorettype::regtype, provolatile, proisstrict, proparallel FROM pg_proc
WHERE proname IN ('hamming_distance', 'jaccard_distance') ORDER BY proname COLLATE "C";
SELECT oprname, oprcode::regprocedure, oprresult::regtype, oprcom = oid AS own_commutator
FROM pg_operator WHERE oprleft = 'bit'::regtype AND oprresult = 'float8'::regtype
ORDER BY oprname COLLATE "C";
