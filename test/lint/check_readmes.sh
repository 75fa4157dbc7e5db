#!/bin/bash
# Every folder with code has a README.md; those of src/* have the five headings.
cd "$(dirname "$0")/../.." || exit 2

bad=0
while IFS= read -r folder; do
	if [ ! -f "$folder/README.md" ]; then
		echo "$folder: has code but no README.md"
		bad=1
	fi
done < <(find src sql test bench -not -path '*/corpus/*' -type f \( -name '*.[ch]' \
	-o -name '*.sql' -o -name '*.sh' -o -name '*.pl' -o -name '*.pm' -o -name '*.py' \
	-o -name Makefile \) -printf '%h\n' 2>/dev/null |
	grep -v '/__pycache__\|/results$\|/tmp_check' | sort -u)

for readme in src/*/README.md; do
	for heading in Purpose Contract Layout Invariants "How to extend"; do
		if ! grep -q "^## $heading\$" "$readme"; then
			echo "$readme: no heading \"## $heading\""
			bad=1
		fi
	done
done
exit $bad
