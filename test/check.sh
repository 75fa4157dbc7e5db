#!/bin/bash
# Runs the test tiers and counts: the last line is "N passed, N failed".
#
#   test/check.sh [TIER...|quick|world]
#
# "quick", the default, is "make check": the tiers that find most mistakes, shortened.  "world" is
# "make check-world": every tier but asan and valgrind, whole.  As many run at once as there are
# processors.
#
# A tier is a script test/tiers/NAME.sh that writes TAP lines; its output goes to
# build/check/NAME.log, and is shown if something failed.  A tier that ends with an error,
# or without having run a test, counts as one failure.  Exit status 1 on any failure.
#
# Environment: PG_CONFIG (the server to test with), VDB_BUILD_DIR, VDB_TIER_TIMEOUT
# (seconds, 2400; 7200 for VDB_VERSIONS_FULL=1), VDB_NO_INSTALL (as root: install nothing), and
# those of the tiers.  Tiers are told by VDB_QUICK=1 to be short.
cd "$(dirname "$0")/.." || exit 2
. test/lib/common.sh
. test/lib/prepare.sh

export VDB_QUICK=${VDB_QUICK:-}
case ${1:-quick} in
quick)
	tiers=(lint format build unit regress isolation tap)
	VDB_QUICK=1
	;;
world)
	tiers=(lint format build unit clients regress isolation tap quality docs versions packages)
	;;
*) tiers=("$@") ;;
esac
for tier in "${tiers[@]}"; do
	[ -f "test/tiers/$tier.sh" ] ||
		vdb_die "there is no tier \"$tier\", only: $(basename -s .sh test/tiers/*.sh | tr '\n' ' ')"
done

case " ${tiers[*]} " in
*" clients "*) [ "${VDB_CLIENTS:-}" = 0 ] || vdb_lanes_wanted=${VDB_CLIENTS:-all} ;;
esac
case " ${tiers[*]} " in
*" versions "*) [ "${VDB_VERSIONS:-}" = 0 ] || vdb_versions_wanted=1 ;;
esac
case " ${tiers[*]} " in
*" packages "*) vdb_packages_wanted=1 ;;
esac
vdb_prepare_for=lint
for tier in "${tiers[@]}"; do
	case $tier in
	lint | format | asan) ;;
	*) vdb_prepare_for=check ;;
	esac
done
vdb_prepare "$vdb_prepare_for"
vdb_open_build_dir
logs=$vdb_build/check
total_passed=0
total_failed=0
total_skipped=0
# processes of tiers that run, and which tier each is
declare -A running=()

stop()
{
	trap '' INT TERM HUP
	if [ "${#running[@]}" -gt 0 ]; then
		kill -TERM "${!running[@]}" 2>/dev/null
		wait
	fi
	vdb_close_build_dir
	exit 130
}
trap stop INT TERM HUP

# Show what went wrong: the whole log if it is short, else what failed and the end.
show_log()
{
	local log=$1

	echo "---------- $log"
	if [ "$(wc -l <"$log")" -le 150 ]; then
		cat "$log"
	else
		grep -nE '^not ok|(error|warning|ERROR):' "$log" | head -n 50
		echo "[...]"
		tail -n 100 "$log"
	fi
	echo "----------"
}

# start_tier TIER: in the background.  timeout gives the tier a process group of its own and passes
# signals on to all of it.
start_tier()
{
	local tier=$1 limit=2400

	[ "$tier ${VDB_VERSIONS_FULL:-}" != "versions 1" ] || limit=7200 # it runs other tiers
	timeout --kill-after=60 "${VDB_TIER_TIMEOUT:-$limit}" bash "test/tiers/$tier.sh" \
		</dev/null >"$logs/$tier.log" 2>&1 &
	running[$!]=$tier
	started[$!]=$SECONDS
}

# end_tier PROCESS STATUS: count what the tier of that process wrote
end_tier()
{
	local tier=${running[$1]} status=$2 took=$((SECONDS - started[$1])) log passed failed skipped

	unset "running[$1]"
	log=$logs/$tier.log
	failed=$(grep -c '^not ok ' "$log")
	skipped=$(grep -ci '^ok .*# SKIP' "$log")
	passed=$(($(grep -c '^ok ' "$log") - skipped))
	if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then
		echo "not ok - tier $tier ended with status $status" >>"$log"
		failed=1
	elif [ "$((passed + failed + skipped))" -eq 0 ]; then
		echo "not ok - tier $tier ran no test" >>"$log"
		failed=1
	fi
	printf '%-10s %5d passed, %d failed, %d skipped (%d s)\n' \
		"$tier" "$passed" "$failed" "$skipped" "$took"
	sed -n 's/^ok\( [0-9]*\)*\( -\)* \(.*\) # SKIP *\(.*\)/           skipped: \3: \4/Ip' "$log" |
		sort | uniq -c | sed 's/^ *1 //; s/^ *\([0-9][0-9]*\) \( *skipped: .*\)/\2 (\1 times)/'
	[ "$failed" -eq 0 ] || show_log "$log"

	total_passed=$((total_passed + passed))
	total_failed=$((total_failed + failed))
	total_skipped=$((total_skipped + skipped))
}

# must_wait TIER: true if every processor has a tier, or one that runs makes what this one needs.
must_wait()
{
	[ "${#running[@]}" -lt "$(nproc)" ] || return 0
	# programs of the documents are run with the drivers that "clients" fetches
	[ "$1" = docs ] && [[ " ${running[*]} " = *" clients "* ]]
}

# Wait until one of the running tiers ends.
await_tier()
{
	local process

	wait -n -p process "${!running[@]}"
	end_tier "$process" $?
}

[ -z "${PG_CONFIG:-}" ] || echo "$("$PG_CONFIG" --version) from $PG_CONFIG"
echo "$(gcc --version | head -n 1); ${VDB_CLANG:-no clang}; logs in $logs"
declare -A started=()
for tier in "${tiers[@]}"; do
	while must_wait "$tier"; do
		await_tier
	done
	start_tier "$tier"
done
while [ "${#running[@]}" -gt 0 ]; do
	await_tier
done
vdb_close_build_dir

summary="$total_passed passed, $total_failed failed"
[ "$total_skipped" -eq 0 ] || summary+=", $total_skipped skipped"
echo "$summary"
[ "$total_failed" -eq 0 ]
