--
-- What the extension puts into the catalogs
--

-- objects of the extension without a comment: none (types of arrays and rows, members from
-- versions 18 and 17 on, take none)
SELECT pg_describe_object(classid, objid, objsubid) AS object
FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
	AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'vdb')
	AND NOT EXISTS (SELECT FROM pg_description d WHERE d.classoid = classid AND d.objoid = objid
		AND d.objsubid = 0)
	AND NOT (classid = 'pg_type'::regclass AND objid IN (SELECT typarray FROM pg_type
		UNION ALL SELECT oid FROM pg_type WHERE typrelid <> 0))
ORDER BY pg_describe_object(classid, objid, objsubid) COLLATE "C";

-- functions of vectors that are not immutable, strict and parallel safe: none
SELECT oid::regprocedure FROM pg_proc
WHERE ('vector'::regtype = prorettype OR 'vector'::regtype = ANY (proargtypes))
	AND prokind = 'f' AND NOT (provolatile = 'i' AND proisstrict AND proparallel = 's')
ORDER BY 1;

-- the type
SELECT typlen, typbyval, typalign, typstorage, typcategory, typispreferred,
	typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze
FROM pg_type WHERE oid = 'vector'::regtype;
SELECT opcname, amname, opcdefault FROM pg_opclass o JOIN pg_am a ON a.oid = opcmethod
WHERE opcintype = 'vector'::regtype AND amname = 'btree';

-- the sanity checks of the core regression tests, on these operators
SELECT o.oid::regoperator FROM pg_operator o JOIN pg_operator c ON c.oid = o.oprcom
WHERE o.oprleft = 'vector'::regtype AND (c.oprcom <> o.oid OR o.oprresult <> c.oprresult);
SELECT o.oid::regoperator FROM pg_operator o JOIN pg_operator n ON n.oid = o.oprnegate
WHERE o.oprleft = 'vector'::regtype AND (n.oprnegate <> o.oid OR o.oid = n.oid);
SELECT oid::regoperator, oprcom::regoperator, oprnegate::regoperator, oprrest, oprjoin, oprcanmerge,
	oprcanhash
FROM pg_operator WHERE oprleft = 'vector'::regtype AND oprresult = 'bool'::regtype
ORDER BY oprname COLLATE "C";

-- relocatable: it works in another schema, and from a search path without it
CREATE SCHEMA elsewhere;
ALTER EXTENSION vdb SET SCHEMA elsewhere;
SELECT '[1]'::elsewhere.vector OPERATOR(elsewhere.<->) '[3]';
SELECT '[1]'::vector;
ALTER EXTENSION vdb SET SCHEMA public;
DROP SCHEMA elsewhere;
