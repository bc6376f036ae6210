"""Our pipeline beside stock Rasa (white space, count vectors, DIET), trained and asked in one run on the same data.

    python -m nlu.tools.stock [--every N] [--epochs N] [--out reports/nlu]

Both are trained by `rasa train nlu` in a process of its own; ours with its typed variants, stock Rasa with the lines
as they are, which is what each does out of the box. Both learn from every Nth line only: on two cores DIET needs some
minutes for each epoch over all of them. Writes stock.{json,md}.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, List

import yaml

from nlu.tools import figures, offline
from nlu.tools.cases import ROOT, Case
from nlu.tools.evaluate import acts_of, held_out, parse_all

# The pipeline that `rasa init` writes, for any language: the parts that decide about intents.
_STOCK: List[Dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
]
_DIET: Dict[str, Any] = {"name": "DIETClassifier", "constrain_similarities": True}


def compare(every: int, epochs: int) -> Dict[str, Dict[str, float]]:
    """Accuracy, macro-F1, seconds of training and milliseconds of a parse, for `ours` and `stock`."""
    ours = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    stock = {
        "recipe": "default.v1",
        "language": "vi",
        "assistant_id": "stock",
        "pipeline": [*_STOCK, {**_DIET, "epochs": epochs}],
    }
    cases = held_out(imported=False)
    with tempfile.TemporaryDirectory() as folder:
        lines = Path(folder) / "nlu.yml"
        lines.write_text(_every(every), encoding="utf-8")
        return {
            name: _measure(config, lines, Path(folder) / name, cases)
            for name, config in (("ours", ours), ("stock", stock))
        }


def _every(step: int) -> str:
    """Every so many lines of each label, as a Rasa NLU file."""
    texts: Dict[str, List[str]] = defaultdict(list)
    for one in offline.read_examples(ROOT / "data" / "nlu"):
        texts[f"{one.act}/{one.second}" if one.second else one.act].append(one.text)
    blocks = [
        {"intent": label, "examples": "".join(f"- {text}\n" for text in own[::step])} for label, own in texts.items()
    ]
    return str(yaml.safe_dump({"version": "3.1", "nlu": blocks}, allow_unicode=True))


def _measure(config: Dict[str, Any], lines: Path, folder: Path, cases: List[Case]) -> Dict[str, float]:
    seconds = _train(config, lines, folder)
    parses, times = asyncio.run(parse_all(str(folder / "model.tar.gz"), [case.text for case in cases]))
    pairs = acts_of(cases, parses)
    return {
        "act_accuracy": figures.accuracy(pairs) or 0.0,
        "act_macro_f1": round(figures.macro_f1(pairs), 4),
        "train_seconds": round(seconds, 1),
        "parse_ms_p50": round(statistics.median(times), 2),
    }


def _train(config: Dict[str, Any], lines: Path, folder: Path) -> float:
    """Seconds of wall time. Raises CalledProcessError when Rasa does not train."""
    folder.mkdir()
    file = folder / "config.yml"
    file.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    command = [sys.executable, "-m", "rasa", "train", "nlu", "--config", str(file), "--nlu", str(lines)]
    started = time.perf_counter()
    subprocess.run(
        [*command, "--out", str(folder), "--fixed-model-name", "model"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


def _table(result: Dict[str, Dict[str, float]]) -> str:
    names = list(result["ours"])
    lines = ["| | " + " | ".join(names) + " |", "|" + "---|" * (len(names) + 1)]
    lines += [f"| {who} | " + " | ".join(str(one[name]) for name in names) + " |" for who, one in result.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=ROOT / "reports" / "nlu")
    arguments.add_argument("--every", type=int, default=4)
    arguments.add_argument("--epochs", type=int, default=30)
    given = arguments.parse_args()
    out, result = given.out, compare(given.every, given.epochs)
    out.mkdir(parents=True, exist_ok=True)
    (out / "stock.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (out / "stock.md").write_text("# Beside stock Rasa\n\n" + _table(result), encoding="utf-8")
    sys.stdout.write(_table(result))


if __name__ == "__main__":
    main()
