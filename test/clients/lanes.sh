# The languages whose clients are tested: what each needs, how it is prepared and run.
#
# Sourced after common.sh.  For every name in vdb_lanes there are
#   vdb_lane_NAME_missing          prints the Debian packages that the machine lacks
#   vdb_lane_NAME_prepare FOLDER   downloads and compiles into FOLDER what NAME's lock file
#                                  names; works in a copy of test/clients/NAME
#   vdb_lane_NAME_programs         prints the programs, one on a line
#   vdb_lane_NAME_run FOLDER PROGRAM
#                                  runs one in the copied folder of the clients
# shellcheck shell=bash

vdb_lanes=(python apps node go java rust)

# What a Go from before 1.21 fetches to compile with; later ones see to that themselves.
vdb_go_toolchain=v0.0.1-go1.23.12
vdb_go_sums="
linux-amd64 h1:CQZ55qhuGAYcgv4npnr3DsfZP3i8URMjkpv7TYHRIH4=
"

# ----- Python

# Debian's own, if it is there: one below root's home could not be run by the server's user.
vdb_python()
{
	if [ -x /usr/bin/python3 ]; then
		echo /usr/bin/python3
	else
		command -v python3
	fi
}

vdb_lane_python_missing()
{
	local python

	python=$(vdb_python) && "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
}

# vdb_lane_python_prepare FOLDER [OPTION...]: options of pip install; the file names all that is
# needed, which pip must not look up again (it does not find the hash of a package with extras)
vdb_lane_python_prepare()
{
	"$(vdb_python)" -m venv "$1/venv" &&
		"$1/venv/bin/pip" --disable-pip-version-check --no-input install --require-hashes \
			--no-deps --only-binary :all: "${@:2}" -r requirements.txt
}

vdb_lane_python_programs()
{
	printf '%s\n' test_psycopg.py test_asyncpg.py test_sqlalchemy.py test_django.py
}

vdb_lane_python_run()
{
	env PYTHONDONTWRITEBYTECODE=1 "$1/venv/bin/python" "$2"
}

# ----- applications in Python, with packages of their own

vdb_lane_apps_missing()
{
	vdb_lane_python_missing
}

vdb_lane_apps_prepare()
{
	# these come as source alone
	vdb_lane_python_prepare "$1" --no-binary vecs,pybars4,pymeta3
}

vdb_lane_apps_programs()
{
	printf '%s\n' test_vecs.py test_semantic_kernel.py test_llama_index.py
}

vdb_lane_apps_run()
{
	vdb_lane_python_run "$@"
}

# ----- Node

vdb_lane_node_missing()
{
	vdb_have node || echo nodejs
	vdb_have npm || echo npm
}

vdb_lane_node_prepare()
{
	cp package.json package-lock.json "$1/" &&
		npm --prefix "$1" --cache "$1/npm" ci --ignore-scripts --no-audit --no-fund \
			--loglevel=error &&
		rm -rf "$1/npm"
}

vdb_lane_node_programs()
{
	printf '%s\n' test_pg.js test_knex.js test_drizzle.js
}

vdb_lane_node_run()
{
	env NODE_PATH="$1/node_modules" node "$2"
}

# ----- Go

vdb_lane_go_missing()
{
	vdb_have go || echo golang-go
	# Go downloads by the system's certificates alone
	[ ! -e /etc/debian_version ] || [ -e /etc/ssl/certs/ca-certificates.crt ] ||
		echo ca-certificates
}

# vdb_go CACHE ARGUMENT...: go with all that it keeps in CACHE
vdb_go()
{
	local cache=$1

	shift
	env -u GOROOT GOPATH="$cache/gopath" GOCACHE="$cache/gobuild" \
		GOFLAGS="-mod=readonly -modcacherw" GOTOOLCHAIN="${vdb_gotoolchain:-auto}" \
		GOENV=off CGO_ENABLED=0 "${vdb_go_program:-go}" "$@"
}

vdb_lane_go_prepare()
{
	local version system sum folder

	version=$(cd "$1" && vdb_go "$1" env GOVERSION | sed 's/^go//')
	if [ "$(printf '%s\n' 1.21 "$version" | sort -V | head -n 1)" != 1.21 ]; then
		# A Go from before toolchains were modules, as Debian 12 has: fetch one as the module it is.
		system=$(cd "$1" && go env GOOS)-$(cd "$1" && go env GOARCH)
		sum=$(sed -n "s/^$system //p" <<<"$vdb_go_sums")
		[ -n "$sum" ] || {
			echo "Go $version is too old, and no newer one for $system is pinned"
			return 1
		}
		# outside our module, whose go.mod it does not understand
		(cd "$1" && vdb_go "$1" mod download -json \
			"golang.org/toolchain@$vdb_go_toolchain.$system" | tee "$1/toolchain.json") &&
			grep -qF "\"$sum\"" "$1/toolchain.json" || return
		folder=$1/gopath/pkg/mod/golang.org/toolchain@$vdb_go_toolchain.$system
		chmod 755 "$folder"/bin/* && find "$folder/pkg/tool" -type f -exec chmod 755 {} + || return
		vdb_go_program=$folder/bin/go
		vdb_gotoolchain=local
	fi
	vdb_go "$1" build -o "$1/client" . || return
	rm -rf "$1/gopath" "$1/gobuild"
}

vdb_lane_go_programs()
{
	echo client
}

vdb_lane_go_run()
{
	"$1/$2"
}

# ----- Java

vdb_lane_java_missing()
{
	vdb_have javac || echo default-jdk-headless
	vdb_have mvn || echo maven
}

vdb_lane_java_prepare()
{
	mvn -B -q --strict-checksums -Dmaven.repo.local="$1/m2" -DoutputDirectory="$1/lib" \
		org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies &&
		(cd "$1/lib" && sha256sum --check --strict) <SHA256SUMS &&
		javac -cp "$1/lib/*" -d "$1/classes" ./*.java &&
		rm -rf "$1/m2"
}

vdb_lane_java_programs()
{
	echo Client
}

vdb_lane_java_run()
{
	java -Xshare:auto -XX:TieredStopAtLevel=1 -cp "$1/lib/*:$1/classes" "$2"
}

# ----- Rust

vdb_lane_rust_missing()
{
	vdb_have cargo || {
		# Debian 12 has two: the one that its browsers are compiled with is new enough
		if [ "$(apt-cache policy cargo-web 2>/dev/null | grep -c 'Candidate: [0-9]')" -gt 0 ]; then
			echo cargo-web
		else
			echo cargo
		fi
	}
	vdb_have gcc || echo gcc
}

vdb_lane_rust_prepare()
{
	CARGO_TARGET_DIR=$1/target cargo build --quiet --locked || return
	mv "$1/target/debug/client" "$1/client" && rm -rf "$1/target"
}

vdb_lane_rust_programs()
{
	echo client
}

vdb_lane_rust_run()
{
	"$1/$2"
}
