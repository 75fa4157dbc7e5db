--
-- PostgreSQL database dump
--


-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: app; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA app;


ALTER SCHEMA app OWNER TO postgres;

--
-- Name: vector; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;


--
-- Name: EXTENSION vector; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION vector IS 'vector data type and ivfflat and hnsw access methods';


--
-- Name: unit; Type: DOMAIN; Schema: app; Owner: postgres
--

CREATE DOMAIN app.unit AS public.vector(2)
	CONSTRAINT unit_check CHECK ((public.vector_norm(VALUE) < (1.001)::double precision));


ALTER DOMAIN app.unit OWNER TO postgres;

--
-- Name: search(public.vector); Type: FUNCTION; Schema: app; Owner: postgres
--

CREATE FUNCTION app.search(query public.vector) RETURNS SETOF integer
    LANGUAGE sql STABLE
    SET "hnsw.ef_search" TO '100'
    AS $$SELECT id FROM public.items ORDER BY v <=> query, id LIMIT 5$$;


ALTER FUNCTION app.search(query public.vector) OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: items; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.items (
    id integer NOT NULL,
    category text NOT NULL,
    v public.vector(4) NOT NULL,
    h public.halfvec(4),
    b bit(16),
    s public.sparsevec(20),
    loose public.vector,
    parts public.vector(2)[],
    CONSTRAINT short CHECK ((public.vector_norm(v) < (1000)::double precision))
);


ALTER TABLE public.items OWNER TO postgres;

--
-- Name: averages; Type: MATERIALIZED VIEW; Schema: app; Owner: postgres
--

CREATE MATERIALIZED VIEW app.averages AS
 SELECT items.category,
    public.avg(items.v) AS v,
    public.sum(items.h) AS h
   FROM public.items
  GROUP BY items.category
  WITH NO DATA;


ALTER TABLE app.averages OWNER TO postgres;

--
-- Name: parts; Type: TABLE; Schema: app; Owner: postgres
--

CREATE TABLE app.parts (
    id integer,
    note text,
    v public.vector(3)
)
PARTITION BY RANGE (id);


ALTER TABLE app.parts OWNER TO postgres;

--
-- Name: near; Type: VIEW; Schema: app; Owner: postgres
--

CREATE VIEW app.near AS
 SELECT parts.id,
    (parts.v OPERATOR(public.<->) '[1,2,3]'::public.vector) AS distance
   FROM app.parts
  ORDER BY (parts.v OPERATOR(public.<->) '[1,2,3]'::public.vector)
 LIMIT 3;


ALTER TABLE app.near OWNER TO postgres;

--
-- Name: parts_1; Type: TABLE; Schema: app; Owner: postgres
--

CREATE TABLE app.parts_1 (
    id integer,
    note text,
    v public.vector(3)
);


ALTER TABLE app.parts_1 OWNER TO postgres;

--
-- Name: parts_2; Type: TABLE; Schema: app; Owner: postgres
--

CREATE TABLE app.parts_2 (
    id integer,
    note text,
    v public.vector(3)
);


ALTER TABLE app.parts_2 OWNER TO postgres;

--
-- Name: units; Type: TABLE; Schema: app; Owner: postgres
--

CREATE TABLE app.units (
    u app.unit DEFAULT '[0,1]'::public.vector,
    doubled public.vector(2) GENERATED ALWAYS AS (((u)::public.vector OPERATOR(public.+) (u)::public.vector)) STORED
);


ALTER TABLE app.units OWNER TO postgres;

--
-- Name: parts_1; Type: TABLE ATTACH; Schema: app; Owner: postgres
--

ALTER TABLE ONLY app.parts ATTACH PARTITION app.parts_1 FOR VALUES FROM (0) TO (10);


--
-- Name: parts_2; Type: TABLE ATTACH; Schema: app; Owner: postgres
--

ALTER TABLE ONLY app.parts ATTACH PARTITION app.parts_2 FOR VALUES FROM (10) TO (20);


