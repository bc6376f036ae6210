"""Small data folders to break in tests, and procedures to answer about."""

import shutil
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from catalogue.answers import Asked
from catalogue.procedures import Procedure
from kit.clock import VIETNAM
from kit.settings import ROOT

TODAY = date(2026, 11, 24)


def asked(day: date = TODAY, clock: time = time(9, 30), **known: Any) -> Asked:
    """A question on a day, at half past nine unless told otherwise."""
    return Asked(datetime.combine(day, clock, VIETNAM), **known)


def copy_data(folder: Path) -> Path:
    """The project's own data, in a place where a test may spoil it."""
    target = folder / "data"
    shutil.copytree(ROOT / "data", target)
    return target


def spoil(path: Path, old: str, new: str) -> int:
    """Replace the first `old` in a file; the number of the line it was in. Fails when it is not there."""
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def make_procedure(**changes: Any) -> Procedure:
    """A small procedure that is right in every way, with `changes`."""
    body: dict[str, Any] = {
        "code": "9.000001",
        "name": "Cấp giấy phép thử",
        "short_name": "Giấy phép thử",
        "summary": "Để thử.",
        "aliases": ["giấy thử"],
        "field": "Thử",
        "authority": [{"valid_from": date(2025, 7, 1), "text": "UBND xã, phường"}],
        "hand_in": {"where": "Trung tâm Phục vụ hành chính công xã, phường", "residence": "city"},
        "documents": [{"items": ["Tờ khai"]}],
        "fee": {"short": "Không thu"},
        "time_limit": {"short": "3 ngày làm việc"},
        "steps": ["Nộp hồ sơ"],
        "channels": ["counter"],
        "online_level": "none",
        "source": {"title": "Nguồn thử"},
        "as_of": date(2026, 7, 20),
        "confidence": "high",
    }
    return Procedure.model_validate(body | changes)
