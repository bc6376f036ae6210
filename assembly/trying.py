"""Runs `ask` and `parse` for a person or for a program."""

import contextlib
import json
import sys
from collections.abc import Callable
from typing import Any

from rich.prompt import Prompt

from assembly import asking, databases
from assembly.asking import Asker
from assembly.bootstrap import build
from assembly.console import out, screen
from assembly.instance import instance

Understood = dict[str, Any]


def try_out(message: str, *, jsonl: bool, answering: bool) -> None:
    """Understand (and answer) the messages of standard input, or one given on the command line.

    With `jsonl`: one JSON object a line, in the order of the messages, and nothing else on standard output.
    """
    with instance("actions" if answering else "rasa") as settings:
        services = build(settings)
        asker = Asker(services)
        put = asker.ask if answering else asker.parse
        try:
            if jsonl:
                _as_json(put)
            elif message or not sys.stdin.isatty():
                _once(put, message or sys.stdin.read().strip())
            else:
                _again_and_again(put)
        finally:
            if asker.senders:
                databases.forget_conversations(settings, asker.senders)
            services.close()


def show(understood: Understood) -> None:
    """What was understood and answered, for people."""
    out.print(describe(understood), soft_wrap=True)
    for reply in understood["replies"]:
        out.print()
        out.print(reply.get("text", ""), soft_wrap=True)
        for number, button in enumerate(reply.get("buttons") or [], start=1):
            out.print(f"  {number}. {button['title']}")


def describe(understood: Understood) -> str:
    """Intent, aspect, procedure, category and finds, one a line, each with its probability."""
    intent, procedure = understood["intent"], understood["procedure"]
    rows = [f"Ý định: {intent['name']} ({intent['confidence']:.2f})"]
    for title, key in (("Khía cạnh", "aspects"), ("Loại việc", "categories")):
        if understood[key]:
            rows.append(
                f"{title}: " + ", ".join(f"{one['name']} ({one['confidence']:.2f})" for one in understood[key][:3])
            )
    if procedure:
        rows.append(f"Thủ tục: {procedure['code']} {procedure['name']} ({procedure['confidence']:.2f})")
        rows += [f"  hoặc {one['code']} {one['name']} ({one['score']:.2f})" for one in procedure["candidates"][1:3]]
    if understood["entities"]:
        rows.append(
            "Thấy trong câu: " + ", ".join(f"{one['entity']} = {one['value']}" for one in understood["entities"])
        )
    return "\n".join(rows)


def _as_json(put: Callable[[str], Understood]) -> None:
    for line in asking.lines(sys.stdin):
        print(json.dumps(put(line), ensure_ascii=False), flush=True)


def _once(put: Callable[[str], Understood], message: str) -> None:
    show(put(message))


def _again_and_again(put: Callable[[str], Understood]) -> None:
    with contextlib.suppress(EOFError):
        while message := Prompt.ask("Tin nhắn (để trống là thôi)", console=screen, default="", show_default=False):
            show(put(message))
