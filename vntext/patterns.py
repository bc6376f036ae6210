"""Numbers that mean something: tickets, receipts, phones, identity cards, dossiers, money, trips."""

import re
from typing import List, NamedTuple

from vntext.fold import fold


class Span(NamedTuple):
    """A piece of a text: text[start:end], and its value in canonical writing."""

    start: int
    end: int
    value: str


_TICKET = re.compile(r"\bpa[\s\-_.]*(20\d\d)[\s\-_.]*(\d{6})[\s\-_.]*(\d)\b")
_DIGITS = re.compile(r"(?<![\d])(?:\+?\d(?:[ .\-]?\d)+)(?![\d])")
_DOSSIER = re.compile(r"\b(?:\d{2,3}\.){2,4}h\d{2}-\d{6}-\d{3,5}\b|\bh\d{2}\.\d+(?:\.\d+)*-\d{6}-\d{3,5}\b")
_MONEY = re.compile(
    r"(?<![\w.,])(\d{1,3}(?:[.,]\d{3})+|\d+(?:[.,]\d+)?)\s*(trieu(?:\s*ruoi)?|tr|nghin|ngan|k|cu|xi|lit|d|dong|vnd|chai)\b"
)
_TRIPS = re.compile(
    r"(?:\bdi(?:\s+toi|\s+lui|\s+lai|\s+len|\s+xuong)*\s+|\blen\s+xuong\s+|\bquay\s+lai\s+|\bchay\s+(?:toi\s+chay\s+lui\s+)?)"
    r"(?:hon\s+|toi\s+|ca\s+|het\s+|gan\s+)?(\d{1,2}|hai|ba|bon|tu|nam|sau|bay|tam|chin|muoi)\s+(?:lan|bua|chuyen|luot|vong)\b"
    r"|\b(\d{1,2}|hai|ba|bon|nam|sau|bay|tam|chin|muoi)\s+(?:lan|chuyen|luot)\s+(?:di|len|toi|quay)\b"
)
_WORDS = {"hai": 2, "ba": 3, "bon": 4, "tu": 4, "nam": 5, "sau": 6, "bay": 7, "tam": 8, "chin": 9, "muoi": 10}


def find_ticket_numbers(text: str) -> List[Span]:
    """Ticket numbers, also typed loosely ("pa 2026 000123 4"); value is `PA-2026-000123-4`."""
    return [
        Span(match.start(), match.end(), f"PA-{match[1]}-{match[2]}-{match[3]}")
        for match in _TICKET.finditer(fold(text))
    ]


def find_receipts(text: str) -> List[Span]:
    """Receipts: exactly 16 digits, groups may be parted by spaces, dots or dashes; value is the digits.

    A ticket number right before one does not run into it.
    """
    for number in find_ticket_numbers(text):
        text = text[: number.start] + "x" * (number.end - number.start) + text[number.end :]
    return [span for span in _numbers(text) if len(span.value) == 16]


def find_phones(text: str) -> List[Span]:
    """Vietnamese phone numbers: 10 digits from 0 (mobile 03–09, landline 02 with 11); value starts with 0."""
    found = []
    for span in _numbers(text):
        digits = "0" + span.value[2:] if span.value.startswith("84") and len(span.value) == 11 else span.value
        if re.fullmatch(r"0[35789]\d{8}|02\d{9}", digits):
            found.append(Span(span.start, span.end, digits))
    return found


def find_id_numbers(text: str) -> List[Span]:
    """Identity-card numbers: 12 digits (căn cước) or 9 (old CMND). They are found only to be taken out."""
    return [span for span in _numbers(text) if len(span.value) in (9, 12)]


def find_dossier_codes(text: str) -> List[Span]:
    """One-stop dossier codes such as `000.00.16.H51-240315-0012`; value in capitals."""
    return [Span(match.start(), match.end(), match.group().upper()) for match in _DOSSIER.finditer(fold(text))]


def find_money(text: str) -> List[Span]:
    """Sums of money as spoken ("200k", "2 triệu", "một xị" not); value is the citizen's own words."""
    return [
        Span(match.start(), match.end(), text[match.start() : match.end()]) for match in _MONEY.finditer(fold(text))
    ]


def find_trips(text: str) -> List[Span]:
    """How many times somebody had to come ("đi 3 lần", "lên xuống ba bận"); value is a number as digits."""
    spans = []
    for match in _TRIPS.finditer(fold(text)):
        word = match[1] or match[2]
        spans.append(Span(match.start(), match.end(), str(_WORDS.get(word, word))))
    return spans


def _numbers(text: str) -> List[Span]:
    taken = find_ticket_numbers(text) + find_dossier_codes(text)
    spans = [Span(match.start(), match.end(), re.sub(r"\D", "", match.group())) for match in _DIGITS.finditer(text)]
    return [span for span in spans if not any(span.start < other.end and other.start < span.end for other in taken)]
