"""Measures a trained model on data/eval/nlu and writes reports/nlu/report.{html,json,md}.

    python -m nlu.tools.evaluate MODEL.tar.gz [--out reports/nlu] [--accept]
    python -m nlu.tools.evaluate --train A.yml --test B.yml --json

Acts, aspects, categories, entities and procedure search, each sliced by writing style; calibration; cross-validation;
parse time; against the accepted report. With --train and --test the intent pipeline is trained on one Rasa NLU file
and tested on another. Runs in Rasa's interpreter.
"""

import argparse
import asyncio
import json
import logging
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

from nlu.tools import figures, offline, page
from nlu.tools.cases import HELD_OUT, ROOT, STYLES, Case, read_cases, read_entities, right_of

SURE = 0.6  # from here on the bot answers without asking back (actions/procedure.py)
ACCEPTED = ROOT / "data" / "eval" / "accepted.json"
_FOLDS = 5
Parse = Dict[str, Any]


def held_out(imported: bool) -> List[Case]:
    """All held-out texts; those about imported procedures only where these were imported."""
    return [case for path in held_out_files(imported) for case in read_cases(path)]


def held_out_files(imported: bool) -> List[Path]:
    """The files of texts with labels."""
    names = {"entities"} | (set() if imported else {"national"})
    return [path for path in sorted(HELD_OUT.glob("*.yml")) if path.stem not in names]


async def parse_all(model: str, texts: Sequence[str]) -> Tuple[List[Parse], List[float]]:
    """What the model understands of each text, and the milliseconds that each took."""
    import structlog
    from rasa.core.agent import Agent

    # Rasa's structured log writes every text it parses unless told not to.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    agent = Agent.load(model)
    parses, times = [], []
    for text in texts:
        started = time.perf_counter()
        parses.append(await agent.parse_message(text))
        times.append((time.perf_counter() - started) * 1000)
    return parses, times


def seconds(cases: Sequence[Case], parses: Sequence[Parse], act: str, key: str) -> figures.Pairs:
    """(right, given) of the second labels of an act."""
    return [
        (right_of(case.seconds, parse[key][0]["name"]), parse[key][0]["name"])
        for case, parse in zip(cases, parses)
        if case.act == act and case.seconds and parse[key]
    ]


def places(cases: Sequence[Case], parses: Sequence[Parse]) -> List[int]:
    """Where the right procedure stands among the candidates, from 1; 0 when it does not."""
    return [_place(case, parse) for case, parse in zip(cases, parses) if case.procedures]


def _place(case: Case, parse: Parse) -> int:
    wanted = case.procedures or frozenset()
    found = [one["code"] in wanted for one in (parse.get("procedure") or {}).get("candidates", [])]
    return found.index(True) + 1 if True in found else 0


def slice_figures(cases: Sequence[Case], parses: Sequence[Parse]) -> Dict[str, Any]:
    """The figures of one slice."""
    acts = acts_of(cases, parses)
    silent = [
        ((parse.get("procedure") or {}).get("confidence", 0) < SURE)
        for case, parse in zip(cases, parses)
        if case.act == "ask_procedure" and case.procedures is not None and not case.procedures
    ]
    return {
        "n": len(cases),
        "act_accuracy": figures.accuracy(acts),
        "act_macro_f1": round(figures.macro_f1(acts), 4),
        "complaint_recall": _recall(acts, "complain"),
        "infrastructure_as_complaint": _share(acts, "infrastructure_report", "complain"),
        "aspect_accuracy": figures.accuracy(seconds(cases, parses, "ask_procedure", "aspects")),
        "category_accuracy": figures.accuracy(seconds(cases, parses, "complain", "categories")),
        **{f"procedure_{name}": value for name, value in figures.ranks(places(cases, parses)).items()},
        "no_procedure_where_none": round(sum(silent) / len(silent), 4) if silent else None,
    }


def acts_of(cases: Sequence[Case], parses: Sequence[Parse]) -> List[Tuple[str, str]]:
    """(right, given) acts."""
    given = [str(parse["intent"]["name"]) for parse in parses]
    return [(right_of(case.acts, name), name) for case, name in zip(cases, given)]


def _recall(acts: figures.Pairs, label: str) -> Optional[float]:
    return _share(acts, label, label)


