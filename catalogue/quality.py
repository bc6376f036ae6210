"""What reads badly in an answer: the same eyes for our own records, for tests and for what the import brings."""

import re

from catalogue.answers import LONGEST, Answer

# "None", doubled or colliding punctuation, empty brackets, lines that stop in the air.
_BROKEN = re.compile(
    r"None|\{\{|\}\}|\.\.(?!\.)|,,|;;|[,;:]\.|[,;]$|\(\)|  | ,| \.(?!\w)|\.\)\.|\) \(|<[a-z/]|&[a-z]+;"
)
_SHORTEST = 60  # characters; below, an answer says nothing but its source


def faults(shown: Answer) -> list[str]:
    """What is wrong with an answer: its broken lines, and whether it is too long or next to empty."""
    found = broken(shown.text)
    if len(shown.text) > LONGEST:
        found.append(f"dài {len(shown.text)} chữ")
    if len(shown.text) < _SHORTEST:
        found.append("gần như trống")
    return found


def broken(text: str) -> list[str]:
    """The lines that read badly, apart from addresses."""
    lines = re.sub(r"https?://\S+", "địa chỉ", text).split("\n")
    found = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        heads_a_list = line.endswith(":") and re.match(r"\d+\. |- ", following) is not None
        match = _BROKEN.search(line.rstrip(":") if heads_a_list else line)
        stops = heads_a_list or line.endswith((".", "địa chỉ", "…", "?", "!", "tiếp theo:"))
        if match or not line or line != line.strip() or not stops:
            found.append(line)
    return found
