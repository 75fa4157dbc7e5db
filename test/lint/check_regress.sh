#!/bin/bash
# Every test of sql/ has an expected output and the other way round.
cd "$(dirname "$0")/../.." || exit 2

bad=0
for file in sql/*.sql; do
	name=$(basename "$file" .sql)
	case $name in vdb--* | '*') continue ;; esac
	if [ ! -f "expected/$name.out" ]; then
		echo "$file: expected/$name.out is missing"
		bad=1
	fi
done
for file in expected/*.out; do
	name=$(basename "$file" .out)
	[ "$name" != '*' ] || continue
	if [ -f "sql/$name.sql" ]; then
		continue
	fi
	# a second allowed output (name_1.out) needs a reason in expected/README.md
	base=${name%_[0-9]}
	if [ ! -f "sql/$base.sql" ] || [ "$base" = "$name" ]; then
		echo "$file: sql/$name.sql is missing"
		bad=1
	elif ! grep -q "$name\.out" expected/README.md 2>/dev/null; then
		echo "$file: expected/README.md does not say why there is a second output"
		bad=1
	fi
done
for file in test/isolation/specs/*.spec; do
	name=$(basename "$file" .spec)
	[ "$name" = '*' ] || [ -f "test/isolation/expected/$name.out" ] || {
		echo "$file: test/isolation/expected/$name.out is missing"
		bad=1
	}
done
exit $bad