--
-- Data for Name: parts_1; Type: TABLE DATA; Schema: app; Owner: postgres
--

COPY app.parts_1 (id, note, v) FROM stdin;
1	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[1,1,-1]
2	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[2,1,-2]
3	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[3,1,-3]
4	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[4,1,-4]
5	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[5,1,-5]
6	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[6,1,-6]
7	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[7,1,-7]
8	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[8,1,-8]
9	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[9,1,-9]
\.


--
-- Data for Name: parts_2; Type: TABLE DATA; Schema: app; Owner: postgres
--

COPY app.parts_2 (id, note, v) FROM stdin;
10	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[10,1,-10]
11	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[11,1,-11]
12	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[12,1,-12]
13	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[13,1,-13]
14	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[14,1,-14]
15	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[15,1,-15]
16	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[16,1,-16]
17	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[17,1,-17]
18	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[18,1,-18]
19	USING hnsw (v vector_l1_ops) WITH (m='16');\nCREATE EXTENSION vector;	[19,1,-19]
\.


--
-- Data for Name: units; Type: TABLE DATA; Schema: app; Owner: postgres
--

COPY app.units (u) FROM stdin;
[1,0]
[0,1]
\.


--
-- Data for Name: items; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.items (id, category, v, h, b, s, loose, parts) FROM stdin;
1	c1	[1,-2,0.25,-0.01]	[-1,1,1,0.5]	0111100110110001	{2:2,12:-0.0625}/20	[1,2]	{"[1,1]","[1,1]"}
2	c2	[2,-1,1,-0.02]	[0,2,2,0.5]	1111001101100010	{3:3,13:-0.125}/20	[1,2,3]	{"[2,1]","[1,2]"}
3	c3	[3,0,2.25,-0.03]	[1,3,0,0.5]	0110110100010011	{4:4,14:-0.1875}/20	\N	{"[3,1]","[1,3]"}
4	c0	[4,1,1.25,-0.04]	[2,4,1,0.5]	1110011011000100	{5:5,15:-0.25}/20	[1,2]	{"[4,1]","[1,4]"}
5	c1	[5,2,0.75,-0.05]	[-2,5,2,0.5]	0110000001110101	{6:6,16:-0.3125}/20	[1,2,3]	{"[5,1]","[1,5]"}
6	c2	[6,3,0.75,-0.06]	[-1,6,0,0.5]	1101101000100110	{7:7,17:-0.375}/20	\N	{"[6,1]","[1,6]"}
7	c3	[7,-3,1.25,-0.07]	[0,7,1,0.5]	0101001111010111	{8:8,18:-0.4375}/20	[1,2]	{"[7,1]","[1,7]"}
8	c0	[8,-2,2.25,-0.08]	[1,8,2,0.5]	1100110110001000	{9:9,19:-0.5}/20	[1,2,3]	{"[8,1]","[1,8]"}
9	c1	[9,-1,1,-0.09]	[2,0,0,0.5]	0100011100111001	{1:10,20:-0.5625}/20	\N	{"[9,1]","[1,9]"}
10	c2	[10,0,0.25,-0.1]	[-2,1,1,0.5]	1100000011101010	{2:1,11:-0.625}/20	[1,2]	{"[10,1]","[1,10]"}
11	c3	[11,1,0,-0.11]	[-1,2,2,0.5]	0011101010011011	{3:2,12:-0.6875}/20	[1,2,3]	{"[11,1]","[1,11]"}
12	c0	[12,2,0.25,-0.12]	[0,3,0,0.5]	1011010001001100	{4:3,13:-0.75}/20	\N	{"[12,1]","[1,12]"}
13	c1	[0,3,1,-0.13]	[1,4,1,0.5]	0010110111111101	{5:4,14:-0.8125}/20	[1,2]	{"[13,1]","[1,13]"}
14	c2	[1,-3,2.25,-0.14]	[2,5,2,0.5]	1010011110101110	{6:5,15:-0.875}/20	[1,2,3]	{"[14,1]","[1,14]"}
15	c3	[2,-2,1.25,-0.15]	[-2,6,0,0.5]	0010000101011111	{7:6,16:-0.9375}/20	\N	{"[15,1]","[1,15]"}
16	c0	[3,-1,0.75,-0.16]	[-1,7,1,0.5]	1001101100010000	{8:7,17:-1}/20	[1,2]	{"[16,1]","[1,16]"}
17	c1	[4,0,0.75,-0.17]	[0,8,2,0.5]	0001010011000001	{9:8,18:-1.0625}/20	[1,2,3]	{"[17,1]","[1,17]"}
18	c2	[5,1,1.25,-0.18]	[1,0,0,0.5]	1000111001110010	{1:9,19:-1.125}/20	\N	{"[18,1]","[1,18]"}
19	c3	[6,2,2.25,-0.19]	[2,1,1,0.5]	0000100000100011	{2:10,20:-1.1875}/20	[1,2]	{"[19,1]","[1,19]"}
20	c0	[7,3,1,-0.2]	[-2,2,2,0.5]	1000000111010100	{3:1,11:-1.25}/20	[1,2,3]	{"[20,1]","[1,20]"}
21	c1	[8,-3,0.25,-0.21]	[-1,3,0,0.5]	1111101110000101	{4:2,12:-1.3125}/20	\N	{"[21,1]","[1,21]"}
22	c2	[9,-2,0,-0.22]	[0,4,1,0.5]	0111010100110110	{5:3,13:-1.375}/20	[1,2]	{"[22,1]","[1,22]"}
23	c3	[10,-1,0.25,-0.23]	[1,5,2,0.5]	1110111011100111	{6:4,14:-1.4375}/20	[1,2,3]	{"[23,1]","[1,23]"}
24	c0	[11,0,1,-0.24]	[2,6,0,0.5]	0110100010011000	{7:5,15:-1.5}/20	\N	{"[24,1]","[1,24]"}
25	c1	[12,1,2.25,-0.25]	[-2,7,1,0.5]	1110001001001001	{8:6,16:-1.5625}/20	[1,2]	{"[25,1]","[1,25]"}
26	c2	[0,2,1.25,-0.26]	[-1,8,2,0.5]	0101101111111010	{9:7,17:-1.625}/20	[1,2,3]	{"[26,1]","[1,26]"}
27	c3	[1,3,0.75,-0.27]	[0,0,0,0.5]	1101010110101011	{1:8,18:-1.6875}/20	\N	{"[27,1]","[1,27]"}
28	c0	[2,-3,0.75,-0.28]	[1,1,1,0.5]	0100111101011100	{2:9,19:-1.75}/20	[1,2]	{"[28,1]","[1,28]"}
29	c1	[3,-2,1.25,-0.29]	[2,2,2,0.5]	1100100100001101	{3:10,20:-1.8125}/20	[1,2,3]	{"[29,1]","[1,29]"}
30	c2	[4,-1,2.25,-0.3]	[-2,3,0,0.5]	0100001010111110	{4:1,11:-1.875}/20	\N	{"[30,1]","[1,30]"}
31	c3	[5,0,1,-0.31]	[-1,4,1,0.5]	1011110001101111	{5:2,12:-1.9375}/20	[1,2]	{"[31,1]","[1,31]"}
32	c0	[6,1,0.25,-0.32]	[0,5,2,0.5]	0011011000100000	{6:3,13:-2}/20	[1,2,3]	{"[32,1]","[1,32]"}
33	c1	[7,2,0,-0.33]	[1,6,0,0.5]	1010111111010001	{7:4,14:-2.0625}/20	\N	{"[33,1]","[1,33]"}
34	c2	[8,3,0.25,-0.34]	[2,7,1,0.5]	0010100110000010	{8:5,15:-2.125}/20	[1,2]	{"[34,1]","[1,34]"}
35	c3	[9,-3,1,-0.35]	[-2,8,2,0.5]	1010001100110011	{9:6,16:-2.1875}/20	[1,2,3]	{"[35,1]","[1,35]"}
36	c0	[10,-2,2.25,-0.36]	[-1,0,0,0.5]	0001110011100100	{1:7,17:-2.25}/20	\N	{"[36,1]","[1,36]"}
37	c1	[11,-1,1.25,-0.37]	[0,1,1,0.5]	1001011010010101	{2:8,18:-2.3125}/20	[1,2]	{"[37,1]","[1,37]"}
38	c2	[12,0,0.75,-0.38]	[1,2,2,0.5]	0001000001000110	{3:9,19:-2.375}/20	[1,2,3]	{"[38,1]","[1,38]"}
39	c3	[0,1,0.75,-0.39]	[2,3,0,0.5]	1000100111110111	{4:10,20:-2.4375}/20	\N	{"[39,1]","[1,39]"}
40	c0	[1,2,1.25,-0.4]	[-2,4,1,0.5]	0000001110101000	{5:1,11:-2.5}/20	[1,2]	{"[40,1]","[1,40]"}
41	c1	[2,3,2.25,-0.41]	[-1,5,2,0.5]	0111110101011001	{6:2,12:-2.5625}/20	[1,2,3]	{"[41,1]","[1,41]"}
42	c2	[3,-3,1,-0.42]	[0,6,0,0.5]	1111011100001010	{7:3,13:-2.625}/20	\N	{"[42,1]","[1,42]"}
43	c3	[4,-2,0.25,-0.43]	[1,7,1,0.5]	0111000010111011	{8:4,14:-2.6875}/20	[1,2]	{"[43,1]","[1,43]"}
44	c0	[5,-1,0,-0.44]	[2,8,2,0.5]	1110101001101100	{9:5,15:-2.75}/20	[1,2,3]	{"[44,1]","[1,44]"}
45	c1	[6,0,0.25,-0.45]	[-2,0,0,0.5]	0110010000011101	{1:6,16:-2.8125}/20	\N	{"[45,1]","[1,45]"}
46	c2	[7,1,1,-0.46]	[-1,1,1,0.5]	1101110111001110	{2:7,17:-2.875}/20	[1,2]	{"[46,1]","[1,46]"}
47	c3	[8,2,2.25,-0.47]	[0,2,2,0.5]	0101011101111111	{3:8,18:-2.9375}/20	[1,2,3]	{"[47,1]","[1,47]"}
48	c0	[9,3,1.25,-0.48]	[1,3,0,0.5]	1101000100110000	{4:9,19:-3}/20	\N	{"[48,1]","[1,48]"}
49	c1	[10,-3,0.75,-0.49]	[2,4,1,0.5]	0100101011100001	{5:10,20:-3.0625}/20	[1,2]	{"[49,1]","[1,49]"}
50	c2	[11,-2,0.75,-0.5]	[-2,5,2,0.5]	1100010010010010	{6:1,11:-3.125}/20	[1,2,3]	{"[50,1]","[1,50]"}
51	c3	[12,-1,1.25,-0.51]	[-1,6,0,0.5]	0011111001000011	{7:2,12:-3.1875}/20	\N	{"[51,1]","[1,51]"}
52	c0	[0,0,2.25,-0.52]	[0,7,1,0.5]	1011011111110100	{8:3,13:-3.25}/20	[1,2]	{"[52,1]","[1,52]"}
53	c1	[1,1,1,-0.53]	[1,8,2,0.5]	0011000110100101	{9:4,14:-3.3125}/20	[1,2,3]	{"[53,1]","[1,53]"}
54	c2	[2,2,0.25,-0.54]	[2,0,0,0.5]	1010101101010110	{1:5,15:-3.375}/20	\N	{"[54,1]","[1,54]"}
55	c3	[3,3,0,-0.55]	[-2,1,1,0.5]	0010010100000111	{2:6,16:-3.4375}/20	[1,2]	{"[55,1]","[1,55]"}
56	c0	[4,-3,0.25,-0.56]	[-1,2,2,0.5]	1001111010111000	{3:7,17:-3.5}/20	[1,2,3]	{"[56,1]","[1,56]"}
57	c1	[5,-2,1,-0.57]	[0,3,0,0.5]	0001100001101001	{4:8,18:-3.5625}/20	\N	{"[57,1]","[1,57]"}
58	c2	[6,-1,2.25,-0.58]	[1,4,1,0.5]	1001001000011010	{5:9,19:-3.625}/20	[1,2]	{"[58,1]","[1,58]"}
59	c3	[7,0,1.25,-0.59]	[2,5,2,0.5]	0000101111001011	{6:10,20:-3.6875}/20	[1,2,3]	{"[59,1]","[1,59]"}
60	c0	[8,1,0.75,-0.6]	[-2,6,0,0.5]	1000010101111100	{7:1,11:-3.75}/20	\N	{"[60,1]","[1,60]"}
61	E'x	[1e-20,-34,0.1,-0]	[65504,-5.9604645e-08,0.099975586,1]	\N	{}/20	[1]	{}
\.


