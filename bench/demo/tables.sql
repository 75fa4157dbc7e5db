-- Tables of the sample: bench/data/README.md tells where the rows come from.
SET client_min_messages = warning;
CREATE EXTENSION vdb;
CREATE TABLE packages (
  id integer PRIMARY KEY,
  name text NOT NULL,
  section text NOT NULL,
  priority text NOT NULL,
  installed_size integer NOT NULL, -- kibibytes
  synopsis text NOT NULL,
  description text NOT NULL,
  embedding vector(384) NOT NULL
);
CREATE TABLE queries (
  id integer PRIMARY KEY,
  query text NOT NULL,
  embedding vector(384) NOT NULL
);
