#!/usr/bin/env python3
"""
make_sample.py
    Make the sample data of this folder: Debian packages and query sentences
    with their sentence embeddings.

Usage:
    python3 make_sample.py --model JAR [--work DIR] [--mirror URL] [--threads N]
                           [--neighbours N]

    --model JAR      the archive with the model (README.md)
    --work DIR       where apt keeps its private copy of the package lists
                     (default: vdb-sample in the system's temporary folder);
                     lists that are already there are used again
    --mirror URL     Debian archive (default: http://deb.debian.org/debian)
    --threads N      threads of ONNX Runtime (default 1)
    --neighbours N   also print the 5 nearest packages of the first N queries

Needs a Debian machine (apt, apt-helper) and the Python packages of
requirements.txt; no root rights.  Reads queries.txt and writes
packages.tsv.gz and queries.tsv.gz, both in the text format of COPY, and
prints the numbers that README.md quotes.  The choice and the order of the
rows depend only on the package lists.
"""

import argparse
import collections
import gzip
import hashlib
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

from minilm import MiniLM

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS = 10000
DECIMALS = 4

# Sections and names that nobody searches for by what they do.
SKIP_SECTIONS = {"debug", "introspection", "libdevel", "libs", "localization",
                 "oldlibs", "tasks", "zope"}
SKIP_NAME = re.compile(
    r"-(dev|docs?|dbg|dbgsym|data|common|l10n|i18n|locales?|examples?|tests?"
    r"|testsuite|source|src|headers|cross|base-files|metapackage)$"
    r"|-(l10n|help|lang|locale|doc|docs)-[a-z]{2,3}(-[a-z]+)?$"
    r"|linux-gnu|mingw-w64|^task-|-task-|-headers-|-source-|-udeb$")
SKIP_SYNOPSIS = re.compile(
    r"transitional|dummy|obsolete|debug(ging)? symbols|development (files|"
    r"headers|libraries|kit)|header files|documentation|architecture-"
    r"independent|arch-independent|translations?\b|data files|common files"
    r"|test ?suite|\btests\b|\bexamples\b|source code|metapackage for",
    re.IGNORECASE)
# Of the packages named lib*, only those with programs or server modules.
LIB_WANTED = re.compile(
    r"-(bin|tools|utils|progs|cli|clients?)$"
    r"|^lib(reoffice|pam-|nss-|virt-|apache2-mod-|nginx-mod-)|^lib.*-perl$")

# Families of modules for programmers, of plug-ins, typefaces and dictionaries
# are large; each is one group with a small weight.  The rest is grouped by
# section, with weight 1 unless SECTION_WEIGHT says otherwise.
FAMILIES = [
    ("python", re.compile(r"^python3?-|^pypy"), 0.4),
    ("perl", re.compile(r"^lib.*-perl$"), 0.15),
    ("ruby", re.compile(r"^ruby-"), 0.1),
    ("javascript", re.compile(r"^node-|^libjs-"), 0.15),
    ("gnu-r", re.compile(r"^r-(cran|bioc|other)-"), 0.12),
    ("php", re.compile(r"^php"), 0.1),
    ("lisp", re.compile(r"^elpa-|^cl-"), 0.15),
    ("haskell", re.compile(r"^(libghc|haskell)"), 0.02),
    ("fonts", re.compile(r"^(x?fonts|ttf|t1)-"), 0.2),
    ("dictionaries", re.compile(
        r"^(aspell|hunspell|myspell|hyphen|mythes|ispell|dict|w)[a-z0-9-]*-"
        r"[a-z]{2}|^hyphen-|^mythes-|^tesseract-ocr-|^manpages-"), 0.05),
    ("plugins", re.compile(
        r"^(tryton-|puppet-module|fcitx|ibus-|uim-|globus-|nordugrid-|uwsgi-"
        r"|gap-|vdr-plugin|pd-|octave-|lua-|kodi-|mopidy-|qml-module|kamailio-"
        r"|android-|gir1|cairo-dock|xserver-xorg-|nagios-|collectd-|munin-"
        r"|asterisk-|jupyter-|mate-|ukui-|gkrellm-|wm[a-z]|vim-|q2-|tcl-|gem-)"
        r"."), 0.6),
    ("blends", re.compile(
        r"^(education|science|med|debichem|gis|games|junior|multimedia|astro"
        r"|hamradio|design|ezgo|hpcc|live)-[a-z]"), 0.05),
]
SECTION_WEIGHT = {"admin": 2.0, "net": 2.0, "utils": 2.0, "science": 0.7,
                  "java": 0.1, "rust": 0.1, "golang": 0.1, "ocaml": 0.1,
                  "haskell": 0.02, "cli-mono": 0.05, "metapackages": 0.1,
                  "doc": 0.2}
