"""Our pipeline beside stock Rasa (white space, count vectors, DIET), trained and asked in one run on the same data.

    python -m nlu.tools.stock [--out reports/nlu]

Both are trained by `rasa train nlu` in a process of its own on data/nlu; ours with its typed variants, stock Rasa
with the files as they are, which is what each does out of the box. Writes stock.{json,md}. Takes long: DIET does.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Dict, List

import yaml

from nlu.tools import figures
from nlu.tools.cases import ROOT, Case
from nlu.tools.evaluate import acts_of, held_out, parse_all

# The pipeline that `rasa init` writes, for any language: the parts that decide about intents.
_STOCK: List[Dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True},
]


def compare() -> Dict[str, Dict[str, float]]:
    """Accuracy, macro-F1, seconds of training and milliseconds of a parse, for `ours` and `stock`."""
    ours = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    stock = {"recipe": "default.v1", "language": "vi", "assistant_id": "stock", "pipeline": _STOCK}
    cases = held_out(imported=False)
    with tempfile.TemporaryDirectory() as folder:
        return {
            name: _measure(config, Path(folder) / name, cases) for name, config in (("ours", ours), ("stock", stock))
        }


def _measure(config: Dict[str, Any], folder: Path, cases: List[Case]) -> Dict[str, float]:
    seconds = _train(config, folder)
    parses, times = asyncio.run(parse_all(str(folder / "model.tar.gz"), [case.text for case in cases]))
    pairs = acts_of(cases, parses)
    return {
        "act_accuracy": figures.accuracy(pairs) or 0.0,
        "act_macro_f1": round(figures.macro_f1(pairs), 4),
        "train_seconds": round(seconds, 1),
        "parse_ms_p50": round(statistics.median(times), 2),
    }


def _train(config: Dict[str, Any], folder: Path) -> float:
    """Seconds of wall time. Raises CalledProcessError when Rasa does not train."""
    folder.mkdir()
    file = folder / "config.yml"
    file.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    command = [sys.executable, "-m", "rasa", "train", "nlu", "--config", str(file), "--nlu", "data/nlu"]
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
    out = arguments.parse_args().out
    result = compare()
    out.mkdir(parents=True, exist_ok=True)
    (out / "stock.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    (out / "stock.md").write_text("# Beside stock Rasa\n\n" + _table(result), encoding="utf-8")
    sys.stdout.write(_table(result))


if __name__ == "__main__":
    main()
