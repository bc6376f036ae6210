"""What Rasa must never see."""

from bot.masking import mask
from kit.crypto import Sealer


def test_a_receipt_is_taken_out(sealer: Sealer) -> None:
    masked = mask(sealer, "phiếu PA-2026-000123-4 mã 1234 5678 9012 3456 tới đâu")
    assert masked.text == "phiếu PA-2026-000123-4 mã [mã biên nhận] tới đâu"
    assert masked.receipts == ["1234567890123456"]


def test_a_phone_number_is_sealed(sealer: Sealer) -> None:
    masked = mask(sealer, "gọi tôi 0912.345.678 nha")
    assert masked.text == "gọi tôi [số điện thoại] nha"
    assert masked.phone_sealed is not None
    assert sealer.open(masked.phone_sealed) == "0912345678"


def test_an_identity_number_is_dropped(sealer: Sealer) -> None:
    masked = mask(sealer, "căn cước 094123456789 của tôi")
    assert masked.text == "căn cước [số định danh] của tôi"
    assert masked.had_id_number


def test_an_ordinary_text_stays_as_it_is(sealer: Sealer) -> None:
    text = "sáng nay 8 giờ, quầy số 3, đòi 500k, đi 3 lần, ngày 15/3/2026"
    masked = mask(sealer, text)
    assert masked.text == text
    assert not (masked.receipts or masked.phone_sealed or masked.had_id_number)