PRIORITY = {"required": 0, "important": 1, "standard": 2}

Package = collections.namedtuple(
    "Package",
    "name section priority size synopsis text source program tagged users")


# ---------------------------------------------------------------- packages

def read_lists(work, mirror):
    """
    Fetch the lists of bookworm main from mirror with apt into the folder
    work, unless they are there from an earlier run with the same mirror, and
    return them as text: packages, English descriptions.
    The system's own lists and settings of sources stay untouched.
    """
    lists = os.path.join(work, "lists")
    sources = os.path.join(work, "sources.list")
    os.makedirs(os.path.join(lists, "partial"), exist_ok=True)
    entry = ("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
             f"{mirror} bookworm main\n")
    same = False
    if os.path.exists(sources):
        with open(sources, encoding="utf-8") as f:
            same = f.read() == entry
    with open(sources, "w", encoding="utf-8") as f:
        f.write(entry)
    options = []
    for option in (f"Dir::State::lists={lists}", "Dir::State::status=/dev/null",
                   f"Dir::Cache={work}/cache", f"Dir::Etc::sourcelist={sources}",
                   "Dir::Etc::sourceparts=/dev/null", "APT::Architecture=amd64",
                   "APT::Architectures=amd64", "Acquire::Languages=en",
                   "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false"):
        options += ["-o", option]

    def translation():
        return [os.path.join(lists, n) for n in sorted(os.listdir(lists))
                if "_Translation-en" in n]

    if not same or not translation():
        if os.geteuid() == 0:
            options += ["-o", "APT::Sandbox::User=root"]
        subprocess.run(["apt-get", "update"] + options, check=True,
                       stdout=sys.stderr)
    packages = subprocess.run(["apt-cache", "dumpavail"] + options, check=True,
                              stdout=subprocess.PIPE).stdout
    english = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file"]
                             + translation(), check=True,
                             stdout=subprocess.PIPE).stdout
    for name in sorted(os.listdir(lists)):
        if name.endswith("_InRelease"):
            with open(os.path.join(lists, name), encoding="utf-8") as f:
                for line in f:
                    if re.match(r"(Version|Date|Codename): ", line):
                        print("archive", line.strip())
    for what, content in ("Packages", packages), ("Translation-en", english):
        print(what, len(content), "bytes, SHA-256",
              hashlib.sha256(content).hexdigest())
    return packages.decode("utf-8"), english.decode("utf-8")


def stanzas(text):
    """Yield the stanzas of a Debian control file as dictionaries."""
    for block in text.split("\n\n"):
        fields, key = {}, None
        for line in block.split("\n"):
            if line[:1] in (" ", "\t"):
                if key:
                    fields[key] += "\n" + line
            elif ":" in line:
                key, value = line.split(":", 1)
                fields[key] = value.strip()
        if fields:
            yield fields


def first_paragraph(long_description):
    """Return the first paragraph as one line, without its indentation."""
    words = []
    for line in long_description.split("\n"):
        if line.strip() in ("", "."):
            if words:
                break
            continue
        words += line.split()
    return " ".join(words)