def _share(acts: figures.Pairs, label: str, taken_for: str) -> Optional[float]:
    """How many texts of a label are taken for another (or for itself)."""
    taken = [given == taken_for for right, given in acts if right == label]
    return round(sum(taken) / len(taken), 4) if taken else None


def k_fold() -> Dict[str, Dict[str, Any]]:
    """Cross-validation on the training data, every fifth example held out in turn."""
    known = offline.read_examples(ROOT / "data" / "nlu")
    kinds = {
        "acts": [(one.text, one.act) for one in known],
        "aspects": [(one.text, one.second) for one in known if one.act == "ask_procedure" and one.second],
        "categories": [(one.text, one.second) for one in known if one.act == "complain" and one.second],
    }
    return {name: folded(pairs) for name, pairs in kinds.items()}


def folded(pairs: Sequence[Tuple[str, Any]], **settings: Any) -> Dict[str, Any]:
    """Accuracy and macro-F1 of cross-validation."""
    outcome: List[Tuple[str, str]] = []
    for fold in range(_FOLDS):
        kept = [pair for at, pair in enumerate(pairs) if at % _FOLDS != fold]
        out = [pair for at, pair in enumerate(pairs) if at % _FOLDS == fold]
        labeller = offline.Labeller(**settings).fit([text for text, _ in kept], [label for _, label in kept])
        outcome += zip([label for _, label in out], labeller.best([text for text, _ in out]))
    return {"accuracy": figures.accuracy(outcome), "macro_f1": round(figures.macro_f1(outcome), 4)}


def measure(model: str) -> Dict[str, Any]:
    """Everything about a model."""
    imported = bool(json.loads((ROOT / "var" / "lexicon.json").read_text(encoding="utf-8"))["imported"])
    cases, named = held_out(imported), read_entities()
    parses, times = asyncio.run(parse_all(model, [case.text for case in cases] + [one.text for one in named]))
    asked, told = parses[: len(cases)], parses[len(cases) :]
    acts = acts_of(cases, asked)
    aspects, categories = (
        seconds(cases, asked, "ask_procedure", "aspects"),
        seconds(cases, asked, "complain", "categories"),
    )
    return {
        "all": slice_figures(cases, asked),
        "by_style": {style: _style(cases, asked, style) for style in STYLES},
        "by_file": {path.stem: slice_figures(*_part(cases, asked, path)) for path in held_out_files(imported)},
        "labels": {
            "acts": [one._asdict() for one in figures.by_label(acts)],
            "aspects": [one._asdict() for one in figures.by_label(aspects)],
            "categories": [one._asdict() for one in figures.by_label(categories)],
            "entities": [one._asdict() for one in figures.spans([one.entities for one in named], _entities(told))],
        },
        "confusion": {
            "acts": figures.confusion(acts),
            "aspects": figures.confusion(aspects),
            "categories": figures.confusion(categories),
        },
        "calibration": _calibration(cases, asked),
        "k_fold": k_fold(),
        "worst": figures.worst_confusions(acts, [case.text for case in cases]),
        "missed_procedures": _missed(cases, asked),
        "parse_ms": {
            "p50": round(statistics.median(times), 2),
            "p95": round(sorted(times)[int(len(times) * 0.95)], 2),
        },
    }


def _part(cases: Sequence[Case], parses: Sequence[Parse], path: Path) -> Tuple[List[Case], List[Parse]]:
    texts = {case.text for case in read_cases(path)}
    kept = [(case, parse) for case, parse in zip(cases, parses) if case.text in texts]
    return [case for case, _ in kept], [parse for _, parse in kept]


def _style(cases: Sequence[Case], parses: Sequence[Parse], style: str) -> Dict[str, Any]:
    kept = [(case, parse) for case, parse in zip(cases, parses) if case.style == style]
    return slice_figures([case for case, _ in kept], [parse for _, parse in kept])


def _entities(parses: Sequence[Parse]) -> List[Dict[str, List[str]]]:
    found = []
    for parse in parses:
        kinds: Dict[str, List[str]] = defaultdict(list)
        for one in parse["entities"]:
            # The words of the text, not their canonical writing; only how often is a number.
            words = one["value"] if one["entity"] == "trips" else parse["text"][one["start"] : one["end"]]
            kinds[one["entity"]].append(str(words))
        found.append(dict(kinds))
    return found


