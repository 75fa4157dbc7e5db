"""
One self-contained page of all results of a folder: make bench writes it, and make bench-report
from results that are there.

Pictures of searches are drawn anew from the CSV files.
"""

import html
import os
import re

from picture import draw_searches, facts

KINDS = (("search", "Searches"), ("filter", "Searches with filters"), ("build", "Builds"),
         ("insert", "Inserts"), ("maxsim", "MaxSim"), ("living", "Indexes under changes"),
         ("target", "Recall asked for"), ("serve", "Clients"), ("scale", "Sizes of tables"),
         ("plans", "Plans"))
LONG = 60               # characters of a cell that is a sentence
STYLE = """body { font: 15px/1.5 sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em }
p { max-width: 62em }
table { border-collapse: collapse; margin: 1em 0; display: block; overflow-x: auto;
  font-size: 13px; line-height: 1.35 }
td, th { border: 1px solid #ccc; padding: .2em .6em; text-align: left;
  font-variant-numeric: tabular-nums; min-width: 4em }
td.long { min-width: 26em }
svg { max-width: 100%; height: auto; background: #fff } nav a { margin-right: 1em }
:root { color-scheme: light dark }
@media (prefers-color-scheme: dark) {
  body { background: #161616; color: #ddd }
  td, th { border-color: #555 }
  a { color: #8ab4f8 }
}"""


def inline(text):
    """Markdown within a line."""
    text = html.escape(text, quote=False)
    text = re.sub(r"(\d) (B|kB|MB|GB|ms|s)\b", "\\1\u00a0\\2", text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    text = re.sub(r"`(.+?)`", r"<code>\1</code>", text)
    return re.sub(r"\[(.+?)\]\((.+?)\)", r'<a href="\2">\1</a>', text)


def page_part(lines, picture):
    """HTML of the Markdown that the benchmarks write; picture(name) is an SVG or ''."""
    out, table = [], []

    def flush():
        if table:
            head, *rows = [[c.strip() for c in row.strip().strip("|").split("|")]
                           for row in table if not re.match(r"^\|[-:| ]+\|$", row)]
            out.append("<table><tr>" + "".join(f"<th>{inline(c)}</th>" for c in head) + "</tr>")
            out.extend("<tr>" + "".join(f"<td{' class=long' * (len(c) > LONG)}>{inline(c)}</td>"
                                        for c in row) + "</tr>" for row in rows)
            out.append("</table>")
            table.clear()

    for line in lines:
        if line.startswith("|"):
            table.append(line)
            continue
        flush()
        image = re.match(r"!\[.*\]\((.+)\)$", line)
        if image:
            out.append(picture(image.group(1)))
        elif line.startswith("### "):
            out.append(f"<h3>{inline(line[4:])}</h3>")
        elif line.startswith("* "):
            out.append(f"<li>{inline(line[2:])}</li>")
        elif line == "<!-- details -->":
            out.append("<details><summary>Every setting</summary>")
        elif line.strip():
            out.append(f"<p>{inline(line)}</p>")
    flush()
    if "<!-- details -->" in lines:
        out.append("</details>")
    return "\n".join(out)


def svg_only(text):
    """An SVG file without what may stand in front of its first element."""
    return text[text.index("<svg"):]


def write_report(folder, target):
    """Write the page of a folder's results to a file; returns the number of results in it."""
    parts, links, count = [], [], 0
    for kind, heading in KINDS:
        names = sorted(n for n in os.listdir(folder)
                       if re.match(rf"{kind}[-.].*md$", n))
        if not names:
            continue
        links.append(f'<a href="#{kind}">{heading}</a>')
        parts.append(f'<h2 id="{kind}">{heading}</h2>')
        for name in names:
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                lines = f.read().split("\n")

            def picture(image, lines=lines):
                data = os.path.join(folder, image[:-3] + "csv")
                if image.startswith("search-") and os.path.exists(data):
                    return svg_only(draw_searches(data, lines[0].lstrip("# "), facts(lines)))
                with open(os.path.join(folder, image), encoding="utf-8") as g:
                    return svg_only(g.read())
            parts.append(page_part(lines, picture))
            count += 1
    with open(target, "w", encoding="utf-8") as f:
        f.write("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                f"<title>vdb: benchmarks</title><style>{STYLE}</style></head>\n<body>"
                f"<h1>vdb: benchmarks</h1><nav>{' '.join(links)}</nav>\n"
                + "\n".join(parts) + "\n</body></html>\n")
    return count
