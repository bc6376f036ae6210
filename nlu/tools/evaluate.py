"""Measures a trained model on data/eval/nlu and writes reports/nlu/report.{json,md}.

    python -m nlu.tools.evaluate MODEL.tar.gz [--out reports/nlu]

Acts, aspects and categories: accuracy and macro-F1; procedure search: right one first, right one in the first three;
everything sliced by writing style; parse time. Runs in Rasa's interpreter.
"""

import argparse
import asyncio
import json
import logging
import statistics
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

import yaml

ROOT = Path(__file__).resolve().parents[2]
SURE = 0.6  # from here on the bot answers without asking back (actions/procedure.py)
HELD_OUT = ROOT / "data" / "eval" / "nlu"


class Case(NamedTuple):
    """One held-out text and what should be understood of it."""

    text: str
    act: str
    second: Optional[str]
    procedure: Optional[str]
    style: str


def read_cases(folder: Path = HELD_OUT) -> List[Case]:
    """All held-out texts. Raises ValueError for a line of the wrong form."""
    cases = []
    for path in sorted(folder.glob("*.yml")):
        for line in yaml.safe_load(path.read_text(encoding="utf-8")):
            parts = [part.strip() for part in line.split(" | ")]
            if len(parts) != 5:
                raise ValueError(f"{path.name}: needs five parts: {line}")
            text, act, second, procedure, style = parts
            cases.append(Case(text, act, _or_none(second), _or_none(procedure), style))
    return cases


def _or_none(value: str) -> Optional[str]:
    return None if value == "-" else value


def macro_f1(pairs: List[Any]) -> float:
    """Mean F1 over the labels that should occur, of (right, given) pairs."""
    scores = []
    for label in sorted({right for right, _ in pairs}):
        hits = sum(right == given == label for right, given in pairs)
        given_n = sum(given == label for _, given in pairs)
        right_n = sum(right == label for right, _ in pairs)
        scores.append(2 * hits / (given_n + right_n) if given_n + right_n else 0.0)
    return sum(scores) / len(scores) if scores else 0.0


def figures(cases: List[Case], parses: List[Dict[str, Any]]) -> Dict[str, Any]:
    """All figures of one slice."""
    acts = [(case.act, parse["intent"]["name"]) for case, parse in zip(cases, parses)]
    aspects = [
        (case.second, parse["aspects"][0]["name"])
        for case, parse in zip(cases, parses)
        if case.act == "ask_procedure" and case.second
    ]
    categories = [
        (case.second, parse["categories"][0]["name"])
        for case, parse in zip(cases, parses)
        if case.act == "complain" and case.second
    ]
    ranks = [_rank(case.procedure, parse) for case, parse in zip(cases, parses) if case.procedure]
    silent = [
        (parse.get("procedure") or {"confidence": 0})["confidence"] < SURE
        for case, parse in zip(cases, parses)
        if case.act == "ask_procedure" and not case.procedure
    ]
    return {
        "n": len(cases),
        "act_accuracy": _share([right == given for right, given in acts]),
        "act_macro_f1": round(macro_f1(acts), 4),
        "aspect_accuracy": _share([right == given for right, given in aspects]),
        "category_accuracy": _share([right == given for right, given in categories]),
        "procedure_r1": _share([rank == 1 for rank in ranks]),
        "procedure_r3": _share([0 < rank <= 3 for rank in ranks]),
        "no_procedure_where_none": _share(silent),
    }


def _rank(code: Optional[str], parse: Dict[str, Any]) -> int:
    candidates = [found["code"] for found in (parse.get("procedure") or {}).get("candidates", [])]
    return candidates.index(code) + 1 if code in candidates else 0


def _share(truths: List[bool]) -> Optional[float]:
    return round(sum(truths) / len(truths), 4) if truths else None


def wrong(cases: List[Case], parses: List[Dict[str, Any]]) -> List[str]:
    """The texts that were misunderstood, each with what was taken for what."""
    lines = []
    for case, parse in zip(cases, parses):
        given = parse["intent"]["name"]
        if given != case.act:
            lines.append(f"act: {case.text} -> {given}, should be {case.act}")
        if case.act == "ask_procedure" and parse["aspects"][0]["name"] != case.second:
            lines.append(f"aspect: {case.text} -> {parse['aspects'][0]['name']}, should be {case.second}")
        if case.act == "complain" and parse["categories"][0]["name"] != case.second:
            lines.append(f"category: {case.text} -> {parse['categories'][0]['name']}, should be {case.second}")
        found = parse.get("procedure") or {}
        if case.act == "ask_procedure" and not case.procedure and found.get("confidence", 0) >= SURE:
            lines.append(f"procedure: {case.text} -> {found['name']}, should be none")
        if case.procedure and _rank(case.procedure, parse) != 1:
            first = found.get("name")
            lines.append(f"procedure: {case.text} -> {first}, should be {case.procedure}")
    return lines


async def parse_all(model: str, cases: List[Case]) -> Any:
    """What the model understands of each text, and the milliseconds that each took."""
    import structlog
    from rasa.core.agent import Agent

    # Rasa's structured log writes every text it parses unless told not to.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    agent = Agent.load(model)
    parses, times = [], []
    for case in cases:
        started = time.perf_counter()
        parses.append(await agent.parse_message(case.text))
        times.append((time.perf_counter() - started) * 1000)
    return parses, times


def report(model: str, out: Path) -> Dict[str, Any]:
    """Measure and write both reports; returns the figures."""
    cases = read_cases()
    parses, times = asyncio.run(parse_all(model, cases))
    slices: Dict[str, List[int]] = defaultdict(list)
    for at, case in enumerate(cases):
        slices[case.style].append(at)
    result = {
        "all": figures(cases, parses),
        "by_style": {
            style: figures([cases[at] for at in rows], [parses[at] for at in rows]) for style, rows in slices.items()
        },
        "parse_ms": {
            "p50": round(statistics.median(times), 2),
            "p95": round(sorted(times)[int(len(times) * 0.95)], 2),
        },
        "wrong": wrong(cases, parses),
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.json").write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (out / "report.md").write_text(_markdown(result), encoding="utf-8")
    return result


def _markdown(result: Dict[str, Any]) -> str:
    names = list(result["all"])
    lines = [
        "# Understanding, measured",
        "",
        "| slice | " + " | ".join(names) + " |",
        "|" + "---|" * (len(names) + 1),
    ]
    for style, values in [("all", result["all"]), *sorted(result["by_style"].items())]:
        lines.append(f"| {style} | " + " | ".join(str(values[name]) for name in names) + " |")
    lines += [
        "",
        f"Parse time: p50 {result['parse_ms']['p50']} ms, p95 {result['parse_ms']['p95']} ms.",
        "",
        "## Wrong",
        "",
    ]
    return "\n".join(lines + [f"- {line}" for line in result["wrong"]]) + "\n"


def main() -> None:
    """Command line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("model")
    arguments.add_argument("--out", type=Path, default=ROOT / "reports" / "nlu")
    given = arguments.parse_args()
    report(given.model, given.out)
    print((given.out / "report.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
