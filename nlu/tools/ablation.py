"""What each part of the pipeline is worth: trained without it, or with more of it, measured on the held-out texts.

    python -m nlu.tools.ablation [--out reports/nlu]

Writes ablation.{json,md}; the table decides what stays in `config.yml` (docs/adr). Takes some minutes.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

from nlu.tools import figures, offline
from nlu.tools.cases import ROOT, Case, right_of
from nlu.tools.evaluate import held_out
from nlu.tools.offline import Example, Labeller

# The settings that all three kinds share, and one change each. In the pipeline the aspects have the closing words
# besides, and the categories the segmented ones.
_CHANGES: Dict[str, Dict[str, Any]] = {
    "as it is": {},
    "with the closing words": {"closing": True},
    "with segmented words": {"segments": True},
    "without the bare view": {"bare_view": False},
    "without letters": {"letters": 0},
    "letters up to five": {"letters": 5},
    "single words": {"words": 1},
    "without first and last words": {"ends": False},
    "without typed variants": {"augment": False},
}


class Kind(NamedTuple):
    """One kind of label: examples to learn from, and held-out texts with the labels that are right."""

    name: str
    known: List[Tuple[str, str]]
    asked: List[Tuple[str, Tuple[str, ...]]]


def kinds() -> List[Kind]:
    """Acts, aspects and categories."""
    known, cases = offline.read_examples(ROOT / "data" / "nlu"), held_out(imported=False)
    acts = Kind("acts", [(one.text, one.act) for one in known], [(one.text, one.acts) for one in cases])
    return [
        acts,
        _seconds("aspects", "ask_procedure", known, cases),
        _seconds("categories", "complain", known, cases),
    ]


def _seconds(name: str, act: str, known: List[Example], cases: List[Case]) -> Kind:
    return Kind(
        name,
        [(one.text, one.second) for one in known if one.act == act and one.second],
        [(one.text, one.seconds) for one in cases if one.act == act and one.seconds],
    )


def measure(kind: Kind, settings: Dict[str, Any]) -> Dict[str, Any]:
    """Accuracy and macro-F1 of one kind under some settings."""
    labeller = Labeller(**settings).fit(*zip(*kind.known))
    given = labeller.best([text for text, _ in kind.asked])
    pairs = [(right_of(right, label), label) for (_, right), label in zip(kind.asked, given)]
    return {"accuracy": figures.accuracy(pairs), "macro_f1": round(figures.macro_f1(pairs), 4)}


def _table(result: Dict[str, Dict[str, Dict[str, Any]]]) -> str:
    names = list(next(iter(result.values())))
    head = [f"{name}, {figure}" for name in names for figure in ("accuracy", "macro F1")]
    lines = ["| | " + " | ".join(head) + " |", "|" + "---|" * (len(head) + 1)]
    for change, row in result.items():
        cells = [str(row[name][figure]) for name in names for figure in ("accuracy", "macro_f1")]
        lines.append(f"| {change} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=ROOT / "reports" / "nlu")
    out = arguments.parse_args().out
    all_kinds = kinds()
    result = {
        change: {kind.name: measure(kind, settings) for kind in all_kinds} for change, settings in _CHANGES.items()
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "ablation.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (out / "ablation.md").write_text("# What each part is worth\n\n" + _table(result), encoding="utf-8")
    sys.stdout.write(_table(result))


if __name__ == "__main__":
    main()
