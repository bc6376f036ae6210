"""The file of imported names: what training reads, so that it needs no database."""

import json
import os
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from catalogue import store
from kit import clock
from kit.settings import ROOT

_NAME = "imported.json"


def read() -> list[dict[str, Any]]:
    """The names of this installation; empty when nothing has been imported."""
    path = _path()
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def refresh(session: Session) -> None:
    """Make the file equal to the database; without imports there is no file."""
    path = _path()
    names = store.imported_names(session, clock.now().date())
    if not names:
        path.unlink(missing_ok=True)
        return
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(names, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    draft.replace(path)


def _path() -> Path:
    # The settings hold secrets that training does without; this one of them is all it needs.
    return Path(os.environ.get("VAR_DIR") or ROOT / "var") / _NAME
