"""
The picture of searches, drawn from their CSV file: on x what is missed (1 - recall, logarithmic,
falling), so that 0.9, 0.99 and 0.999 are equally far apart; searches/s on a logarithmic y.
"""

import csv
import io
import textwrap

RECALLS = (0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
LEAST_SHOWN = 0.8
# a point without a miss among the searches is drawn where half a miss in a thousand would be
MISSED_LEAST = 5e-4


def facts(lines):
    """Of a result in Markdown, what stands below its picture: versions, settings, machine."""
    return [line for line in lines if line and line[0] not in "#|!*"][:2]


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

    below = [line for note in notes for line in textwrap.wrap(note, 160)]
    figure, axes = pyplot.subplots(figsize=(8, 5 + 0.12 * len(below)))
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
    axes.set_xlabel("recall@10, by what is missed; stars: default settings")
    axes.set_ylabel("searches/s, one client")
    axes.set_title(title)
    axes.grid(True, which="both", linewidth=0.3)
    axes.legend(fontsize="small", loc="best")
    height = 0.12 * (len(below) + 0.5) / figure.get_figheight()
    figure.text(0.01, 0.01, "\n".join(below), fontsize=6.5, linespacing=1.3, color="#444")
    figure.tight_layout(rect=(0, height, 1, 1))
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    return out.getvalue()
