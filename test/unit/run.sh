#!/bin/sh
# Runs unit test programs and adds up their TAP output.
#
#   run.sh NAME PROGRAM...
#
# NAME is printed with the result.  RUNNER is put before each program (an emulator);
# V=1 shows all output, else only failures, skips and comments.  A program that dies or
# prints no plan counts as one failed case.  Exit status 1 if anything failed.
name=$1
shift
passed=0
failed=0
skipped=0
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

for program in "$@"; do
	echo "# $(basename "$program")"
	# RUNNER is a command with arguments: split on purpose
	$RUNNER "$program" >"$log" 2>&1
	status=$?
	bad=$(grep -c '^not ok ' "$log")
	skip=$(grep -c '^ok .* # SKIP ' "$log")
	good=$(grep -c '^ok ' "$log")
	if [ "$status" -gt 1 ] || ! grep -q '^1\.\.[0-9]' "$log" ||
		{ [ "$status" -eq 1 ] && [ "$bad" -eq 0 ]; }; then
		echo "not ok - $(basename "$program") ended with status $status" >>"$log"
		bad=$((bad + 1))
	fi
	if [ -n "$V" ]; then
		cat "$log"
	elif [ "$bad" -gt 0 ]; then
		grep -v '^ok ' "$log"
	else
		grep '^#\|# SKIP' "$log"
	fi
	passed=$((passed + good - skip))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
done
echo "$name: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
