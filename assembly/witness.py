"""Heads of the audit chain, copied out of the database: what had been seen cannot be taken back unnoticed.

One line a copy, "count hash moment", in a file beside the database. Whoever wants more certainty sends the lines of
`tiepdan audit head` somewhere that the machine's own administrators cannot write.
"""

import os
from pathlib import Path

from sqlalchemy import Engine

from backlog import audit
from backlog.audit import Head
from kit import clock
from kit.db import session_scope


def path_in(var_dir: Path) -> Path:
    """Where an installation keeps its copies."""
    return var_dir / "audit-witness"


def record(engine: Engine, path: Path) -> Head:
    """Copy the head as it is now, unless the last copy says the same."""
    with session_scope(engine) as session:
        head = audit.head(session)
    if head.count and head not in read(path)[-1:]:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="ascii") as file:
            file.write("" if _ends_whole(path) else "\n")
            file.write(f"{head.count} {head.hash} {clock.now().isoformat(timespec='seconds')}\n")
            file.flush()
            os.fsync(file.fileno())
    return head


def read(path: Path) -> list[Head]:
    """All copies, oldest first; none when nothing has been copied yet. A line cut off by a crash is left out."""
    if not path.exists():
        return []
    parts = [line.split() for line in path.read_text(encoding="ascii").splitlines()]
    return [Head(int(one[0]), one[1]) for one in parts if len(one) == 3 and one[0].isdigit()]


def _ends_whole(path: Path) -> bool:
    """Whether the last line has its end: written on, a torn "12" and the next "13 …" would be row 1213."""
    text = path.read_bytes()
    return not text or text.endswith(b"\n")
