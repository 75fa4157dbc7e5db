--
-- The catalog entries of the whole type family against pgvector's
--
-- What pgvector 0.8.6 creates, written out as data, is compared with what this extension
-- created: every type, function, aggregate, cast, operator and btree operator class, by name,
-- signature and properties.  Its access methods and their operator classes are not ours.
--

-- what there should be
CREATE TABLE expected (kind text, object text, properties text, PRIMARY KEY (kind, object));

-- types: input, output, type modifier, receive, send; subscripts are ours
INSERT INTO expected
SELECT 'type', name,
	format('%1$s_in %1$s_out %1$s_typmod_in %1$s_recv %1$s_send, typmod out -, storage e, align i, '
	'length -1, category U, analyze -, subscript %2$s', name,
	CASE name WHEN 'sparsevec' THEN '-' ELSE name || '_subscript' END)
FROM unnest(ARRAY['vector', 'halfvec', 'sparsevec']) name;

-- functions, all of them immutable, strict and parallel safe
INSERT INTO expected
SELECT 'function', signature, result || ' immutable strict safe'
FROM (VALUES
	-- of vector
	('array_to_vector(double precision[],integer,boolean)', 'vector'),
	('array_to_vector(integer[],integer,boolean)', 'vector'),
	('array_to_vector(numeric[],integer,boolean)', 'vector'),
	('array_to_vector(real[],integer,boolean)', 'vector'),
	('binary_quantize(vector)', 'bit'),
	('cosine_distance(vector,vector)', 'double precision'),
	('inner_product(vector,vector)', 'double precision'),
	('l1_distance(vector,vector)', 'double precision'),
	('l2_distance(vector,vector)', 'double precision'),
	('l2_normalize(vector)', 'vector'),
	('subvector(vector,integer,integer)', 'vector'),
	('vector(vector,integer,boolean)', 'vector'),
	('vector_accum(double precision[],vector)', 'double precision[]'),
	('vector_add(vector,vector)', 'vector'),
	('vector_avg(double precision[])', 'vector'),
	('vector_cmp(vector,vector)', 'integer'),
	('vector_combine(double precision[],double precision[])', 'double precision[]'),
	('vector_concat(vector,vector)', 'vector'),
	('vector_dims(vector)', 'integer'),
	('vector_eq(vector,vector)', 'boolean'),
	('vector_ge(vector,vector)', 'boolean'),
	('vector_gt(vector,vector)', 'boolean'),
	('vector_in(cstring,oid,integer)', 'vector'),
	('vector_l2_squared_distance(vector,vector)', 'double precision'),
	('vector_le(vector,vector)', 'boolean'),
	('vector_lt(vector,vector)', 'boolean'),
	('vector_mul(vector,vector)', 'vector'),
	('vector_ne(vector,vector)', 'boolean'),
	('vector_negative_inner_product(vector,vector)', 'double precision'),
	('vector_norm(vector)', 'double precision'),
	('vector_out(vector)', 'cstring'),
	('vector_recv(internal,oid,integer)', 'vector'),
	('vector_send(vector)', 'bytea'),
	('vector_spherical_distance(vector,vector)', 'double precision'),
	('vector_sub(vector,vector)', 'vector'),
	('vector_to_float4(vector,integer,boolean)', 'real[]'),
	('vector_typmod_in(cstring[])', 'integer'),
	-- of halfvec
	('array_to_halfvec(double precision[],integer,boolean)', 'halfvec'),
	('array_to_halfvec(integer[],integer,boolean)', 'halfvec'),
	('array_to_halfvec(numeric[],integer,boolean)', 'halfvec'),
	('array_to_halfvec(real[],integer,boolean)', 'halfvec'),
	('binary_quantize(halfvec)', 'bit'),
	('cosine_distance(halfvec,halfvec)', 'double precision'),
	('halfvec(halfvec,integer,boolean)', 'halfvec'),
	('halfvec_accum(double precision[],halfvec)', 'double precision[]'),
	('halfvec_add(halfvec,halfvec)', 'halfvec'),
	('halfvec_avg(double precision[])', 'halfvec'),
	('halfvec_cmp(halfvec,halfvec)', 'integer'),
	('halfvec_combine(double precision[],double precision[])', 'double precision[]'),
	('halfvec_concat(halfvec,halfvec)', 'halfvec'),
	('halfvec_eq(halfvec,halfvec)', 'boolean'),
	('halfvec_ge(halfvec,halfvec)', 'boolean'),
	('halfvec_gt(halfvec,halfvec)', 'boolean'),
	('halfvec_in(cstring,oid,integer)', 'halfvec'),
	('halfvec_l2_squared_distance(halfvec,halfvec)', 'double precision'),
	('halfvec_le(halfvec,halfvec)', 'boolean'),
	('halfvec_lt(halfvec,halfvec)', 'boolean'),
	('halfvec_mul(halfvec,halfvec)', 'halfvec'),
	('halfvec_ne(halfvec,halfvec)', 'boolean'),
	('halfvec_negative_inner_product(halfvec,halfvec)', 'double precision'),
	('halfvec_out(halfvec)', 'cstring'),
	('halfvec_recv(internal,oid,integer)', 'halfvec'),
	('halfvec_send(halfvec)', 'bytea'),
	('halfvec_spherical_distance(halfvec,halfvec)', 'double precision'),
	('halfvec_sub(halfvec,halfvec)', 'halfvec'),
	('halfvec_to_float4(halfvec,integer,boolean)', 'real[]'),
	('halfvec_to_vector(halfvec,integer,boolean)', 'vector'),
	('halfvec_typmod_in(cstring[])', 'integer'),
	('inner_product(halfvec,halfvec)', 'double precision'),
	('l1_distance(halfvec,halfvec)', 'double precision'),
	('l2_distance(halfvec,halfvec)', 'double precision'),
	('l2_norm(halfvec)', 'double precision'),
	('l2_normalize(halfvec)', 'halfvec'),
	('subvector(halfvec,integer,integer)', 'halfvec'),
	('vector_dims(halfvec)', 'integer'),
	('vector_to_halfvec(vector,integer,boolean)', 'halfvec'),
	-- of sparsevec
	('array_to_sparsevec(double precision[],integer,boolean)', 'sparsevec'),
	('array_to_sparsevec(integer[],integer,boolean)', 'sparsevec'),
	('array_to_sparsevec(numeric[],integer,boolean)', 'sparsevec'),
	('array_to_sparsevec(real[],integer,boolean)', 'sparsevec'),
	('cosine_distance(sparsevec,sparsevec)', 'double precision'),
	('halfvec_to_sparsevec(halfvec,integer,boolean)', 'sparsevec'),
	('inner_product(sparsevec,sparsevec)', 'double precision'),
	('l1_distance(sparsevec,sparsevec)', 'double precision'),
	('l2_distance(sparsevec,sparsevec)', 'double precision'),
	('l2_norm(sparsevec)', 'double precision'),
	('l2_normalize(sparsevec)', 'sparsevec'),
	('sparsevec(sparsevec,integer,boolean)', 'sparsevec'),
	('sparsevec_cmp(sparsevec,sparsevec)', 'integer'),
	('sparsevec_eq(sparsevec,sparsevec)', 'boolean'),
	('sparsevec_ge(sparsevec,sparsevec)', 'boolean'),
	('sparsevec_gt(sparsevec,sparsevec)', 'boolean'),
	('sparsevec_in(cstring,oid,integer)', 'sparsevec'),
	('sparsevec_l2_squared_distance(sparsevec,sparsevec)', 'double precision'),
	('sparsevec_le(sparsevec,sparsevec)', 'boolean'),
	('sparsevec_lt(sparsevec,sparsevec)', 'boolean'),
	('sparsevec_ne(sparsevec,sparsevec)', 'boolean'),
	('sparsevec_negative_inner_product(sparsevec,sparsevec)', 'double precision'),
	('sparsevec_out(sparsevec)', 'cstring'),
	('sparsevec_recv(internal,oid,integer)', 'sparsevec'),
	('sparsevec_send(sparsevec)', 'bytea'),
	('sparsevec_to_halfvec(sparsevec,integer,boolean)', 'halfvec'),
	('sparsevec_to_vector(sparsevec,integer,boolean)', 'vector'),
	('sparsevec_typmod_in(cstring[])', 'integer'),
	('vector_to_sparsevec(vector,integer,boolean)', 'sparsevec'),
	-- of bit
	('hamming_distance(bit,bit)', 'double precision'),
	('jaccard_distance(bit,bit)', 'double precision')
	) AS f (signature, result);

