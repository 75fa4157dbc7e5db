#!/bin/bash
# Every shell and Perl script of the tree parses; shell scripts that are run directly are
# executable.
cd "$(dirname "$0")/../.." || exit 2

bad=0
while IFS= read -r file; do
	bash -n "$file" || bad=1
done < <(find test bench sql .ci -name '*.sh' -o -path '.ci/run' | sort)
for file in .ci/run .ci/deb.sh .ci/debian/rules .ci/dist.sh \
	test/docs/reference.sh test/check.sh \
	bench/demo/demo.sh bench/macro/run.sh bench/micro/run.sh bench/profile.sh \
	bench/expected/quality.sh sql/vector_shim.sh; do
	if [ ! -x "$file" ]; then
		echo "$file: is not executable"
		bad=1
	fi
done
exit $bad
