"""
The pictures of searches and of plans, drawn from their CSV files.

Searches: on x what is missed (1 - recall, logarithmic, falling), so that 0.9, 0.99 and 0.999 are
equally far apart; searches/s on a logarithmic y.  Plans: a heat map for every table, filters down
and LIMITs across.
"""

import csv
import io
import math
import textwrap
from xml.sax.saxutils import escape

RECALLS = (0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995)
LEAST_SHOWN = 0.8
# a point without a miss among the searches is drawn where half a miss in a thousand would be
MISSED_LEAST = 5e-4

# Plans: their letters, a cell in pixels, tables side by side, and the colours of regrets from 1 to
# MOST_REGRET in steps of equal ratio (ColorBrewer's YlOrRd)
LETTER = {"seq": "s", "bitmap": "b", "index": "t", "ivfkm": "v"}
CELL_WIDTH, CELL_HEIGHT, ACROSS = 32, 12, 4
COLOURS = ("#ffffcc", "#ffeda0", "#fed976", "#feb24c", "#fd8d3c", "#fc4e2a", "#e31a1c", "#bd0026",
           "#800026")
DARK = 5                # number of the first colour that takes white letters
MOST_REGRET = 20.0
LEAST_NAMED = 1.05      # regret from which its number is written


def facts(lines):
    """Of a result in Markdown, what stands below its picture: versions, settings, machine."""
    return [line for line in lines if line and line[0] not in "#|!*"][:2]


def wrapped(notes, width):
    """The lines of notes, paragraphs, of at most so many characters."""
    return [line for note in notes for line in textwrap.wrap(note, width)]


def write_below(figure, lines):
    """Write lines in small type at the foot of a figure; returns their share of its height."""
    height = 0.12 * (len(lines) + 0.5) / figure.get_figheight()
    figure.text(0.01, 0.01, "\n".join(lines), fontsize=6.5, linespacing=1.3, color="#444")
    return height


def read_points(path):
    """{index: [(missed, searches/s, is it the default setting)]} of a CSV file."""
    points = {}
    with open(path, encoding="utf-8") as f:
        for row in csv.DictReader(f):
            missed = max(1 - float(row["recall"]), MISSED_LEAST)
            points.setdefault(row["index"], []).append(
                (missed, float(row["searches_per_s"]), row["default"] == "t"))
    return points


def frontier(points):
    """Points that no other one beats in recall and rate, from few misses to many."""
    line = []
    for missed, rate, _ in sorted(points):
        if missed <= 1 - LEAST_SHOWN and (not line or rate > line[-1][1]):
            line.append((missed, rate))
    return line


def style(index):
    """Markers and line of an index: ours whole, others broken, libraries without SQL dotted."""
    if index.startswith("ivfkm"):
        return "o-"
    if index.startswith(("vchord", "diskann")):
        return "d-."
    return "s--" if index.startswith(("hnsw (", "ivfflat")) else "^:"


def draw_searches(path, title, notes):
    """The SVG, as text, of a CSV file of searches; notes are paragraphs that go below it."""
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "vdb"
    matplotlib.rcParams["svg.fonttype"] = "none"
    matplotlib.rcParams["font.sans-serif"] = ["DejaVu Sans", "Verdana", "Arial"]
    from matplotlib import pyplot
    from matplotlib.ticker import FuncFormatter, NullFormatter

    below = wrapped(notes, 210)
    figure, axes = pyplot.subplots(figsize=(10.5, 5 + 0.12 * len(below)))
    fewest = 1 - LEAST_SHOWN
    for index, found in read_points(path).items():
        line = frontier(found)
        if not line:
            continue
        fewest = min(fewest, line[0][0])
        drawing = axes.plot(*zip(*line), style(index), markersize=4, label=index)[0]
        for missed, rate, default in found:
            if default:
                axes.plot(missed, rate, "*", markersize=13, color=drawing.get_color(),
                          markeredgecolor="white", markeredgewidth=0.6, zorder=3)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([1 - r for r in RECALLS], [f"{r:g}" for r in RECALLS])
    axes.set_xlim(1.1 * (1 - LEAST_SHOWN), 0.85 * fewest)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:,.0f}"))
    axes.yaxis.set_minor_formatter(FuncFormatter(
        lambda y, _: f"{y:,.0f}" if f"{y:.0e}"[0] in "25" else ""))
    axes.tick_params(which="both", labelsize=8.5)
    axes.set_xlabel("recall@10, on a logarithmic axis of 1 - recall; no miss is drawn at "
                    f"{1 - MISSED_LEAST:g}; stars: default settings")
    axes.set_ylabel("searches/s, one client")
    axes.set_title(title)
    axes.grid(True, which="both", linewidth=0.3)
    # beside the curves, which fill the axes
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.01, 1.01))
    figure.tight_layout(rect=(0, write_below(figure, below), 1, 1))
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    return out.getvalue()