-- aggregates
INSERT INTO expected VALUES
	('aggregate', 'avg(halfvec)',
	'halfvec sfunc halfvec_accum, stype double precision[], final halfvec_avg, '
	'combine halfvec_combine, initial {0}, parallel s'),
	('aggregate', 'avg(vector)',
	'vector sfunc vector_accum, stype double precision[], final vector_avg, '
	'combine vector_combine, initial {0}, parallel s'),
	('aggregate', 'sum(halfvec)',
	'halfvec sfunc halfvec_add, stype halfvec, final -, combine halfvec_add, initial NULL, '
	'parallel s'),
	('aggregate', 'sum(vector)',
	'vector sfunc vector_add, stype vector, final -, combine vector_add, initial NULL, parallel s');

-- casts
INSERT INTO expected VALUES
	('cast', 'double precision[] to halfvec',
	'array_to_halfvec(double precision[],integer,boolean) assignment'),
	('cast', 'double precision[] to sparsevec',
	'array_to_sparsevec(double precision[],integer,boolean) assignment'),
	('cast', 'double precision[] to vector',
	'array_to_vector(double precision[],integer,boolean) assignment'),
	('cast', 'halfvec to halfvec', 'halfvec(halfvec,integer,boolean) implicit'),
	('cast', 'halfvec to real[]', 'halfvec_to_float4(halfvec,integer,boolean) assignment'),
	('cast', 'halfvec to sparsevec', 'halfvec_to_sparsevec(halfvec,integer,boolean) implicit'),
	('cast', 'halfvec to vector', 'halfvec_to_vector(halfvec,integer,boolean) assignment'),
	('cast', 'integer[] to halfvec', 'array_to_halfvec(integer[],integer,boolean) assignment'),
	('cast', 'integer[] to sparsevec', 'array_to_sparsevec(integer[],integer,boolean) assignment'),
	('cast', 'integer[] to vector', 'array_to_vector(integer[],integer,boolean) assignment'),
	('cast', 'numeric[] to halfvec', 'array_to_halfvec(numeric[],integer,boolean) assignment'),
	('cast', 'numeric[] to sparsevec', 'array_to_sparsevec(numeric[],integer,boolean) assignment'),
	('cast', 'numeric[] to vector', 'array_to_vector(numeric[],integer,boolean) assignment'),
	('cast', 'real[] to halfvec', 'array_to_halfvec(real[],integer,boolean) assignment'),
	('cast', 'real[] to sparsevec', 'array_to_sparsevec(real[],integer,boolean) assignment'),
	('cast', 'real[] to vector', 'array_to_vector(real[],integer,boolean) assignment'),
	('cast', 'sparsevec to halfvec', 'sparsevec_to_halfvec(sparsevec,integer,boolean) assignment'),
	('cast', 'sparsevec to sparsevec', 'sparsevec(sparsevec,integer,boolean) implicit'),
	('cast', 'sparsevec to vector', 'sparsevec_to_vector(sparsevec,integer,boolean) assignment'),
	('cast', 'vector to halfvec', 'vector_to_halfvec(vector,integer,boolean) implicit'),
	('cast', 'vector to real[]', 'vector_to_float4(vector,integer,boolean) implicit'),
	('cast', 'vector to sparsevec', 'vector_to_sparsevec(vector,integer,boolean) implicit'),
	('cast', 'vector to vector', 'vector(vector,integer,boolean) implicit');

