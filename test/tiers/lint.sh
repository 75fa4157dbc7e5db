#!/bin/bash
# Tier "lint": every test/lint/check_*.sh is one test; it prints what breaks the rule.
# The self-test then sees that each rule notices a planted violation.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh

for script in test/lint/check_*.sh; do
	name=$(basename "$script" .sh)
	if [ "$name" = check_python ] && ! vdb_have pyflakes3; then
		vdb_skip "$name" "pyflakes3 is not installed"
		continue
	fi
	vdb_try "$name" bash "$script"
done
bash test/lint/selftest.sh || vdb_failed=1
exit "$vdb_failed"
