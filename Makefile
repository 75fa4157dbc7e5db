# vdb: vector search for PostgreSQL.  A PGXS makefile: PG_CONFIG chooses the server.
#
#   make                  build the extension
#   make install          install it into the server of PG_CONFIG
#   make installcheck     regression tests against a running server
#   make check            everything, on private throw-away servers
#   make demo             real data, an index, nearest neighbours
#
EXTENSION = vdb
MODULE_big = vdb
VDB_VERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" vdb.control)

# Pure C: built without the server's headers by the unit tests and micro-benchmarks too.
CORE_DIRS = port distance quant cluster
BACKEND_DIRS = types page am
CORE_SRCS = $(sort $(foreach d,$(CORE_DIRS),$(wildcard src/$(d)/*.c))) src/types/vector_parse.c
SRCS = $(sort $(CORE_SRCS) $(foreach d,$(BACKEND_DIRS),$(wildcard src/$(d)/*.c)) src/vdb.c)
OBJS = $(SRCS:.c=.o)
VDB_HEADERS = $(wildcard src/*.h src/*/*.h)

DATA = $(wildcard sql/vdb--*.sql)
REGRESS = $(basename $(notdir $(filter-out sql/vdb--%,$(wildcard sql/*.sql))))
REGRESS_OPTS = --inputdir=. --load-extension=vdb

# -ffp-contract=off: codes that reach disk are the same on every CPU; kernels ask for FMA
# explicitly.  The same for the bitcode that PGXS makes with clang.
VDB_CFLAGS = -Wall -Wextra -Wmissing-prototypes -Wvla -Wno-unused-parameter -ffp-contract=off
PG_CPPFLAGS = -I$(srcdir)/src -DVDB_VERSION='"$(VDB_VERSION)"'
PG_CFLAGS = $(VDB_CFLAGS)
SHLIB_LINK += -lm

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

BITCODE_CFLAGS += -ffp-contract=off

$(OBJS) $(OBJS:.o=.bc): $(VDB_HEADERS)
