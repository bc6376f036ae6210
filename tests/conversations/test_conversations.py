"""Plays the scripted conversations against the real stack, one test a conversation."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stack import Citizen, Stack

HERE = Path(__file__).parent
SCRIPTS = [script for path in sorted(HERE.glob("*.yml")) for script in yaml.safe_load(path.read_text())]


class Player:
    """Plays one script. Keeps the last ticket for `{number}` and `{receipt}`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.citizen = Citizen(url)
        self.stranger: Citizen | None = None
        self.ticket: dict[str, Any] = {}
        self.last: dict[str, Any] = {}

    def close(self) -> None:
        """Close both browsers."""
        self.citizen.close()
        if self.stranger:
            self.stranger.close()

    def do(self, step: dict[str, Any]) -> dict[str, Any]:
        """What the citizen does in a step; returns the reply to look at."""
        if "say" in step:
            return self.citizen.say(step["say"])
        if "press" in step:
            return self.citizen.press(step["press"])
        if "elsewhere" in step:
            self.stranger = self.stranger or Citizen(self.url)
            return self.stranger.say(step["elsewhere"].format(**self.ticket))
        return self._resend()

    def _resend(self) -> dict[str, Any]:
        """The same message once more, as a browser on a bad line does; then a question, to see what came of it."""
        sent = next(entry for entry in reversed(self.citizen.history()) if entry["from"] == "citizen")
        self.citizen.send({"id": sent["id"], "text": sent["text"]})
        return self.citizen.say("phiếu của tôi tới đâu rồi")


def check(step: dict[str, Any], reply: dict[str, Any]) -> None:
    """Assert all that a step says about the reply."""
    text, custom = reply["text"], reply["custom"]
    procedure = custom.get("procedure") or {}
    titles = [choice["title"] for choice in reply["choices"]]
    assert all(words.lower() in text.lower() for words in step.get("says", [])), text
    assert not any(words in text for words in step.get("not_says", [])), text
    assert set(step.get("choices", [])) <= set(titles), titles
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
        assert text.count("PA-") >= 1 and custom["ticket"]["number"], text


@pytest.mark.parametrize("script", SCRIPTS, ids=[script["name"] for script in SCRIPTS])
def test_conversation(stack: Stack, script: dict[str, Any]) -> None:
    with closing(Player(stack.url)) as player:
        for step in script["steps"]:
            reply = player.do(step)
            check(step, reply)
            if step.get("ticket") and "receipt" in reply["custom"]["ticket"]:
                player.ticket = reply["custom"]["ticket"]


def test_there_are_enough_of_them() -> None:
    assert len(SCRIPTS) >= 30
    assert len({script["name"] for script in SCRIPTS}) == len(SCRIPTS)
