#!/bin/bash
# vdb.control holds the version; META.json, CHANGELOG.md, .ci/vdb.spec and the install script agree.
cd "$(dirname "$0")/../.." || exit 2

version=$(sed -n "s/^default_version = '\(.*\)'/\1/p" vdb.control)
bad=0

# agree WHERE WHAT
agree()
{
	if [ "$2" != "$version" ]; then
		echo "vdb.control says version \"$version\", $1 says \"$2\""
		bad=1
	fi
}

{
	read -r meta
	read -r provided
	read -r file
} < <(perl -MJSON::PP -0777 -ne '
	my $m = decode_json($_);
	print map { "$_\n" } $m->{version}, $m->{provides}{vdb}{version},
		$m->{provides}{vdb}{file};' META.json)
agree META.json "$meta"
agree "provides in META.json" "$provided"
agree "the file in META.json" "$(sed -n 's,^sql/vdb--\(.*\)\.sql$,\1,p' <<<"$file")"
agree .ci/vdb.spec "$(sed -n 's/^Version: *//p' .ci/vdb.spec)"
agree "the top of CHANGELOG.md" "$(sed -n 's/^## \([^ ]*\).*/\1/p' CHANGELOG.md | head -n 1)"
if [ ! -f "sql/vdb--$version.sql" ]; then
	echo "sql/vdb--$version.sql is missing"
	bad=1
fi
if ! awk '/^## /{n++} n==1' CHANGELOG.md | grep -qi 'on-disk format'; then
	echo "CHANGELOG.md: the newest release has no line about the on-disk format"
	bad=1
fi
exit $bad
