"""Takes secrets and personal numbers out of a text before Rasa, whose store keeps texts in clear, sees it."""

from dataclasses import dataclass, field

from kit.crypto import Sealer
from vntext import patterns
from vntext.patterns import Span

RECEIPT_WORD = "[mã biên nhận]"
PHONE_WORD = "[số điện thoại]"
ID_NUMBER_WORD = "[số định danh]"
SEALED_WORD = "[đã niêm phong]"


@dataclass
class Masked:
    """A text that Rasa may see, and what was taken out of it, as metadata for the actions.

    `receipts` are plain 16-digit receipts: the caller digests them and forgets them.
    `phone_sealed` is a sealed phone number. Identity-card numbers are dropped: they are not collected
    (data minimisation, Luật 91/2025/QH15 art. 3).
    """

    text: str
    receipts: list[str] = field(default_factory=list)
    phone_sealed: str | None = None
    had_id_number: bool = False


def mask(sealer: Sealer, text: str) -> Masked:
    """Replace receipts, phone numbers and identity-card numbers in `text`."""
    receipts = patterns.find_receipts(text)
    phones = _outside(patterns.find_phones(text), receipts)
    id_numbers = _outside(patterns.find_id_numbers(text), receipts + phones)
    words = (
        [(span, RECEIPT_WORD) for span in receipts]
        + [(span, PHONE_WORD) for span in phones]
        + [(span, ID_NUMBER_WORD) for span in id_numbers]
    )
    masked = text
    for span, word in sorted(words, key=lambda pair: pair[0].start, reverse=True):
        masked = masked[: span.start] + word + masked[span.end :]
    return Masked(
        text=masked,
        receipts=[span.value for span in receipts],
        phone_sealed=sealer.seal(phones[0].value) if phones else None,
        had_id_number=bool(id_numbers),
    )


def _outside(spans: list[Span], taken: list[Span]) -> list[Span]:
    return [span for span in spans if not any(span.start < other.end and other.start < span.end for other in taken)]
