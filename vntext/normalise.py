"""One spelling for one word: NFC, no invisible characters, one white space, one way to place tone marks."""

import re
import unicodedata

_INVISIBLE = {"Cc", "Cf", "Co", "Cs"}
_SPACE = re.compile(r"\s+")
_TONES = "\u0300\u0301\u0303\u0309\u0323"  # huyền sắc ngã hỏi nặng
_OLD_PLACE = re.compile(
    r"(?P<first>[oOuU])(?P<second>[aAeEyY])(?P<tone>[\u0300\u0301\u0303\u0309\u0323])(?![a-zA-Z\u0300-\u036f])"
)


def normalise(text: str) -> str:
    """The text as the rest of the project reads it.

    NFC; control, format and bidirectional characters dropped; white space runs become one space, line breaks
    included; the tone of a final oa, oe, uy moves to the first vowel (hoà → hòa, thuỷ → thủy), which is how
    most people and our data write it; "quý" keeps its tone, since there u belongs to the consonant.
    """
    visible = "".join(" " if char in "\n\r\t" else char for char in text if char in "\n\r\t" or _visible(char))
    return _SPACE.sub(" ", unicodedata.normalize("NFC", _move_tones(visible))).strip()


def _visible(char: str) -> bool:
    return unicodedata.category(char) not in _INVISIBLE


def _move_tones(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return _OLD_PLACE.sub(_moved, decomposed)


def _moved(match: "re.Match[str]") -> str:
    before = match.string[match.start() - 1 : match.start()].lower()
    if match["first"].lower() == "u" and (match["second"].lower() != "y" or before == "q"):
        return match.group()
    return match["first"] + match["tone"] + match["second"]
