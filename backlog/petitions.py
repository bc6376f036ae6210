"""Letters of khiếu nại and tố cáo: drafted from what a citizen told, kept sealed for a week, opened by a secret."""

import secrets
import unicodedata
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import cache
from string import Formatter
from typing import Any, Literal

import yaml
from pydantic import TypeAdapter
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from backlog.model import PetitionDraft
from catalogue.legal import LegalText, LegalTexts
from kit import crypto
from kit.crypto import Sealer
from kit.settings import ROOT

KEPT_DAYS = 7
PATH = "/don"
"""Where the web shows a letter: PATH/<secret>."""
_PENDING = "pending:"
TEMPLATES = ROOT / "data" / "templates" / "petitions.yml"

Kind = Literal["khieu_nai", "to_cao"]
Role = Literal["to", "heading", "field", "text", "closing", "date", "signature"]


@dataclass(frozen=True)
class Told:
    """What the conversation knows, in the citizen's words; what is empty becomes a blank or is left out.

    `addressee`: who the law says must get the letter. `unit`: the agency that it is about. `story` and `demands`
    may have several lines.
    """

    story: str
    addressee: str
    unit: str = ""
    official: str = ""
    place: str = ""
    when: str = ""
    procedure: str = ""
    demands: str = ""


@dataclass(frozen=True)
class Line:
    """One paragraph. Without a text it is `blank` ruled lines to write on by hand, after the label if it has one."""

    role: Role
    text: str = ""
    label: str = ""
    blank: int = 0


@dataclass(frozen=True)
class Note:
    """A sentence about the law beside the letter, with where it comes from and the day on which that was read."""

    text: str
    source: str
    as_of: date
    unverified: bool


@dataclass(frozen=True)
class Letter:
    """A letter as every format shows it. `steps` and `notes` are for the citizen and no part of what is handed in."""

    kind: Kind
    title: str
    national: tuple[str, ...]
    lines: tuple[Line, ...]
    steps: tuple[str, ...]
    notes: tuple[Note, ...]
    drafted: date

    def to_json(self) -> str:
        """The letter as plain JSON."""
        return _LETTER.dump_json(self).decode()

    @staticmethod
    def from_json(text: str) -> "Letter":
        """The letter that `to_json` wrote. Raises pydantic's ValidationError for anything else."""
        return _LETTER.validate_json(text)


_LETTER = TypeAdapter(Letter)


def compose(kind: Kind, told: Told, legal: LegalTexts, today: date) -> Letter:
    """The letter of a kind, with the law as it stands today.

    Nothing of `told` is read as a template. Raises KeyError for an unknown kind, or when a legal text beside the
    letter does not hold today.
    """
    form = _forms()[kind]
    values = {name: _clean(value) for name, value in asdict(told).items()}
    return Letter(
        kind=kind,
        title=form["title"],
        national=tuple(form["national"]),
        lines=tuple(line for template in form["lines"] for line in _fill(values, **template)),
        steps=tuple(form["steps"]),
        notes=tuple(_note(legal.get(key, today)) for key in form["keys"]),
        drafted=today,
    )


def store(session: Session, sealer: Sealer, letter: Letter, now: datetime) -> str:
    """Keep a letter that nobody can open yet; returns the name under which `issue` finds it.

    The actions of Rasa call this, and Rasa keeps what they say: so the secret is made later, where it goes out.
    """
    name = f"{_PENDING}{uuid.uuid4().hex}"
    session.add(PetitionDraft(digest=name, kind=letter.kind, body=sealer.seal(letter.to_json()), at=now))
    session.flush()
    return name


def issue(session: Session, digest_key: str, name: str) -> str | None:
    """Make the secret (32 random bytes, URL-safe) that alone finds a letter; it is not kept.

    None for a letter that has its secret already, as when a turn is told a second time.
    """
    secret = secrets.token_urlsafe(32)
    waiting = update(PetitionDraft).where(PetitionDraft.digest == name, PetitionDraft.digest.startswith(_PENDING))
    issued = session.scalar(waiting.values(digest=_digest(digest_key, secret)).returning(PetitionDraft.kind))
    return secret if issued else None


def find(session: Session, sealer: Sealer, digest_key: str, secret: str, now: datetime) -> Letter | None:
    """The letter of a secret; None when there is none or its 7 days are over."""
    row = session.get(PetitionDraft, _digest(digest_key, secret))
    if row is None or row.at <= _oldest(now):
        return None
    return Letter.from_json(sealer.open(row.body))


def delete_old(session: Session, now: datetime) -> int:
    """Delete the letters whose 7 days are over; returns how many they were."""
    gone = delete(PetitionDraft).where(PetitionDraft.at <= _oldest(now)).returning(PetitionDraft.digest)
    return len(session.scalars(gone).all())


def _oldest(now: datetime) -> datetime:
    return now - timedelta(days=KEPT_DAYS)


def _digest(digest_key: str, secret: str) -> str:
    return crypto.digest(digest_key, f"petition:{secret}")


def _fill(
    values: Mapping[str, str], role: Role, text: str = "", label: str = "", otherwise: str = "", blank: int = 0
) -> Iterator[Line]:
    """The lines that one line of the template becomes: one for each line of what was told, or none."""
    wanted = [name for _, name, _, _ in Formatter().parse(text) if name]
    filled = text.format_map(values) if all(values[name] for name in wanted) else otherwise
    if role == "text":
        yield from (Line(role, part) for part in filled.splitlines())
    elif filled:
        yield Line(role, " ".join(filled.split()), label)
    if not filled and blank:
        yield Line(role, label=label, blank=blank)


def _clean(told: str) -> str:
    """What was told as lines of visible text. Word's format forbids control characters, and JSON half a surrogate."""
    lines = (" ".join("".join(filter(_visible, line)).split()) for line in told.splitlines())
    return unicodedata.normalize("NFC", "\n".join(filter(None, lines)))


def _visible(char: str) -> bool:
    return char.isspace() or not unicodedata.category(char).startswith("C")


def _note(text: LegalText) -> Note:
    return Note(text.text, text.source, text.as_of, text.unverified)


@cache
def _forms() -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(TEMPLATES.read_text(encoding="utf-8"))
    return loaded