-- Operators.  <> has neqsel here; pgvector gives it eqsel, the estimate for equal values.  = can be
-- hashed here.
INSERT INTO expected VALUES
	('operator', '*(halfvec,halfvec)',
	'halfvec halfvec_mul(halfvec,halfvec), commutator *(halfvec,halfvec), negator , - -'),
	('operator', '*(vector,vector)',
	'vector vector_mul(vector,vector), commutator *(vector,vector), negator , - -'),
	('operator', '+(halfvec,halfvec)',
	'halfvec halfvec_add(halfvec,halfvec), commutator +(halfvec,halfvec), negator , - -'),
	('operator', '+(vector,vector)',
	'vector vector_add(vector,vector), commutator +(vector,vector), negator , - -'),
	('operator', '-(halfvec,halfvec)',
	'halfvec halfvec_sub(halfvec,halfvec), commutator , negator , - -'),
	('operator', '-(vector,vector)',
	'vector vector_sub(vector,vector), commutator , negator , - -'),
	('operator', '<#>(halfvec,halfvec)',
	'double precision halfvec_negative_inner_product(halfvec,halfvec), '
	'commutator <#>(halfvec,halfvec), negator , - -'),
	('operator', '<#>(sparsevec,sparsevec)',
	'double precision sparsevec_negative_inner_product(sparsevec,sparsevec), '
	'commutator <#>(sparsevec,sparsevec), negator , - -'),
	('operator', '<#>(vector,vector)',
	'double precision vector_negative_inner_product(vector,vector), commutator <#>(vector,vector), '
	'negator , - -'),
	('operator', '<%>(bit,bit)',
	'double precision jaccard_distance(bit,bit), commutator <%>(bit,bit), negator , - -'),
	('operator', '<(halfvec,halfvec)',
	'boolean halfvec_lt(halfvec,halfvec), commutator >(halfvec,halfvec), '
	'negator >=(halfvec,halfvec), scalarltsel scalarltjoinsel'),
	('operator', '<(sparsevec,sparsevec)',
	'boolean sparsevec_lt(sparsevec,sparsevec), commutator >(sparsevec,sparsevec), '
	'negator >=(sparsevec,sparsevec), scalarltsel scalarltjoinsel'),
	('operator', '<(vector,vector)',
	'boolean vector_lt(vector,vector), commutator >(vector,vector), negator >=(vector,vector), '
	'scalarltsel scalarltjoinsel'),
	('operator', '<+>(halfvec,halfvec)',
	'double precision l1_distance(halfvec,halfvec), commutator <+>(halfvec,halfvec), '
	'negator , - -'),
	('operator', '<+>(sparsevec,sparsevec)',
	'double precision l1_distance(sparsevec,sparsevec), commutator <+>(sparsevec,sparsevec), '
	'negator , - -'),
	('operator', '<+>(vector,vector)',
	'double precision l1_distance(vector,vector), commutator <+>(vector,vector), negator , - -'),
	('operator', '<->(halfvec,halfvec)',
	'double precision l2_distance(halfvec,halfvec), commutator <->(halfvec,halfvec), '
	'negator , - -'),
	('operator', '<->(sparsevec,sparsevec)',
	'double precision l2_distance(sparsevec,sparsevec), commutator <->(sparsevec,sparsevec), '
	'negator , - -'),
	('operator', '<->(vector,vector)',
	'double precision l2_distance(vector,vector), commutator <->(vector,vector), negator , - -'),
	('operator', '<=(halfvec,halfvec)',
	'boolean halfvec_le(halfvec,halfvec), commutator >=(halfvec,halfvec), '
	'negator >(halfvec,halfvec), scalarlesel scalarlejoinsel'),
	('operator', '<=(sparsevec,sparsevec)',
	'boolean sparsevec_le(sparsevec,sparsevec), commutator >=(sparsevec,sparsevec), '
	'negator >(sparsevec,sparsevec), scalarlesel scalarlejoinsel'),
	('operator', '<=(vector,vector)',
	'boolean vector_le(vector,vector), commutator >=(vector,vector), negator >(vector,vector), '
	'scalarlesel scalarlejoinsel'),
	('operator', '<=>(halfvec,halfvec)',
	'double precision cosine_distance(halfvec,halfvec), commutator <=>(halfvec,halfvec), '
	'negator , - -'),
	('operator', '<=>(sparsevec,sparsevec)',
	'double precision cosine_distance(sparsevec,sparsevec), commutator <=>(sparsevec,sparsevec), '
	'negator , - -'),
	('operator', '<=>(vector,vector)',
	'double precision cosine_distance(vector,vector), commutator <=>(vector,vector), '
	'negator , - -'),
	('operator', '<>(halfvec,halfvec)',
	'boolean halfvec_ne(halfvec,halfvec), commutator <>(halfvec,halfvec), '
	'negator =(halfvec,halfvec), neqsel neqjoinsel'),
	('operator', '<>(sparsevec,sparsevec)',
	'boolean sparsevec_ne(sparsevec,sparsevec), commutator <>(sparsevec,sparsevec), '
	'negator =(sparsevec,sparsevec), neqsel neqjoinsel'),
	('operator', '<>(vector,vector)',
	'boolean vector_ne(vector,vector), commutator <>(vector,vector), negator =(vector,vector), '
	'neqsel neqjoinsel'),
	('operator', '<~>(bit,bit)',
	'double precision hamming_distance(bit,bit), commutator <~>(bit,bit), negator , - -'),
	('operator', '=(halfvec,halfvec)',
	'boolean halfvec_eq(halfvec,halfvec), commutator =(halfvec,halfvec), '
	'negator <>(halfvec,halfvec), eqsel eqjoinsel hashes'),
	('operator', '=(sparsevec,sparsevec)',
	'boolean sparsevec_eq(sparsevec,sparsevec), commutator =(sparsevec,sparsevec), '
	'negator <>(sparsevec,sparsevec), eqsel eqjoinsel hashes'),
	('operator', '=(vector,vector)',
	'boolean vector_eq(vector,vector), commutator =(vector,vector), negator <>(vector,vector), '
	'eqsel eqjoinsel hashes'),
	('operator', '>(halfvec,halfvec)',
	'boolean halfvec_gt(halfvec,halfvec), commutator <(halfvec,halfvec), '
	'negator <=(halfvec,halfvec), scalargtsel scalargtjoinsel'),
	('operator', '>(sparsevec,sparsevec)',
	'boolean sparsevec_gt(sparsevec,sparsevec), commutator <(sparsevec,sparsevec), '
	'negator <=(sparsevec,sparsevec), scalargtsel scalargtjoinsel'),
	('operator', '>(vector,vector)',
	'boolean vector_gt(vector,vector), commutator <(vector,vector), negator <=(vector,vector), '
	'scalargtsel scalargtjoinsel'),
	('operator', '>=(halfvec,halfvec)',
	'boolean halfvec_ge(halfvec,halfvec), commutator <=(halfvec,halfvec), '
	'negator <(halfvec,halfvec), scalargesel scalargejoinsel'),
	('operator', '>=(sparsevec,sparsevec)',
	'boolean sparsevec_ge(sparsevec,sparsevec), commutator <=(sparsevec,sparsevec), '
	'negator <(sparsevec,sparsevec), scalargesel scalargejoinsel'),
	('operator', '>=(vector,vector)',
	'boolean vector_ge(vector,vector), commutator <=(vector,vector), negator <(vector,vector), '
	'scalargesel scalargejoinsel'),
	('operator', '||(halfvec,halfvec)',
	'halfvec halfvec_concat(halfvec,halfvec), commutator , negator , - -'),
	('operator', '||(vector,vector)',
	'vector vector_concat(vector,vector), commutator , negator , - -');

