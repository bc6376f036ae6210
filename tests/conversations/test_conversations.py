"""Plays the scripted conversations against the real stack, one test a conversation."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conversations.player import Office, Player
from tests.stack import Stack

HERE = Path(__file__).parent
FILES = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(HERE.glob("*.yml"))}
SCRIPTS = [script for scripts in FILES.values() for script in scripts]
DEEDS = {"say", "press", "upload", "resend", "wait", "staff", "open"}
DETAILS = {"from", "by", "about", "with"}
CHECKS = {
    "says",
    "not_says",
    "choices",
    "not_choices",
    "any_choices",
    "procedure",
    "procedure_in",
    "any_procedure",
    "no_procedure",
    "aspect",
    "ticket",
    "no_ticket",
    "tickets",
}


@pytest.fixture(scope="module")
def office(stack: Stack) -> Iterator[Office]:
    """The people at the desk."""
    with closing(Office(stack)) as people:
        yield people


def check(step: dict[str, Any], reply: dict[str, Any], player: Player) -> None:
    """Assert all that a step says about the reply."""
    text, custom = reply["text"], reply["custom"]
    procedure = custom.get("procedure") or {}
    titles = [choice["title"] for choice in reply["choices"]]
    unsaid = [words for words in map(player.fill, step.get("says", [])) if words.lower() not in text.lower()]
    assert not unsaid, (unsaid, text)
    said = [words for words in map(player.fill, step.get("not_says", [])) if words in text]
    assert not said, (said, text)
    assert set(step.get("choices", [])) <= set(titles), titles
    assert not set(step.get("not_choices", [])) & set(titles), titles
    if "procedure" in step:
        assert procedure.get("code") == step["procedure"], (procedure, text)
    if "procedure_in" in step:
        assert procedure.get("code") in step["procedure_in"], (procedure, text)
    if "aspect" in step:
        assert procedure.get("aspect") == step["aspect"], (procedure, text)
    if step.get("any_procedure"):
        assert procedure, text
    if step.get("no_procedure"):
        assert not procedure, procedure
    if step.get("any_choices"):
        assert titles, text
    if step.get("ticket"):
        assert custom.get("ticket", {}).get("number", "").startswith("PA-"), text
    if step.get("no_ticket"):
        assert "ticket" not in custom, text
    if "tickets" in step:
        assert text.count("Phiếu PA-") == step["tickets"], text


def _cases() -> Iterator[Any]:
    """A script with `not_yet` says what ought to be; what the bot does instead stands there as the reason."""
    for script in SCRIPTS:
        reason = script.get("not_yet")
        wrong = [pytest.mark.xfail(reason=reason, raises=AssertionError, strict=True)] if reason else []
        yield pytest.param(script, id=script["name"], marks=wrong)


@pytest.mark.parametrize("script", list(_cases()))
def test_conversation(office: Office, script: dict[str, Any]) -> None:
    with closing(Player(office)) as player:
        if "filed" in script:
            player.file(script["filed"])
        for step in script["steps"]:
            check(step, player.do(step), player)


def test_there_are_enough_of_them() -> None:
    complaints = [script for name, scripts in FILES.items() if name.startswith("complaints") for script in scripts]
    assert len([script for script in complaints if "not_yet" not in script]) >= 60
    assert len(SCRIPTS) - len(complaints) >= 30
    assert len({script["name"] for script in SCRIPTS}) == len(SCRIPTS)


@pytest.mark.parametrize("script", SCRIPTS, ids=[script["name"] for script in SCRIPTS])
def test_every_script_is_well_written(script: dict[str, Any]) -> None:
    assert set(script) <= {"name", "filed", "not_yet", "steps"}
    assert any(CHECKS & set(step) for step in script["steps"])
    for step in script["steps"]:
        assert set(step) <= DEEDS | DETAILS | CHECKS, step
        assert len(DEEDS & set(step)) == 1, step
