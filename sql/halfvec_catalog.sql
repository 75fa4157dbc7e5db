--
-- What the extension puts into the catalogs about halfvec
--

-- functions of halfvecs that are not immutable, strict and parallel safe: none
SELECT oid::regprocedure FROM pg_proc
WHERE ('halfvec'::regtype = prorettype OR 'halfvec'::regtype = ANY (proargtypes))
	AND prokind = 'f' AND NOT (provolatile = 'i' AND proisstrict AND proparallel = 's')
ORDER BY 1;

-- the type
SELECT typlen, typbyval, typalign, typstorage, typcategory, typispreferred,
	typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze
FROM pg_type WHERE oid = 'halfvec'::regtype;
SELECT opcname, amname, opcdefault FROM pg_opclass o JOIN pg_am a ON a.oid = opcmethod
WHERE opcintype = 'halfvec'::regtype AND amname = 'btree';

-- the sanity checks of the core regression tests, on these operators
SELECT o.oid::regoperator FROM pg_operator o JOIN pg_operator c ON c.oid = o.oprcom
WHERE o.oprleft = 'halfvec'::regtype AND (c.oprcom <> o.oid OR o.oprresult <> c.oprresult);
SELECT o.oid::regoperator FROM pg_operator o JOIN pg_operator n ON n.oid = o.oprnegate
WHERE o.oprleft = 'halfvec'::regtype AND (n.oprnegate <> o.oid OR o.oid = n.oid);
SELECT oid::regoperator, oprcom::regoperator, oprnegate::regoperator, oprrest, oprjoin, oprcanmerge,
	oprcanhash
FROM pg_operator WHERE oprleft = 'halfvec'::regtype AND oprresult = 'bool'::regtype
ORDER BY oprname COLLATE "C";
