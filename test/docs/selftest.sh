# Plants mistakes in pages and sees that pages.pl reports each.  Sourced by tiers/docs.sh.
# shellcheck shell=bash

# plant EXPECTED PAGE: the page, read from standard input as PAGE.md, must fail with a line
# EXPECTED among the lines "not ok"; with "" it must pass
plant()
{
	local expected=$1 page=$2 root=$vdb_work/planted output status

	mkdir -p "$root" && cp Makefile "$root/" && cat >"$root/$page.md"
	! vdb_is_root || chown -R "$(vdb_server_user)" "$root"
	output=$(run_pages "$root" "$page.md" 2>&1)
	status=$?
	if [ -z "$expected" ] && [ "$status" -eq 0 ]; then
		vdb_ok "pages: $page passes"
	elif [ -n "$expected" ] && [ "$status" -ne 0 ] &&
		grep '^not ok' <<<"$output" | grep -qF -- "$expected"; then
		vdb_ok "pages: $page is noticed"
	else
		vdb_not_ok "pages: $page"
		sed 's/^/# /; s/^# not ok/# (not) ok/' <<<"$output"
	fi
}

sound='# A page

<!-- run
CREATE TABLE t (i int);
-->

```sql
INSERT INTO t SELECT generate_series(1, 20);
SELECT i, 0.8 AS x, pg_size_pretty(300000::bigint) AS size FROM t WHERE i < 3;
```

```text
 i |  x   | size
---+------+-------
 1 | 0.75 | 200 kB
...
(2 rows)
```

```sql fails
SELECT 1 / 0;
```

```text
ERROR: ... by zero
```

```sh
psql -c "SELECT 1" >out; test -s out
```

[here](#a-page), [there](sound.md)
'
plant "" sound <<<"$sound"
plant "wrong_statement.md:7 sql" wrong_statement <<<"${sound/INTO t/INTO nowhere}"
plant "wrong_output.md:12 text" wrong_output <<<"${sound/(2 rows)/(3 rows)}"
plant "wrong_line.md:12 text" wrong_line <<<"${sound/ 1 | 0.75/ 2 | 0.75}"
plant "wrong_number.md:12 text" wrong_number <<<"${sound/ 1 | 0.75/ 1 | 0.6}"
plant "wrong_size.md:12 text" wrong_size <<<"${sound/200 kB/24 kB}"
plant "wrong_failure.md:20 sql" wrong_failure <<<"${sound/1 \/ 0/1}"
plant "wrong_message.md:24 text" wrong_message <<<"${sound/by zero/by one}"
plant "wrong_command.md:28 sh" wrong_command <<<"${sound/test -s out/test -s nothing}"
plant "wrong_heading.md: links" wrong_heading <<<"${sound/\#a-page/\#no-page}"
plant "wrong_link.md: links" wrong_link <<<"${sound/(sound.md)/(nowhere.md)}"
plant "wrong_end.md: ends inside" wrong_end <<<"$sound"'```sql'
plant "wrong_block.md:28 perl" wrong_block <<<"${sound/\`\`\`sh/\`\`\`perl}"
plant "targets of make" wrong_target <<<"$sound"'
```sh shown
make nothing-of-the-kind
```'
