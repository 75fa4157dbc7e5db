--
-- Index options and settings of ivfkm, and of the extension as a whole
--

-- a setting made before the library is loaded is kept if it is good, and removed with a
-- warning if not
SET ivfkm.probes = 5;
SET ivfkm.nonsense = 1;
LOAD 'vdb';
SHOW ivfkm.probes;
SHOW ivfkm.nonsense;
RESET ivfkm.probes;

-- defaults
SHOW ivfkm.probes;
SHOW ivfkm.epsilon;
SHOW ivfkm.max_probes;
SHOW ivfkm.max_scan_tuples;
SHOW ivfkm.iterative_scan;
SHOW ivfkm.target_recall;
SHOW vdb.simd;
-- all settings there are: none without a description, all for every user
SELECT name, vartype, context, min_val, max_val, enumvals, short_desc ~ '^Sets .*\.$' AS described
FROM pg_settings WHERE name ~ '^(ivfkm|vdb)\.' ORDER BY name COLLATE "C";

-- the ends of the ranges
SET ivfkm.probes = 0;
SET ivfkm.probes = 1000000;
SET ivfkm.probes = -1;
SET ivfkm.probes = 1000001;
SET ivfkm.probes = 'many';
SHOW ivfkm.probes;
SET ivfkm.epsilon = 0;
SET ivfkm.epsilon = 100;
SET ivfkm.epsilon = -0.1;
SET ivfkm.epsilon = 100.1;
SET ivfkm.epsilon = 'NaN';
SHOW ivfkm.epsilon;
SET ivfkm.max_probes = 0;
SET ivfkm.max_probes = 1000000;
SET ivfkm.max_probes = -1;
SET ivfkm.max_probes = 1000001;
SHOW ivfkm.max_probes;
SET ivfkm.max_scan_tuples = 0;
SET ivfkm.max_scan_tuples = 2147483647;
SET ivfkm.max_scan_tuples = -1;
SET ivfkm.max_scan_tuples = 2147483648;
SHOW ivfkm.max_scan_tuples;
SET ivfkm.target_recall = 0.8;
SET ivfkm.target_recall = 1;
SET ivfkm.target_recall = 0.79;
SET ivfkm.target_recall = 1.01;
SET ivfkm.target_recall = 'NaN';
SHOW ivfkm.target_recall;
SET ivfkm.iterative_scan = off;
SET ivfkm.iterative_scan = relaxed_order;
SET ivfkm.iterative_scan = strict_order;
SET ivfkm.iterative_scan = on;
SHOW ivfkm.iterative_scan;
RESET ivfkm.probes;
RESET ivfkm.epsilon;
RESET ivfkm.max_probes;
RESET ivfkm.max_scan_tuples;
RESET ivfkm.iterative_scan;
RESET ivfkm.target_recall;

-- unknown names
SET ivfkm.probe = 1;
SET ivfkm.lists = 1;
SET vdb.probes = 1;
SHOW vdb.probes;

-- the option of an index
CREATE TABLE opt (v vector(2));
INSERT INTO opt SELECT ARRAY[i % 30, i / 30] FROM generate_series(0, 899) i;
CREATE INDEX opt_idx ON opt USING ivfkm (v) WITH (lists = 0);
-- 0: a list for each 256 short vectors
SELECT lists FROM ivfkm_info('opt_idx');
DROP INDEX opt_idx;
CREATE INDEX opt_idx ON opt USING ivfkm (v);
SELECT lists FROM ivfkm_info('opt_idx');
DROP INDEX opt_idx;
CREATE INDEX opt_idx ON opt USING ivfkm (v) WITH (lists = 10);
SELECT lists, reloptions FROM ivfkm_info('opt_idx'), pg_class WHERE oid = 'opt_idx'::regclass;

-- takes effect with the next build
ALTER INDEX opt_idx SET (lists = 20);
SELECT lists, reloptions FROM ivfkm_info('opt_idx'), pg_class WHERE oid = 'opt_idx'::regclass;
REINDEX INDEX opt_idx;
SELECT lists FROM ivfkm_info('opt_idx');
ALTER INDEX opt_idx RESET (lists);
REINDEX INDEX opt_idx;
SELECT lists, reloptions FROM ivfkm_info('opt_idx'), pg_class WHERE oid = 'opt_idx'::regclass;
SELECT vdb_index_check('opt_idx');

-- what it refuses
CREATE INDEX ON opt USING ivfkm (v) WITH (lists = -1);
CREATE INDEX ON opt USING ivfkm (v) WITH (lists = 1000001);
CREATE INDEX ON opt USING ivfkm (v) WITH (lists = 'many');
CREATE INDEX ON opt USING ivfkm (v) WITH (lists);
CREATE INDEX ON opt USING ivfkm (v) WITH (list = 10);
CREATE INDEX ON opt USING ivfkm (v) WITH (fillfactor = 50);
-- (the wording of this one differs between server versions)
\set VERBOSITY sqlstate
CREATE INDEX ON opt USING ivfkm (v vector_l2_ops (lists = 10));
\set VERBOSITY default
ALTER INDEX opt_idx SET (lists = -1);
ALTER INDEX opt_idx SET (m = 16);
SELECT reloptions FROM pg_class WHERE oid = 'opt_idx'::regclass;
DROP TABLE opt;

-- error codes
\set VERBOSITY sqlstate
SET ivfkm.probes = -1;
SET ivfkm.epsilon = 101;
SET ivfkm.iterative_scan = on;
SET ivfkm.probe = 1;
CREATE TEMP TABLE opt (v vector(2));
CREATE INDEX ON opt USING ivfkm (v) WITH (lists = -1);
CREATE INDEX ON opt USING ivfkm (v) WITH (list = 10);
\set VERBOSITY default
DROP TABLE opt;