def parse(packages, english):
    """
    Join the two lists; returns all packages as a list of Package.  The field
    users is the number of bits of the number of other packages that depend on
    the package, recommend or suggest it: a rough measure of how well known it
    is that the lists themselves contain.
    """
    long_text = {s["Description-md5"]: s["Description-en"]
                 for s in stanzas(english)}
    records = list(stanzas(packages))
    users = collections.Counter()
    for s in records:
        relations = ",".join(s.get(field, "") for field in
                             ("Depends", "Pre-Depends", "Recommends",
                              "Suggests"))
        users.update({re.split(r"[ :(\n]", r.strip(), maxsplit=1)[0]
                      for r in re.split(r"[,|]", relations)} - {""})
    out = []
    for s in records:
        synopsis, _, rest = long_text.get(
            s.get("Description-md5"), s["Description"]).partition("\n")
        out.append(Package(
            s["Package"], s["Section"], s["Priority"],
            int(s.get("Installed-Size", 0)), " ".join(synopsis.split()),
            first_paragraph(rest), s.get("Source", s["Package"]).split(" ")[0],
            bool(re.search(r"role::program\b", s.get("Tag", ""))), "Tag" in s,
            users[s["Package"]].bit_length()))
    return out


def wanted(p):
    """Tell whether someone would search for package p by what it does."""
    if p.name.startswith("lib"):
        if not LIB_WANTED.search(p.name):
            return False
        skip = SKIP_SECTIONS - {"libs"}
    else:
        skip = SKIP_SECTIONS
    return (p.section not in skip and not SKIP_NAME.search(p.name)
            and not SKIP_SYNOPSIS.search(p.synopsis) and len(p.text) >= 25
            and not re.search("(transitional|dummy) package", p.text.lower()))


def without_duplicates(packages):
    """
    Keep one of several packages that say the same: same first paragraph (at
    most 4 packages, 8 programs, share one) or same source, and the same
    synopsis up to a remark in brackets or after a dash.  Numbers do not count
    as a difference, so one of several versions stays.  The package that most
    others use, the one named like its source, a program, the shortest name
    are preferred, in this order.
    """
    def plain(text):
        return re.sub(r"[0-9.]+", "#", text.lower())

    seen, sharing, out = set(), collections.Counter(), []
    for p in sorted(packages, key=lambda p: (-p.users, p.name != p.source,
                                             not p.program, len(p.name),
                                             p.name)):
        stem = plain(re.sub(r" *(\([^()]*\)| --? .*)$", "", p.synopsis)) or p.name
        whole, text = plain(p.synopsis), plain(p.text)
        short = stem if p.name != p.source else whole
        keys = {("text", whole, text), ("source", plain(p.source), whole)}
        if not p.program:
            keys |= {("text", short, text), ("source", plain(p.source), short)}
        if keys & seen or sharing[text] >= (8 if p.program else 4):
            continue
        seen |= keys | {("text", stem, text), ("source", plain(p.source), stem)}
        sharing[text] += 1
        out.append(p)
    return out


def group_of(p):
    """Return (name, weight) of the group in which p competes."""
    for name, pattern, weight in FAMILIES:
        if pattern.search(p.name):
            return name, weight
    return p.section, SECTION_WEIGHT.get(p.section, 1.0)


def choose(packages, rows):
    """
    Choose rows packages, spread over the groups: every group gives as many as
    it has, up to level * weight, with the highest level that does not yield
    too many; the rest comes from the best that the next level would add.
    Within a group come first: higher priority, then packages that many others
    use, programs (half the points if nobody has tagged the package) and the
    main package of a source, these three added up; a hash of the name decides
    between equals.  Returns them sorted by name.
    """
    groups = collections.defaultdict(list)
    for p in without_duplicates([p for p in packages if wanted(p)]):
        groups[group_of(p)].append(p)

    def rank(p):
        return (PRIORITY.get(p.priority, 3),
                -(min(p.users, 5) + (2 if p.program else not p.tagged)
                  + (p.name == p.source)),
                hashlib.sha256(p.name.encode()).digest())

    def take(level):
        return [p for (name, weight), members in groups.items()
                for p in sorted(members, key=rank)[:int(level * weight)]]

    low, high = 0, len(packages)
    while low + 1 < high:
        middle = (low + high) // 2
        if len(take(middle)) <= rows:
            low = middle
        else:
            high = middle
    print("candidates", sum(map(len, groups.values())), "level", low)
    chosen = take(low)
    names = {p.name for p in chosen}
    more = sorted((p for p in take(low + 1) if p.name not in names), key=rank)
    return sorted(chosen + more[:rows - len(chosen)], key=lambda p: p.name)