--
-- Name: items items_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.items
    ADD CONSTRAINT items_pkey PRIMARY KEY (id);


--
-- Name: parts_v; Type: INDEX; Schema: app; Owner: postgres
--

CREATE INDEX parts_v ON ONLY app.parts USING hnsw (v public.vector_ip_ops);


--
-- Name: parts_1_v_idx; Type: INDEX; Schema: app; Owner: postgres
--

CREATE INDEX parts_1_v_idx ON app.parts_1 USING hnsw (v public.vector_ip_ops);


--
-- Name: parts_v_l1; Type: INDEX; Schema: app; Owner: postgres
--

CREATE INDEX parts_v_l1 ON ONLY app.parts USING hnsw (v public.vector_l1_ops);


--
-- Name: parts_1_v_idx1; Type: INDEX; Schema: app; Owner: postgres
--

CREATE INDEX parts_1_v_idx1 ON app.parts_1 USING hnsw (v public.vector_l1_ops);


--
-- Name: parts_2_v_idx; Type: INDEX; Schema: app; Owner: postgres
--

CREATE INDEX parts_2_v_idx ON app.parts_2 USING hnsw (v public.vector_ip_ops);


--
-- Name: parts_2_v_idx1; Type: INDEX; Schema: app; Owner: postgres
--

