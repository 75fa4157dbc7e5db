#!/bin/bash
# Every folder with code has a README.md; those of src/* have the five headings.  None is too long
# to be read at once.
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

# A word has a letter or a digit.  What users read at the top, and tables of results, are longer.
most=900
while IFS= read -r readme; do
	words=$(grep -o '[^ ]*[[:alnum:]][^ ]*' "$readme" | wc -l)
	if [ "$words" -gt $most ]; then
		echo "$readme: $words words; more than $most belong on a page of their own beside it"
		bad=1
	fi
done < <(find src sql expected test bench .ci -name README.md -not -path '*/node_modules/*' \
	-not -path 'bench/results/*' | sort)
exit $bad