def package_text(p):
    """Return the text of a package that is embedded."""
    return f"{p.name}: {p.synopsis}. {p.text}"


# ------------------------------------------------------------------ output

def copy_field(text):
    """Escape text for the text format of COPY."""
    return (text.replace("\\", "\\\\").replace("\t", "\\t")
            .replace("\n", "\\n").replace("\r", "\\r"))


def vector_text(rounded):
    """Format one rounded vector, given as integers of 10^-DECIMALS."""
    parts = []
    for v in rounded.tolist():
        sign = "-" if v < 0 else ""
        whole, rest = divmod(abs(v), 10 ** DECIMALS)
        digits = f"{rest:0{DECIMALS}d}".rstrip("0")
        parts.append(f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}")
    return "[" + ",".join(parts) + "]"


def write_table(path, rows):
    """Write rows, tuples of text, as a reproducible gzip of COPY lines."""
    lines = "".join("\t".join(map(copy_field, r)) + "\n" for r in rows)
    with open(path, "wb") as f, gzip.GzipFile("", "wb", 9, f, mtime=0) as z:
        z.write(lines.encode("utf-8"))
    with open(path, "rb") as f:
        content = f.read()
    print(os.path.basename(path), len(rows), "rows", len(content), "bytes",
          hashlib.sha256(content).hexdigest())


def main():
    parser = argparse.ArgumentParser(description="see the head of this file")
    parser.add_argument("--model", required=True)
    parser.add_argument("--work", default=os.path.join(tempfile.gettempdir(),
                                                       "vdb-sample"))
    parser.add_argument("--mirror", default="http://deb.debian.org/debian")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--neighbours", type=int, default=0)
    args = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"

    with open(os.path.join(HERE, "queries.txt"), encoding="utf-8") as f:
        queries = f.read().splitlines()
    packages = choose(parse(*read_lists(os.path.abspath(args.work),
                                        args.mirror)), ROWS)
    if len(packages) < ROWS:
        raise SystemExit(f"only {len(packages)} packages found, not {ROWS}")
    for section, count in collections.Counter(
            p.section for p in packages).most_common():
        print("section", section, count)

    model = MiniLM(args.model, args.threads)

    def progress(done):
        print(f"\r{done} texts embedded", end="", file=sys.stderr, flush=True)

    vectors = model.encode([package_text(p) for p in packages],
                           progress=progress)
    query_vectors = model.encode(queries)
    print(file=sys.stderr)

    scale = 10 ** DECIMALS
    rounded = np.rint(vectors.astype(np.float64) * scale).astype(np.int64)
    query_rounded = np.rint(query_vectors.astype(np.float64)
                            * scale).astype(np.int64)
    exact = np.concatenate([vectors, query_vectors]).astype(np.float64)
    stored = np.concatenate([rounded, query_rounded]) / scale
    cosine = ((exact * stored).sum(1) / np.linalg.norm(exact, axis=1)
              / np.linalg.norm(stored, axis=1))
    length = np.abs(np.linalg.norm(stored, axis=1) - 1)
    print(f"rounding: 1 - cosine, mean {np.mean(1 - cosine):.2e} "
          f"max {np.max(1 - cosine):.2e}; |length - 1| mean "
          f"{length.mean():.2e} max {length.max():.2e}")

    write_table(os.path.join(HERE, "packages.tsv.gz"), [
        (str(i), p.name, p.section, p.priority, str(p.size), p.synopsis,
         p.text, vector_text(v))
        for i, (p, v) in enumerate(zip(packages, rounded), 1)])
    write_table(os.path.join(HERE, "queries.tsv.gz"), [
        (str(i), q, vector_text(v))
        for i, (q, v) in enumerate(zip(queries, query_rounded), 1)])

    for i in range(min(args.neighbours, len(queries))):
        print(f"\n{queries[i]}")
        similarity = vectors @ query_vectors[i]
        for j in np.argsort(-similarity, kind="stable")[:5]:
            print(f"  {similarity[j]:.3f} {packages[j].name}: "
                  f"{packages[j].synopsis}")


if __name__ == "__main__":
    main()