CREATE INDEX parts_2_v_idx1 ON app.parts_2 USING hnsw (v public.vector_l1_ops);


--
-- Name: items_b_hnsw_hamming; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_b_hnsw_hamming ON public.items USING hnsw (b public.bit_hamming_ops);


--
-- Name: items_b_hnsw_jaccard; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_b_hnsw_jaccard ON public.items USING hnsw (b public.bit_jaccard_ops);


--
-- Name: items_b_ivfflat_hamming; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_b_ivfflat_hamming ON public.items USING ivfflat (b public.bit_hamming_ops) WITH (lists='1');


--
-- Name: items_binary; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_binary ON public.items USING hnsw (((public.binary_quantize(v))::bit(4)) public.bit_hamming_ops);


--
-- Name: items_btree; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_btree ON public.items USING btree (v);


--
-- Name: items_h_hnsw_cosine; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_h_hnsw_cosine ON public.items USING hnsw (h public.halfvec_cosine_ops);


--
-- Name: items_h_hnsw_ip; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_h_hnsw_ip ON public.items USING hnsw (h public.halfvec_ip_ops);


--
-- Name: items_h_hnsw_l1; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_h_hnsw_l1 ON public.items USING hnsw (h public.halfvec_l1_ops);


--
-- Name: items_h_hnsw_l2; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_h_hnsw_l2 ON public.items USING hnsw (h public.halfvec_l2_ops);


