-- The catalog part of sql/docs/reference.md: what extension vdb has, told by its comments.
\pset format unaligned
\pset tuples_only on
SET client_min_messages = warning;
CREATE EXTENSION vdb;

CREATE TEMPORARY VIEW member AS
SELECT classid, objid FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND refobjid =
	(SELECT oid FROM pg_extension WHERE extname = 'vdb');

-- text in a cell of a table
CREATE FUNCTION pg_temp.cell(t text) RETURNS text LANGUAGE sql AS
$$ SELECT replace(replace(coalesce(t, ''), '|', '\|'), E'\n', ' ') $$;
CREATE FUNCTION pg_temp.code(t text) RETURNS text LANGUAGE sql AS
$$ SELECT '`' || replace(replace(t, '|', '\|'), 'pg_catalog.', '') || '`' $$;

\echo '## Types'
\echo
\echo '| type | what |'
\echo '|---|---|'
SELECT format('| %s | %s |', pg_temp.code(t.typname),
	pg_temp.cell(obj_description(t.oid, 'pg_type')))
FROM pg_type t JOIN member ON classid = 'pg_type'::regclass AND objid = t.oid
WHERE t.typtype = 'b' AND t.typelem = 0 ORDER BY t.typname;

\echo
\echo '## Operators'
\echo
\echo '| operator | between two | gives | what |'
\echo '|---|---|---|---|'
SELECT format('| %s | %s | %s | %s |', pg_temp.code(o.oprname),
	string_agg(pg_temp.code(format_type(o.oprleft, NULL)), ', '
		ORDER BY format_type(o.oprleft, NULL) COLLATE "C"),
	string_agg(DISTINCT format_type(o.oprresult, NULL), ', or '),
	pg_temp.cell(obj_description(o.oid, 'pg_operator')))
FROM pg_operator o JOIN member ON classid = 'pg_operator'::regclass AND objid = o.oid
GROUP BY o.oprname, pg_temp.cell(obj_description(o.oid, 'pg_operator'))
ORDER BY o.oprname COLLATE "C", min(format_type(o.oprleft, NULL)) COLLATE "C";

\echo
\echo '## Casts'
\echo
\echo 'Implicit ones are tried by the server itself; those in assignments when a value is stored;'
\echo 'explicit ones are written out: `value::type`.'
\echo
\echo '| from | to | when |'
\echo '|---|---|---|'
SELECT format('| %s | %s | %s |', pg_temp.code(format_type(c.castsource, NULL)),
	string_agg(pg_temp.code(format_type(c.casttarget, NULL)), ', '
		ORDER BY format_type(c.casttarget, NULL) COLLATE "C"),
	CASE c.castcontext WHEN 'i' THEN 'implicit' WHEN 'a' THEN 'in assignments' ELSE 'explicit' END)
FROM pg_cast c JOIN member ON classid = 'pg_cast'::regclass AND objid = c.oid
WHERE c.castsource <> c.casttarget
GROUP BY c.castsource, c.castcontext
ORDER BY format_type(c.castsource, NULL) COLLATE "C", c.castcontext;

\echo
\echo '## Operator classes'
\echo
\echo '| access method | operator class | of | default | operators |'
\echo '|---|---|---|---|---|'
SELECT format('| %s | %s | %s | %s | %s |', a.amname, pg_temp.code(c.opcname),
	format_type(c.opcintype, NULL), CASE WHEN c.opcdefault THEN 'yes' ELSE '' END,
	(SELECT string_agg(DISTINCT pg_temp.code(x.oprname), ' ')
	 FROM pg_amop p JOIN pg_operator x ON x.oid = p.amopopr
	 WHERE p.amopfamily = c.opcfamily AND p.amoplefttype = c.opcintype))
FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod
JOIN member ON classid = 'pg_opclass'::regclass AND objid = c.oid
ORDER BY a.amname COLLATE "C" DESC, c.opcname COLLATE "C", 1;

\echo
\echo '## Functions and aggregates'
\echo
\echo 'Without those behind types, operators, casts and operator classes.'
\echo
\echo '| function | gives | what |'
\echo '|---|---|---|'
SELECT format('| %s | %s | %s |',
	pg_temp.code(p.proname || '(' || regexp_replace(coalesce(
		(SELECT string_agg(a, ', ' ORDER BY n) FROM
		 unnest(string_to_array(pg_get_function_arguments(p.oid), ', ')) WITH ORDINALITY AS u(a, n)
		 WHERE a NOT LIKE 'OUT %' AND pg_get_function_result(p.oid) NOT LIKE 'TABLE%'
		 OR pg_get_function_result(p.oid) LIKE 'TABLE%'), ''), '::(text|integer)', '', 'g') || ')'),
	CASE WHEN p.proargmodes && '{o,t}'::"char"[] THEN
		CASE WHEN p.proretset THEN 'rows of ' ELSE 'a row of ' END ||
		(SELECT string_agg(pg_temp.code(name), ', ' ORDER BY n)
		 FROM unnest(p.proargnames, p.proargmodes) WITH ORDINALITY AS u(name, mode, n)
		 WHERE mode IN ('o', 't'))
	ELSE pg_temp.cell(pg_get_function_result(p.oid)) END,
	pg_temp.cell(obj_description(p.oid, 'pg_proc')))
FROM pg_proc p JOIN member ON classid = 'pg_proc'::regclass AND objid = p.oid
WHERE p.prorettype NOT IN ('internal'::regtype, 'trigger'::regtype, 'index_am_handler'::regtype)
AND NOT 'internal'::regtype = ANY (p.proargtypes::oid[])
AND NOT 'cstring'::regtype = ANY (p.proargtypes::oid[] || p.prorettype)
AND NOT EXISTS (SELECT 1 FROM pg_operator WHERE oprcode = p.oid AND p.proname NOT LIKE '%distance')
AND NOT EXISTS (SELECT 1 FROM pg_cast WHERE castfunc = p.oid)
AND NOT EXISTS (SELECT 1 FROM pg_aggregate a
	WHERE p.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn))
AND NOT EXISTS (SELECT 1 FROM pg_amproc WHERE amproc = p.oid)
AND NOT EXISTS (SELECT 1 FROM pg_type
	WHERE p.oid IN (typsend, typreceive, typinput, typoutput, typmodin))
AND coalesce(obj_description(p.oid, 'pg_proc'), '') NOT ILIKE '%internal%'
ORDER BY p.proname COLLATE "C", pg_get_function_arguments(p.oid) COLLATE "C";

\echo
\echo '## Settings'
\echo
\echo '`SET`, `SET LOCAL`, or for a database, a role or a function (`ALTER ... SET`).'
\echo
\echo '| setting | default | what |'
\echo '|---|---|---|'
SELECT format('| %s | %s | %s |', pg_temp.code(name), pg_temp.code(boot_val),
	pg_temp.cell(concat_ws(' ', short_desc, extra_desc,
	CASE WHEN enumvals IS NOT NULL THEN 'One of ' || array_to_string(enumvals, ', ') || '.' END,
	CASE WHEN context <> 'user' THEN 'Context: ' || context || '.' END)))
FROM pg_settings WHERE name ~ '^(ivfkm|vdb)\.' AND name NOT LIKE '%.debug_%'
ORDER BY name COLLATE "C";
DROP EXTENSION vdb;
