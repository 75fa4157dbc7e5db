#!/bin/bash
# Every test of sql/ has an expected output and the other way round, and sql/README.md names it.
cd "$(dirname "$0")/../.." || exit 2

# is_named NAME.sql: the table of sql/README.md has it, or a pattern that it matches, in backquotes
named=$(grep '^|' sql/README.md | grep -o '`[^` ]*\.sql`' | tr -d '`')
is_named()
{
	local pattern

	while IFS= read -r pattern; do
		# shellcheck disable=SC2254
		case $1 in $pattern) return 0 ;; esac
	done <<<"$named"
	return 1
}

bad=0
for file in sql/*.sql; do
	name=$(basename "$file" .sql)
	case $name in vdb--* | '*') continue ;; esac
	if [ ! -f "expected/$name.out" ]; then
		echo "$file: expected/$name.out is missing"
		bad=1
	fi
	if ! is_named "$name.sql"; then
		echo "$file: sql/README.md does not name it"
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