--
-- Name: items_h_ivfflat_cosine; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_h_ivfflat_cosine ON public.items USING ivfflat (h public.halfvec_cosine_ops);


--
-- Name: items_h_ivfflat_ip; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_h_ivfflat_ip ON public.items USING ivfflat (h public.halfvec_ip_ops);


--
-- Name: items_h_ivfflat_l2; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_h_ivfflat_l2 ON public.items USING ivfflat (h public.halfvec_l2_ops) WITH (lists='4');


--
-- Name: items_half; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_half ON public.items USING hnsw (((v)::public.halfvec(4)) public.halfvec_l2_ops);


--
-- Name: items_loose; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_loose ON public.items USING hnsw (((loose)::public.vector(2)) public.vector_l2_ops) WHERE (public.vector_dims(loose) = 2);


--
-- Name: items_s_hnsw_cosine; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_s_hnsw_cosine ON public.items USING hnsw (s public.sparsevec_cosine_ops);


--
-- Name: items_s_hnsw_ip; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_s_hnsw_ip ON public.items USING hnsw (s public.sparsevec_ip_ops);


--
-- Name: items_s_hnsw_l1; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_s_hnsw_l1 ON public.items USING hnsw (s public.sparsevec_l1_ops) WITH (ef_construction='100');


--
-- Name: items_s_hnsw_l2; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_s_hnsw_l2 ON public.items USING hnsw (s public.sparsevec_l2_ops);