def read_plans(path):
    """Of a CSV file: {table: {(filter, LIMIT): (letter, regret)}}, all filters, all LIMITs."""
    tables, filters, limits = {}, [], []
    with open(path, encoding="utf-8") as f:
        for row in csv.DictReader(f):
            title = f"{int(row['rows']):,} x {int(row['dims']):,}, {row['storage']}"
            cells = tables.setdefault(title, {})
            cells[row["filter"], row["limit"]] = (LETTER.get(row["chosen"], "?"),
                                                  float(row["regret"]))
            if row["limit"] not in limits:
                limits.append(row["limit"])
    # a small table has none of the rarest: the order is that of the one that has the most
    for cells in sorted(tables.values(), key=len, reverse=True):
        filters += dict.fromkeys(name for name, _ in cells if name not in filters)
    return tables, filters, limits


def colour(regret):
    """The number of a regret's colour."""
    return min(int(len(COLOURS) * math.log(max(regret, 1.0)) / math.log(MOST_REGRET)),
               len(COLOURS) - 1)


def draw_cells(cells, filters, limits):
    """One table as SVG: a path for each colour, neighbours in a line in one piece, and letters."""
    shapes, light, dark = {}, [], []
    for down, name in enumerate(filters):
        run = (None, 0, 0)          # colour, first column, columns
        for column, limit in enumerate(limits + [None]):
            letter, regret = cells.get((name, limit), ("", math.nan))
            own = colour(regret) if letter else None
            if own != run[0]:
                if run[0] is not None:
                    shapes.setdefault(run[0], []).append(
                        f"M{run[1] * CELL_WIDTH} {down * CELL_HEIGHT}h{run[2] * CELL_WIDTH}"
                        f"v{CELL_HEIGHT}h-{run[2] * CELL_WIDTH}z")
                run = (own, column, 0)
            run = (run[0], run[1], run[2] + 1)
            if letter:
                text = f"{letter} {regret:.3g}" if regret > LEAST_NAMED else letter
                (dark if own >= DARK else light).append(
                    f'<text x="{column * CELL_WIDTH + CELL_WIDTH // 2}" '
                    f'y="{down * CELL_HEIGHT + 9}">{text}</text>')
    out = [f'<path fill="{COLOURS[n]}" d="{"".join(d)}"/>' for n, d in sorted(shapes.items())]
    return out + light + (['<g fill="#fff">', *dark, "</g>"] if dark else [])


def draw_plans(path, notes):
    """The SVG, as text, of a CSV file of plans; notes are paragraphs that go below it."""
    tables, filters, limits = read_plans(path)
    left, top = 84, 42
    wide, high = CELL_WIDTH * len(limits), CELL_HEIGHT * len(filters)
    width = left + min(ACROSS, len(tables)) * (wide + 14)
    bottom = top + math.ceil(len(tables) / ACROSS) * (high + 42)
    below = wrapped(notes, width // 4)
    height = bottom + 11 * len(below)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
           f'width="{width}" height="{height}" font-size="8" text-anchor="middle" '
           'font-family="DejaVu Sans, Verdana, Arial, sans-serif">',
           f'<rect width="{width}" height="{height}" fill="#fff"/>',
           '<text x="8" y="14" font-size="11" text-anchor="start">Regret of the plan chosen '
           "(s seq, b bitmap, t btree, v ivfkm), by filter and LIMIT</text>"]
    for n, fill in enumerate(COLOURS):
        out += [f'<rect x="{left + 36 * n}" y="20" width="36" height="8" fill="{fill}"/>',
                f'<text x="{left + 36 * n}" y="37">{MOST_REGRET ** (n / len(COLOURS)):.3g}</text>']
    for number, (title, cells) in enumerate(tables.items()):
        x = left + number % ACROSS * (wide + 14)
        y = top + 20 + number // ACROSS * (high + 42)
        out += [f'<g transform="translate({x} {y})">',
                f'<text x="{wide // 2}" y="-5" font-size="9">{escape(title)}</text>']
        out += draw_cells(cells, filters, limits)
        out += [f'<text x="{c * CELL_WIDTH + CELL_WIDTH // 2}" y="{high + 10}">'
                f'{limit.replace("none", "all")}</text>' for c, limit in enumerate(limits)]
        if number % ACROSS == 0:
            out += [f'<text x="-4" y="{d * CELL_HEIGHT + 9}" text-anchor="end">{escape(name)}'
                    "</text>" for d, name in enumerate(filters)]
        out.append("</g>")
    out += [f'<text x="8" y="{bottom + 11 * n}" text-anchor="start" fill="#444">{escape(line)}'
            "</text>" for n, line in enumerate(below)]
    return "\n".join(out + ["</svg>", ""])
