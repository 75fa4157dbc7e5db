# vdb: vector search for PostgreSQL.  A PGXS makefile: PG_CONFIG chooses the server.
#
#   make                  build the extension
#   make install          install it into the server of PG_CONFIG
#   make installcheck     regression tests against a running server
#   make install-vector-shim    install it also as extension "vector", with pgvector's index
#                         names hnsw and ivfflat (uninstall-vector-shim: remove that)
#   make check            the tests to run before a commit, on private throw-away servers
#   make check-world      every test (check-regress etc.: one tier)
#   make demo             real data, an index, nearest neighbours (demo-psql: stay in psql)
#   make bench            all of the following on a small set, and build/bench/report.html
#   make bench-search     searches/s against recall, beside pgvector (bench-build, bench-insert,
#                         bench-plans, bench-filter, bench-maxsim, bench-classes, bench-living,
#                         bench-serve, bench-scale, bench-target, bench-prepare, bench-results,
#                         bench-quality: bench/README.md)
#   make deb              Debian packages for the server of PG_CONFIG, in build/deb
#   make rpm              RPM packages, in build/rpm
#   make dist             the archive for PGXN and packagers, in build/dist
#   make docs-reference   sql/docs/reference.md from the catalog
#   make profile          where the time of warm searches goes, by perf (bench/profile.md)
#   make bench-micro      kernels without a server, beside an earlier run (bench/micro)
#   make lint             the rules of this tree (test/lint)
#   make format           clang-format on every C file (format-check: only look)
#
EXTENSION = vdb
MODULE_big = vdb
VDB_VERSION := $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" vdb.control)

# Pure C: built without the server's headers by the unit tests and micro-benchmarks too.
CORE_DIRS = port simd distance filter quant cluster
BACKEND_DIRS = types page am
SRCS = $(sort $(foreach d,$(CORE_DIRS) $(BACKEND_DIRS),$(wildcard src/$(d)/*.c src/$(d)/*/*.c)) \
	src/vdb.c)
OBJS = $(SRCS:.c=.o)
# compilers write for each object, x.o and x.bc, which headers it was made of: x.o.d, x.bc.d
DEPENDENCIES = $(OBJS:=.d) $(OBJS:.o=.bc.d)
EXTRA_CLEAN = $(DEPENDENCIES)

# := because PGXS asks whether these are empty before it expands them.
DATA := $(wildcard sql/vdb--*.sql) sql/from_pgvector.awk
DOCS := $(sort $(wildcard sql/docs/*.md))
REGRESS := $(sort $(basename $(notdir $(filter-out sql/vdb--%,$(wildcard sql/*.sql)))))
REGRESS_OPTS = --inputdir=. --load-extension=vdb
# those called point_* need test/modules/test_vdb
ISOLATION := $(sort $(basename $(notdir $(wildcard test/isolation/specs/*.spec))))
ifndef VDB_TEST_POINTS
ISOLATION := $(filter-out point_%,$(ISOLATION))
endif
ISOLATION_OPTS = --inputdir=test/isolation --outputdir=output_iso --load-extension=vdb

# -ffp-contract=off: codes that reach disk are the same on every CPU; kernels ask for FMA
# explicitly.  The same for the bitcode that PGXS makes with clang.
VDB_CFLAGS = -Wall -Wextra -Wmissing-prototypes -Wvla -Wno-unused-parameter -ffp-contract=off
PG_CPPFLAGS = -I$(srcdir)/src -DVDB_VERSION='"$(VDB_VERSION)"'
PG_CFLAGS = $(VDB_CFLAGS)
SHLIB_LINK += -lm

# These prepare the machine themselves, so PGXS, which may not be there yet, stays out.
SCRIPTED = check check-% demo demo-psql bench bench-report bench-search bench-build \
	bench-insert bench-plans \
	bench-filter bench-maxsim bench-classes bench-living bench-serve bench-scale bench-target \
	bench-prepare bench-results bench-quality \
	bench-micro lint format \
	format-check docs-reference deb rpm dist profile

ifneq ($(filter $(SCRIPTED),$(MAKECMDGOALS)),)

check:
	@test/check.sh
check-%:
	@test/check.sh $*
lint:
	@test/check.sh lint
format:
	@test/lint/format.sh write
format-check:
	@test/check.sh format
demo:
	@bench/demo/demo.sh
demo-psql:
	@bench/demo/demo.sh psql
bench-search bench-build bench-insert bench-plans bench-filter bench-maxsim bench-classes \
	bench-living bench-serve bench-scale bench-target bench-prepare bench-results:
	@bench/macro/run.sh $(@:bench-%=%)
bench-quality:
	@bench/expected/quality.sh write
docs-reference:
	@test/docs/reference.sh write
bench:
	@bench/macro/run.sh all
bench-report:
	@bench/macro/run.sh report
bench-micro:
	@bench/micro/run.sh $(MICRO)
profile:
	@bench/profile.sh
deb:
	@.ci/deb.sh
rpm:
	@.ci/rpm.sh
dist:
	@.ci/dist.sh

ifneq ($(filter-out $(SCRIPTED),$(MAKECMDGOALS)),)
$(filter-out $(SCRIPTED),$(MAKECMDGOALS)):
	@$(MAKE) --no-print-directory $@
endif

.PHONY: check demo demo-psql bench bench-report bench-search bench-build bench-insert \
	bench-plans bench-filter bench-maxsim bench-classes bench-living bench-serve bench-scale \
	bench-target bench-prepare bench-results bench-quality lint format format-check \
	docs-reference deb rpm dist \
	profile bench-micro
.NOTPARALLEL:

else

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifeq ($(wildcard $(PGXS)),)
$(error PG_CONFIG=$(PG_CONFIG) leads to no server build files (PGXS): install \
postgresql-server-dev-NN or set PG_CONFIG. "make check" and "make demo" need no preparation)
endif
include $(PGXS)

# a folder of its own: the pages have names such as loading.md
docmoduledir := vdb

# Extension "vector" is generated from vdb's script.  An installed pgvector is left alone.
vector_shim = $(SHELL) $(srcdir)/sql/vector_shim.sh
vector_shim_folders = '$(DESTDIR)$(datadir)/extension' '$(DESTDIR)$(pkglibdir)'

install-vector-shim:
	@$(vector_shim) check $(vector_shim_folders)
	@$(MAKE) --no-print-directory install
	@$(vector_shim) install $(vector_shim_folders)

uninstall-vector-shim:
	@$(vector_shim) uninstall $(vector_shim_folders)

# without vdb's library it is of no use
uninstall: uninstall-vector-shim

.PHONY: install-vector-shim uninstall-vector-shim

BITCODE_CFLAGS += -ffp-contract=off

# What the compiler says of the sources, without an object.
syntax: $(SRCS:.c=.syntax)
%.syntax: %.c
	$(CC) $(CFLAGS) $(CPPFLAGS) -fsyntax-only $<
.PHONY: syntax

# A server that was configured with dependency tracking brings its own for objects.
ifneq ($(autodepend),yes)
COMPILE.c += -MMD -MP -MF $@.d
endif
COMPILE.c.bc += -MMD -MP -MF $@.d
-include $(wildcard $(DEPENDENCIES))

# what is not a header: flags, and the version
$(OBJS) $(OBJS:.o=.bc): Makefile vdb.control

endif