-- btree operator classes
INSERT INTO expected VALUES
	('operator class', 'btree halfvec_ops',
	'for halfvec default: 1 <(halfvec,halfvec), 2 <=(halfvec,halfvec), 3 =(halfvec,halfvec), '
	'4 >=(halfvec,halfvec), 5 >(halfvec,halfvec); 1 halfvec_cmp(halfvec,halfvec)'),
	('operator class', 'btree sparsevec_ops',
	'for sparsevec default: 1 <(sparsevec,sparsevec), 2 <=(sparsevec,sparsevec), '
	'3 =(sparsevec,sparsevec), 4 >=(sparsevec,sparsevec), '
	'5 >(sparsevec,sparsevec); 1 sparsevec_cmp(sparsevec,sparsevec)'),
	('operator class', 'btree vector_ops',
	'for vector default: 1 <(vector,vector), 2 <=(vector,vector), 3 =(vector,vector), '
	'4 >=(vector,vector), 5 >(vector,vector); 1 vector_cmp(vector,vector)');

-- what there is: members of the extension
CREATE VIEW member AS
SELECT classid, objid FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
	AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'vdb');
CREATE VIEW actual AS
SELECT 'type' AS kind, format_type(t.oid, NULL) AS object,
	format('%s %s %s %s %s, typmod out %s, storage %s, align %s, length %s, category %s, '
	'analyze %s, subscript %s', typinput, typoutput, typmodin, typreceive, typsend,
		typmodout, typstorage, typalign, typlen, typcategory, typanalyze,
		typsubscript) AS properties