def _calibration(cases: Sequence[Case], parses: Sequence[Parse]) -> Dict[str, Any]:
    linked = [
        (case, parse["procedure"]) for case, parse in zip(cases, parses) if case.procedures and parse["procedure"]
    ]
    return {
        "acts": figures.calibration(
            [float(parse["intent"]["confidence"]) for parse in parses],
            [parse["intent"]["name"] in case.acts for case, parse in zip(cases, parses)],
        ),
        "procedures": figures.calibration(
            [float(link["confidence"]) for _, link in linked],
            [link["code"] in (case.procedures or ()) for case, link in linked],
        ),
    }


def _missed(cases: Sequence[Case], parses: Sequence[Parse]) -> List[str]:
    lines = []
    for case, parse in zip(cases, parses):
        if case.procedures and _place(case, parse) != 1:
            given = (parse.get("procedure") or {}).get("name")
            lines.append(f"{case.text} -> {given}, should be {'/'.join(sorted(case.procedures))}")
    return lines


def against_accepted(result: Dict[str, Any]) -> Optional[Dict[str, Tuple[float, float]]]:
    """The figures of the accepted report beside today's; None where nothing has been accepted."""
    if not ACCEPTED.exists():
        return None
    old = json.loads(ACCEPTED.read_text(encoding="utf-8"))
    return {name: (value, result["all"][name]) for name, value in old.items() if result["all"].get(name) is not None}


def accept(result: Dict[str, Any]) -> None:
    """Make today's figures the ones that later reports are compared with."""
    kept = {name: value for name, value in result["all"].items() if isinstance(value, float)}
    ACCEPTED.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def write(result: Dict[str, Any], out: Path) -> None:
    """The three forms of the report."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (out / "report.html").write_text(page.render(result), encoding="utf-8")
    (out / "report.md").write_text(_markdown(result), encoding="utf-8")


def _markdown(result: Dict[str, Any]) -> str:
    names = list(result["all"])
    lines = [
        "# Understanding, measured",
        "",
        "| slice | " + " | ".join(names) + " |",
        "|" + "---|" * (len(names) + 1),
    ]
    slices = [("all", result["all"]), *result["by_style"].items()]
    slices += [(f"{name}.yml", one) for name, one in result["by_file"].items()]
    for style, values in slices:
        lines.append(
            f"| {style} | " + " | ".join("" if values[name] is None else str(values[name]) for name in names) + " |"
        )
    lines += ["", "| | accuracy | macro F1 |", "|---|---|---|"]
    lines += [f"| {name}, 5-fold | {one['accuracy']} | {one['macro_f1']} |" for name, one in result["k_fold"].items()]
    errors = ", ".join(f"{name} {one['ece']}" for name, one in result["calibration"].items())
    lines += ["", f"Expected calibration error: {errors}."]
    lines += [f"Parse time: p50 {result['parse_ms']['p50']} ms, p95 {result['parse_ms']['p95']} ms."]
    for name, (old, new) in (result["against_accepted"] or {}).items():
        if old != new:
            lines.append(f"Against the accepted report: {name} {old} → {new}.")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Command line. Raises SystemExit for wrong usage."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model", nargs="?")
    arguments.add_argument("--out", type=Path, default=ROOT / "reports" / "nlu")
    arguments.add_argument("--accept", action="store_true", help="compare later reports with this one")
    arguments.add_argument("--train", type=Path, help="a Rasa NLU file to train the intent pipeline on")
    arguments.add_argument("--test", type=Path, help="a Rasa NLU file to test it on")
    arguments.add_argument("--json", action="store_true", help="print one JSON object")
    given = arguments.parse_args()
    if given.train or given.test:
        if not (given.train and given.test):
            arguments.error("--train and --test belong together")
        print(json.dumps(offline.measure_files(given.train, given.test)))
        return
    if not given.model:
        arguments.error("which model?")
    result = measure(given.model)
    result["against_accepted"] = against_accepted(result)
    write(result, given.out)
    if given.accept:
        accept(result)
    sys.stdout.write(json.dumps(result["all"]) + "\n" if given.json else _markdown(result))


if __name__ == "__main__":
    main()
