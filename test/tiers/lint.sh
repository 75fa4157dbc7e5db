#!/bin/bash
# Tier "lint": every test/lint/check_*.sh is one test; it prints what breaks the rule.
# The self-test then sees that each rule notices a planted violation.
cd "$(dirname "$0")/../.." || exit 2
. test/lib/common.sh

for script in test/lint/check_*.sh; do
	vdb_try "$(basename "$script" .sh)" bash "$script"
done
bash test/lint/selftest.sh || vdb_failed=1
exit "$vdb_failed"