FROM pg_type t JOIN member ON classid = 'pg_type'::regclass AND objid = t.oid
	WHERE typelem = 0 AND typrelid = 0
UNION ALL
SELECT 'function', p.oid::regprocedure::text,
	format('%s %s %s %s', prorettype::regtype, CASE provolatile WHEN 'i' THEN 'immutable' WHEN 's'
	THEN 'stable' ELSE 'volatile' END,
		CASE WHEN proisstrict THEN 'strict' ELSE 'null' END, CASE proparallel WHEN 's' THEN 'safe'
			WHEN 'r' THEN 'restricted' ELSE 'unsafe' END)
FROM pg_proc p JOIN member ON classid = 'pg_proc'::regclass AND objid = p.oid WHERE prokind = 'f'
UNION ALL
SELECT 'aggregate', p.oid::regprocedure::text,
	format('%s sfunc %s, stype %s, final %s, combine %s, initial %s, parallel %s',
	prorettype::regtype, aggtransfn, aggtranstype::regtype, aggfinalfn, aggcombinefn,
		coalesce(agginitval, 'NULL'), proparallel)
FROM pg_proc p JOIN member ON classid = 'pg_proc'::regclass AND objid = p.oid
	JOIN pg_aggregate a ON aggfnoid = p.oid
UNION ALL
SELECT 'cast', format('%s to %s', castsource::regtype, casttarget::regtype),
	format('%s %s', castfunc::regprocedure, CASE castcontext WHEN 'i' THEN 'implicit' WHEN 'a'
	THEN 'assignment' ELSE 'explicit' END)
