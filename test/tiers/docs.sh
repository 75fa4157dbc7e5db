#!/bin/bash
# Tier "docs": every statement and command of README.md and sql/docs/*.md, the links of all pages,
# and sql/docs/reference.md beside the catalog.  Then that each notices what is wrong.
#
# VDB_DOCS="sql/docs/loading.md" runs some of the pages.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh
. test/lib/server.sh
. test/docs/reference.sh

pages=${VDB_DOCS:-README.md $(find sql/docs -name '*.md' -not -name reference.md | sort)}
vdb_open_work
vdb_build_extension gcc >"$vdb_work/tmp/build.log" 2>&1 ||
	{ cat "$vdb_work/tmp/build.log"; exit 1; }
vdb_make_private_tree && vdb_install_vector_shim gcc >"$vdb_work/tmp/install.log" 2>&1 &&
	vdb_start_server fsync=off ivfkm.maintenance=on max_worker_processes=16 || exit 1

# what the pages' commands find: the server's programs, and the files of a package
mkdir "$vdb_work/pages" && cp -R README.md Makefile sql test/docs "$vdb_work/pages/" &&
	mkdir "$vdb_work/pages/run" && cp -R sql "$vdb_work/pages/run/" || exit 1
! vdb_is_root || chown -R "$(vdb_server_user)" "$vdb_work/pages"

# drivers that the tier "clients" has fetched
cache=$(vdb_cache_dir)/clients
python=$(find "$cache" -path "$cache/python-*/complete" 2>/dev/null | head -n 1)
node=$(find "$cache" -path "$cache/node-*/complete" 2>/dev/null | head -n 1)
vdb_have node || node=

# run_pages ROOT PAGE...: pages.pl as the server's user, in a folder of its own
run_pages()
{
	vdb_as_server env PATH="$vdb_bin:$PATH" PSQL="$vdb_bin/psql" PYTHONDONTWRITEBYTECODE=1 \
		DOCS_PYTHON="${python:+${python%/complete}/venv/bin/python}" \
		DOCS_NODE_PATH="${node:+${node%/complete}/node_modules}" \
		sh -c 'cd pages/run && exec perl ../docs/pages.pl "$@"' sh "$@"
}

# shellcheck disable=SC2086
run_pages --run-only "$vdb_work/pages" $pages || vdb_failed=1

if [ -z "${VDB_DOCS:-}" ]; then
	find . -name '*.md' -not -path './build/*' -not -path './.git/*' | sed 's,^\./,,' | sort |
		xargs perl test/docs/pages.pl --links-only "$PWD" || vdb_failed=1
	if diff <(print_reference vdb_psql) sql/docs/reference.md; then
		vdb_ok "sql/docs/reference.md is what the catalog says"
	else
		vdb_not_ok "sql/docs/reference.md is what the catalog says: make docs-reference"
	fi
fi
. test/docs/selftest.sh
cp -R bench/adapters "$vdb_work/pages/"
if [ -n "$python" ]; then
	vdb_try "ann-benchmarks' module loads, builds and searches" vdb_as_server env \
		PYTHONDONTWRITEBYTECODE=1 "${python%/complete}/venv/bin/python" pages/adapters/try.py
else
	vdb_skip "ann-benchmarks' module" "run make check-clients once, which fetches the drivers"
fi
exit "$vdb_failed"
