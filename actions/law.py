"""Khiếu nại and tố cáo: when a story is really one of them, what is said about it, and the letter that is drafted."""

import re
from datetime import date

from rasa_sdk.executor import CollectingDispatcher

from actions.context import ActionContext
from actions.heard import Heard
from backlog import petitions, routing
from backlog.petitions import Kind, Told
from catalogue.load import Facts
from kit.db import session_scope
from vntext.fold import fold

_WANTS_LETTER = re.compile(r"\b(?:soan|viet|lam|mau|ghi)\b.{0,12}\bdon\b")
NAMES = {"khieu_nai": "khiếu nại", "to_cao": "tố cáo"}
_DOUBT = " (Điều này tôi chưa xác minh được, anh/chị hỏi lại cơ quan giúp.)"
# Words for what the law calls tố cáo (a breach of the law) and khiếu nại (a decision against oneself).
_DENOUNCES = re.compile(
    r"\bto cao\b(?! tuoi)|\btham nhung\b|\btham o\b(?! (?:benh|nha|trai))|\b(?:nhan|an|dua) hoi lo\b"
    r"|\ban chan\b(?! (?:che|roi))|\brut ruot\b|\bgia mao\b|\bbao ke\b(?! khai)"
    r"|\blam gia giay\b|\bkhai khong\b(?! (?:duoc|dc|xong|noi|vo|ra))|\bbien thu\b"
)
_OBJECTS = re.compile(
    r"\bkhieu nai\b|\bkhong (?:dong y|chap nhan|phuc)(?: voi)?(?: cai)? (?:quyet dinh|ket qua)\b"
    r"|\bquyet dinh (?:thu hoi|xu phat|cuong che|ky luat|giai toa|boi thuong|bac don)\b"
    r"|\b(?:cuong che|thu hoi) (?:dat|nha)\b"
    r"|\b(?:den bu|boi thuong)\b.{0,30}\b(?:thap|re|khong dung|bat cong|khong thoa dang)\b"
)


def legal_kind(text: str) -> str:
    """ "to_cao", "khieu_nai", or nothing when a story is an ordinary phản ánh.

    Only by its words: the bot explains the difference, the citizen decides.
    """
    words = fold(text)
    if _DENOUNCES.search(words):
        return "to_cao"
    return "khieu_nai" if _OBJECTS.search(words) else ""


def say(facts: Facts, keys: tuple[str, ...], on: date) -> str:
    """The legal texts of some keys as they hold on a day, as a list; doubtful ones say so, the sources come last."""
    texts = [facts.legal.get(key, on) for key in keys]
    lines = [f"- {text.text}{_DOUBT if text.unverified else ''}" for text in texts]
    sources = _sources([text.source for text in texts])
    return "\n".join([*lines, f"Nguồn: {sources}."] if sources else lines)


def explain(dispatcher: CollectingDispatcher, facts: Facts, said: Heard) -> None:
    """The ways to complain."""
    keys = ("phan_anh", "khieu_nai", "khieu_nai_limits", "to_cao")
    dispatcher.utter_message(response="utter_how_to_complain", law=say(facts, keys, said.sent_at.date()))


def wants_letter(text: str) -> bool:
    """Whether somebody asks for a letter of one kind: "tôi muốn soạn đơn tố cáo"."""
    return bool(legal_kind(text)) and bool(_WANTS_LETTER.search(fold(text)))


def _sources(named: list[str]) -> str:
    """Each source once, the most exact mention of it; our own way of working is no source to look up."""
    parts = list(dict.fromkeys(part for source in named for part in source.split("; ")))
    foreign = [part for part in parts if not part.startswith("Cách làm của Tiếp Dân")]
    return "; ".join(one for one in foreign if not any(one != other and other.startswith(one) for other in foreign))


def addressee(facts: Facts, kind: Kind, told: Told, agency_key: str, place_key: str, on: date) -> str:
    """Whom the law makes competent: for a first khiếu nại the head of the agency itself, for a tố cáo the head of
    whoever manages the official, one level up when it is about the head.

    Luật Khiếu nại 2011, Điều 17 đến 21; Luật Tố cáo 2018, Điều 12 và 13. "Cơ quan có thẩm quyền" when nobody knows.
    """
    about = routing.about_unit(facts.agencies, agency_key or None, place_key or None, on)
    if about is None:
        return ""
    if kind == "to_cao" and (headed := routing.headed_unit(facts.agencies, about, told.official, on)):
        about = facts.agencies.parent(headed.key, on) or headed
    return f"{about.head} ({about.name})" if about.name not in about.head else about.head


def draft(context: ActionContext, kind: Kind, told: Told, said: Heard) -> str:
    """Keep a drafted letter for a week; returns its name, under which bot/reply.py makes its secret address."""
    letter = petitions.compose(kind, told, context.facts.legal, said.sent_at.date())
    with session_scope(context.engine) as session:
        return petitions.store(session, context.sealer, letter, said.sent_at)