FROM pg_cast c JOIN member ON classid = 'pg_cast'::regclass AND objid = c.oid
UNION ALL
SELECT 'operator', o.oid::regoperator::text,
	format('%s %s, commutator %s, negator %s, %s %s%s%s', oprresult::regtype, oprcode::regprocedure,
	nullif(oprcom, 0)::regoperator, nullif(oprnegate, 0)::regoperator, oprrest, oprjoin,
		CASE WHEN oprcanhash THEN ' hashes' END, CASE WHEN oprcanmerge THEN ' merges' END)
FROM pg_operator o JOIN member ON classid = 'pg_operator'::regclass AND objid = o.oid
UNION ALL
SELECT 'operator class', format('%s %s', amname, opcname),
	format('for %s%s%s: %s; %s', opcintype::regtype, CASE WHEN opcdefault THEN ' default' END, CASE
	WHEN opckeytype <> 0 THEN ' storage ' || opckeytype::regtype END,
		(SELECT string_agg(format('%s %s%s', amopstrategy, amopopr::regoperator, CASE amoppurpose
		WHEN 'o' THEN ' order by ' || opfname END), ', ' ORDER BY amopstrategy)
		 FROM pg_amop LEFT JOIN pg_opfamily f ON f.oid = amopsortfamily WHERE amopfamily = opcfamily
		 	AND amoplefttype = opcintype AND amoprighttype = opcintype),
		(SELECT string_agg(format('%s %s', amprocnum, amproc::regprocedure), ', '
		ORDER BY amprocnum) FROM pg_amproc
		WHERE amprocfamily = opcfamily AND amproclefttype = opcintype))
FROM pg_opclass c JOIN pg_am ON pg_am.oid = opcmethod
	JOIN member ON classid = 'pg_opclass'::regclass AND objid = c.oid;

SELECT kind, count(*) FROM expected GROUP BY kind ORDER BY kind;

-- the differences: none but what is vdb's own
CREATE VIEW own AS SELECT * FROM actual
WHERE kind = 'operator class' AND object ~ '^(ivfkm|hash) '
	OR kind = 'function' AND (object ~ '^(ivfkm|vdb_)'
		OR object ~ '^(l2_squared_distance|\w+_hash|\w+_hash_extended|distance_support)\('
		OR object ~ '^(\w+_)?max_sim(_support)?\('
		OR object ~ '^(\w+_subscript|jsonb_to_\w+)\(|^binary_quantize\(text')
	OR kind = 'operator' AND object ~ '^@#\('
	OR kind = 'cast' AND object ~ '^jsonb to ';
SELECT 'missing' AS what, kind, object, properties FROM expected
	WHERE (kind, object) NOT IN (SELECT kind, object FROM actual)
UNION ALL
SELECT 'extra', kind, object, properties FROM actual
WHERE (kind, object) NOT IN (SELECT kind, object FROM expected)
	AND (kind, object) NOT IN (SELECT kind, object FROM own)
UNION ALL
SELECT 'expected', kind, object, e.properties FROM expected e JOIN actual a USING (kind, object)
	WHERE e.properties <> a.properties
UNION ALL
SELECT 'found', kind, object, a.properties FROM expected e JOIN actual a USING (kind, object)
	WHERE e.properties <> a.properties
ORDER BY kind, object, what;

-- vdb's own
SELECT kind, object, properties FROM own ORDER BY kind, object COLLATE "C";

-- members of other kinds; no tables and no views, which tools for schemas would drop
SELECT pg_describe_object(classid, objid, 0) FROM member
WHERE classid NOT IN ('pg_type'::regclass, 'pg_proc'::regclass, 'pg_cast'::regclass,
	'pg_operator'::regclass, 'pg_opclass'::regclass)
	AND pg_describe_object(classid, objid, 0) !~
		'^operator family .* for access method (btree|hash|ivfkm)$'
ORDER BY 1;

DROP VIEW own, actual, member;
DROP TABLE expected;
