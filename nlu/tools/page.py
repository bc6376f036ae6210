"""The report as one HTML page without anything from elsewhere: tables, confusion matrices, calibration curves."""

import html
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:75rem;margin:2rem auto;padding:0 1rem;color:#1c2733}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}
td,th{border:1px solid #d4dbe2;padding:.2rem .6rem;text-align:right}
td:first-child,th:first-child{text-align:left}th{background:#f3f5f7}
h2{margin-top:2.5rem}figure{display:inline-block;margin:0 2rem 1rem 0;vertical-align:top}svg text{font-size:10px}
details{margin:.3rem 0}.wide{overflow-x:auto}
"""


def render(result: Dict[str, Any]) -> str:
    """The page of a report."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8><title>Understanding, measured</title>",
        f"<style>{_STYLE}</style><h1>Understanding, measured</h1>",
        _slices(result),
        f"<p>Parse time: p50 {result['parse_ms']['p50']} ms, p95 {result['parse_ms']['p95']} ms.</p>",
        _against(result.get("against_accepted")),
        "<h2>Cross-validation on the training data</h2>",
        _table(
            ["", "accuracy", "macro F1"], [[k, v["accuracy"], v["macro_f1"]] for k, v in result["k_fold"].items()]
        ),
        "<h2>How sure, how right</h2>",
        "".join(_curve(name, one) for name, one in result["calibration"].items()),
    ]
    for name in ("acts", "aspects", "categories"):
        parts += [f"<h2>{name}</h2>", _labels(result["labels"][name]), _matrix(result["confusion"][name])]
    parts += ["<h2>entities</h2>", _labels(result["labels"]["entities"]), "<h2>Worst confusions</h2>"]
    parts += [_mixed(one) for one in result["worst"]]
    parts += ["<h2>Procedures not found first</h2>", _texts(result["missed_procedures"])]
    return "\n".join(parts) + "\n"


def _slices(result: Dict[str, Any]) -> str:
    names = list(result["all"])
    rows = [
        [style, *(values[name] for name in names)] for style, values in [*result["by_style"].items(), *_files(result)]
    ]
    return _table(["slice", *names], [["all", *result["all"].values()], *rows])


def _files(result: Dict[str, Any]) -> List[Tuple[str, Dict[str, Any]]]:
    return [(f"{name}.yml", one) for name, one in result["by_file"].items()]


def _against(changes: Optional[Dict[str, Any]]) -> str:
    if not changes:
        return "<p>No accepted report to compare with.</p>"
    rows = [[name, old, new, f"{new - old:+.4f}"] for name, (old, new) in changes.items()]
    return "<h2>Against the accepted report</h2>" + _table(["", "accepted", "now", "change"], rows)


def _labels(figures: Iterable[Dict[str, Any]]) -> str:
    names = ["label", "n", "precision", "recall", "f1"]
    return _table(names, [[one[name] for name in names] for one in figures])


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    def cells(tag: str, values: Iterable[Any]) -> str:
        return "".join(f"<{tag}>{'' if value is None else html.escape(str(value))}" for value in values)

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<div class=wide><table><tr>{cells('th', head)}</tr>{body}</table></div>"


def _matrix(confusion: Dict[str, Any]) -> str:
    """Rows are what was right, columns what was given; darker is a larger share of the row."""
    labels, counts = confusion["labels"], confusion["counts"]
    side, edge = 22, 130
    shapes: List[str] = []
    for row, label in enumerate(labels):
        y, total = edge + row * side, sum(counts[row]) or 1
        shapes.append(f'<text x="{edge - 6}" y="{y + 15}" text-anchor="end">{html.escape(label)}</text>')
        shapes.append(f'<text transform="translate({y + 14},{edge - 6}) rotate(-60)">{html.escape(label)}</text>')
        for column, count in enumerate(counts[row]):
            if not count:
                continue
            x, share = edge + column * side, count / total
            colour = f"27,107,50,{share:.2f}" if row == column else f"176,50,40,{0.25 + 0.75 * share:.2f}"
            shapes.append(f'<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="rgba({colour})"/>')
            shapes.append(f'<text x="{x + side / 2}" y="{y + 15}" text-anchor="middle">{count}</text>')
    size = edge + side * len(labels) + 60
    return f'<div class=wide><svg width="{size}" height="{size - 40}" role="img">{"".join(shapes)}</svg></div>'


def _curve(name: str, calibration: Dict[str, Any]) -> str:
    """Reliability: the diagonal is what a probability means."""
    size = 220
    dots = "".join(_dot(one, size) for one in calibration["bins"])
    frame = f'<rect x="20" y="20" width="{size}" height="{size}" fill="none" stroke="#888"/>'
    line = f'<line x1="20" y1="{20 + size}" x2="{20 + size}" y2="20" stroke="#bbb"/>'
    caption = f"<figcaption>{html.escape(name)}: ECE {calibration['ece']}</figcaption>"
    drawing = f'<svg width="{size + 40}" height="{size + 40}" role="img">{frame}{line}{dots}</svg>'
    return f"<figure>{drawing}{caption}</figure>"


def _dot(one: Dict[str, Any], size: int) -> str:
    x, y = 20 + one["confidence"] * size, 20 + (1 - one["accuracy"]) * size
    radius = 3 + min(9, one["n"] ** 0.5 / 3)
    title = f"<title>{one['n']} texts</title>"
    return f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:.1f}" fill="#12395b" fill-opacity=".6">{title}</circle>'


def _mixed(one: Dict[str, Any]) -> str:
    head = f"{one['right']} taken for {one['given']}: {len(one['texts'])}"
    return f"<details><summary>{html.escape(head)}</summary>{_texts(one['texts'])}</details>"


def _texts(texts: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{html.escape(text)}" for text in texts) + "</ul>"
