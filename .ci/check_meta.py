"""
META.json against PGXN's specification 1.0.0 (https://pgxn.org/spec/), as far as vdb uses it:
required fields, their types, versions as SemVer, and files that exist.
"""

import json
import os
import re
import sys

SEMVER = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$")
TERM = re.compile(r"[^\s/\\\x00-\x1f]{2,}$")
LICENSES = {"agpl_3", "apache_2_0", "bsd", "gpl_2", "gpl_3", "lgpl_2_1", "lgpl_3_0", "mit",
            "mozilla_2_0", "open_source", "postgresql", "unrestricted"}
PHASES = {"configure", "build", "test", "runtime", "develop"}
RELATIONS = {"requires", "recommends", "suggests", "conflicts"}


def problems(meta):
    """Yield what is wrong with the contents of META.json."""
    for key in ("name", "version", "abstract", "maintainer", "license", "provides", "meta-spec"):
        if key not in meta:
            yield f"{key} is missing"
    if not TERM.match(meta.get("name", "")):
        yield "name is no term"
    if not SEMVER.match(meta.get("version", "")):
        yield "version is no semantic version"
    if not str(meta.get("abstract", "")).strip():
        yield "abstract is empty"
    maintainers = meta.get("maintainer", [])
    for maintainer in [maintainers] if isinstance(maintainers, str) else maintainers:
        if not isinstance(maintainer, str) or not maintainer.strip():
            yield "maintainer is no text"
    if isinstance(meta.get("license"), str) and meta["license"] not in LICENSES:
        yield f"license {meta['license']} is unknown"
    if meta.get("meta-spec", {}).get("version") != "1.0.0":
        yield "meta-spec is not 1.0.0"
    if meta.get("release_status", "stable") not in ("stable", "testing", "unstable"):
        yield "release_status is unknown"
    for name, extension in meta.get("provides", {}).items():
        if not SEMVER.match(extension.get("version", "")):
            yield f"provides {name}: version is no semantic version"
        for key in ("file", "docfile"):
            if key in extension and not os.path.exists(extension[key]):
                yield f"provides {name}: {key} {extension[key]} does not exist"
        if "file" not in extension:
            yield f"provides {name}: file is missing"
        if not os.path.exists(f"{name}.control"):
            yield f"provides {name}: there is no {name}.control"
    for phase, relations in meta.get("prereqs", {}).items():
        if phase not in PHASES and not phase.startswith(("x_", "X_")):
            yield f"prereqs: phase {phase} is unknown"
        for relation, needs in relations.items():
            if relation not in RELATIONS:
                yield f"prereqs: relation {relation} is unknown"
            for need, version in needs.items():
                if version != 0 and not SEMVER.match(re.sub(r"^[<>=! ]+", "", str(version))):
                    yield f"prereqs: {need} {version} is no version"
    for tag in meta.get("tags", []):
        if not isinstance(tag, str) or not 0 < len(tag) < 256 or re.search(r"[/\\\x00-\x1f]", tag):
            yield f"tag {tag!r} is not allowed"


def main():
    """Read META.json of the current folder; end with 1 if something is wrong."""
    with open("META.json", encoding="utf-8") as file:
        found = list(problems(json.load(file)))
    for problem in found:
        print(f"META.json: {problem}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