--
-- Name: items_v_hnsw_cosine; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_v_hnsw_cosine ON public.items USING hnsw (v public.vector_cosine_ops) WITH (m='16', ef_construction='64');


--
-- Name: items_v_hnsw_ip; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_v_hnsw_ip ON public.items USING hnsw (v public.vector_ip_ops) WITH (m='8');


--
-- Name: items_v_hnsw_l1; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_v_hnsw_l1 ON public.items USING hnsw (v public.vector_l1_ops);


--
-- Name: items_v_hnsw_l2; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_v_hnsw_l2 ON public.items USING hnsw (v public.vector_l2_ops);


--
-- Name: INDEX items_v_hnsw_l2; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON INDEX public.items_v_hnsw_l2 IS 'nearest by <->; USING hnsw (v) in a comment';


--
-- Name: items_v_ivfflat_cosine; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_v_ivfflat_cosine ON public.items USING ivfflat (v public.vector_cosine_ops) WITH (lists='4') WHERE (category = 'c1'::text);


--
-- Name: items_v_ivfflat_ip; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_v_ivfflat_ip ON public.items USING ivfflat (v public.vector_ip_ops) WITH (lists='4');


--
-- Name: items_v_ivfflat_l2; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX items_v_ivfflat_l2 ON public.items USING ivfflat (v) WITH (lists='4');


--
-- Name: parts_1_v_idx; Type: INDEX ATTACH; Schema: app; Owner: postgres
--

ALTER INDEX app.parts_v ATTACH PARTITION app.parts_1_v_idx;


--
-- Name: parts_1_v_idx1; Type: INDEX ATTACH; Schema: app; Owner: postgres
--

ALTER INDEX app.parts_v_l1 ATTACH PARTITION app.parts_1_v_idx1;


--
-- Name: parts_2_v_idx; Type: INDEX ATTACH; Schema: app; Owner: postgres
--

ALTER INDEX app.parts_v ATTACH PARTITION app.parts_2_v_idx;


--
-- Name: parts_2_v_idx1; Type: INDEX ATTACH; Schema: app; Owner: postgres
--

ALTER INDEX app.parts_v_l1 ATTACH PARTITION app.parts_2_v_idx1;


--
-- Name: averages; Type: MATERIALIZED VIEW DATA; Schema: app; Owner: postgres
--

REFRESH MATERIALIZED VIEW app.averages;


--
-- PostgreSQL database dump complete
--


