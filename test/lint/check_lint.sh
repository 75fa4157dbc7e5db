#!/bin/bash
# Every lint has a section in test/lint/README.md and a planted violation in selftest.sh.
cd "$(dirname "$0")/../.." || exit 2

bad=0
for script in test/lint/check_*.sh; do
	name=$(basename "$script")
	grep -qxF "## $name" test/lint/README.md || {
		echo "test/lint/README.md: no section \"## $name\""
		bad=1
	}
	[ "$name" = check_lint.sh ] ||
		grep -q "^[[:blank:]]*plant ${name%.sh} " test/lint/selftest.sh || {
		echo "test/lint/selftest.sh: plants nothing for $name"
		bad=1
	}
done
exit $bad
