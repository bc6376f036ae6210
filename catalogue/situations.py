"""What a citizen's own words say about their case: "làm hộ chiếu cho con 5 tuổi", "đi làm giùm mẹ".

Only what the words settle: two different answers to one question, or none, leave the question open.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, datetime

from catalogue.document import Strict
from catalogue.procedures import CitizenDeadline, Key, Option, Procedure, Question, Text, When
from vntext.fold import fold
from vntext.when import find_times

# Chosen options of a procedure's questions: {"who": "proxy"}.
Situation = Mapping[str, str]

_NUMBERS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín", "mười")
_SPOKEN = {fold(word): number for number, word in enumerate(_NUMBERS)} | {"muoi mot": 11, "muoi hai": 12}
_AGE = re.compile(
    r"(?<!\w)(?P<n>\d{1,3}|"
    + "|".join(sorted(_SPOKEN, key=len, reverse=True))
    + r")\s*(?P<unit>tuoi|thang(?:\s+tuoi)?)(?!\w)"
)
_BORN = re.compile(r"(?<!\w)(?:sinh\s+nam|sn|sanh\s+nam)\s*(?P<year>(?:19|20)\d\d)(?!\w)")
_NEWBORN = re.compile(r"(?<!\w)(?:moi\s+(?:sinh|sanh|de)|so\s+sinh|em\s+be)(?!\w)")
_CHILD = re.compile(r"(?<!\w)(?:con|chau|be|em|nhoc|tre)(?!\w)[^.,;?!]{0,30}$")
_NOT = re.compile(r"(?<!\w)(?:khong|chua|hong|ko|k|chang)\s+(?:phai\s+|co\s+|bi\s+)?$")
_NEAR = 30  # characters before a date in which the event must be told


class SituationFile(Strict):
    """data/situations.yml: phrases by the key of an option."""

    phrases: dict[Key, list[Text]]


class Situations:
    """Recognises cases by phrases that all procedures share and those of a procedure's own options."""

    def __init__(self, phrases: Mapping[str, list[str]]) -> None:
        self._phrases = phrases

    def told(self, procedure: Procedure, text: str, on: date) -> dict[str, str]:
        """The answers to the procedure's questions that a message gives, counted on the day it was sent."""
        text = unicodedata.normalize("NFC", text)
        answers = {question.key: self._answer(question, text, on) for question in procedure.questions}
        return {key: option for key, option in answers.items() if option}

    def _answer(self, question: Question, text: str, on: date) -> str | None:
        by_age = {option.key for option in question.options if option.age and _age_is_in(option.age, text, on)}
        if by_age:
            return by_age.pop() if len(by_age) == 1 else None
        heard = [(*span, option.key) for option in question.options for span in self._heard(option, text)]
        # A phrase inside a longer one has heard less: "kết hôn" in "chưa kết hôn".
        best = {
            key
            for start, end, key in heard
            if not any(first <= start and end <= last and last - first > end - start for first, last, _ in heard)
        }
        return best.pop() if len(best) == 1 else None

    def _heard(self, option: Option, text: str) -> Iterator[tuple[int, int]]:
        """Where a text speaks of an option and does not deny it."""
        lowered, folded = text.lower(), fold(text)
        for phrase in {*option.said, *self._phrases.get(option.key, ())}:
            for match in _occurrences(phrase.lower(), lowered, folded):
                if not _NOT.search(folded[: match.start()]):
                    yield match.span()


def _occurrences(phrase: str, lowered: str, folded: str) -> Iterator[re.Match[str]]:
    """Where a phrase stands. Without marks it counts only where the citizen wrote none: "mặt" is not "mất"."""
    for match in re.finditer(rf"(?<!\w){re.escape(fold(phrase))}(?!\w)", folded):
        written = lowered[match.start() : match.end()]
        if written in (phrase, match.group()):
            yield match


def holds(when: When, situation: Situation) -> bool | None:
    """Whether a condition is fulfilled; None while an answer that it needs is not known."""
    known = [situation[key] in options for key, options in when.items() if key in situation]
    if not all(known):
        return False
    return True if len(known) == len(when) else None


def open_questions(procedure: Procedure, situation: Situation) -> list[Question]:
    """The questions that still change something, in the order in which they are asked."""
    undecided = [when for when in procedure.whens() if when and holds(when, situation) is None]
    return [
        question
        for question in procedure.questions
        if question.key not in situation and any(question.key in when for when in undecided)
    ]


def event_day(deadline: CitizenDeadline, text: str, now: datetime) -> date | None:
    """The day of the event in a message ("bé sinh hôm 20/9"); None when it tells none, or several."""
    text = unicodedata.normalize("NFC", text)
    spans = [span for span in find_times(text, now) if span.first == span.last]
    words = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(fold(word)) for word in deadline.event_words) + r")(?!\w)")
    near = [span for span in spans if words.search(fold(text)[max(0, span.start - _NEAR) : span.start])]
    days = {span.first for span in near}
    return days.pop() if len(days) == 1 else None


def _age_is_in(bounds: list[int | None], text: str, on: date) -> bool:
    low, high = bounds[0] or 0, bounds[1] if bounds[1] is not None else 200
    ages = _ages(text, on)
    return bool(ages) and all(low <= age < high for age in ages)


def _ages(text: str, on: date) -> set[int]:
    """The ages that a text may mean; of several people's, the child's: it is done for the child."""
    folded = fold(text)
    told = [(match.start(), _years(match)) for match in _AGE.finditer(folded) if _tells_age(match, folded)]
    for match in _BORN.finditer(folded):
        # The birthday of this year may lie ahead.
        told += [(match.start(), on.year - int(match["year"]) - step) for step in (0, 1)]
    children = [(at, age) for at, age in told if _CHILD.search(folded[:at])]
    ages = {age for _, age in children or told}
    if not ages and _NEWBORN.search(folded):
        return {0}
    return {age for age in ages if age >= 0}


def _tells_age(match: re.Match[str], folded: str) -> bool:
    """ "3 tháng" alone is a time; "bé 3 tháng" and "3 tháng tuổi" are ages."""
    return match["unit"] != "thang" or _CHILD.search(folded[: match.start()]) is not None


def _years(match: re.Match[str]) -> int:
    number = int(match["n"]) if match["n"].isdigit() else _SPOKEN[match["n"]]
    return number // 12 if match["unit"].startswith("thang") else number
