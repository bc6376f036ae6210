"""Buttons: short, signed, and of use to nobody else."""

import pytest

from bot import choices

KEY = "k" * 32


def test_a_code_gives_its_payload_back() -> None:
    payload = '/ask_procedure{"procedure": "1.001193", "aspect": "fee"}'
    assert choices.open_code(KEY, "c1", choices.sign(KEY, "c1", payload)) == payload


def test_an_intent_alone_is_a_payload_too() -> None:
    assert choices.open_code(KEY, "c1", choices.sign(KEY, "c1", "/affirm")) == "/affirm"


def test_another_conversation_cannot_use_it() -> None:
    with pytest.raises(choices.StaleChoice):
        choices.open_code(KEY, "c2", choices.sign(KEY, "c1", "/affirm"))


@pytest.mark.parametrize("code", ["", "affirm", ".affirm", "AAAAAAAAAAAA.affirm", "ééé.affirm", "/affirm"])
def test_forged_codes_are_refused(code: str) -> None:
    with pytest.raises(choices.StaleChoice):
        choices.open_code(KEY, "c1", code)


def test_a_changed_code_is_refused() -> None:
    code = choices.sign(KEY, "c1", '/choose{"contact": "chat"}')
    with pytest.raises(choices.StaleChoice):
        choices.open_code(KEY, "c1", code.replace("chat", "named"))


def test_the_longest_real_payload_fits_telegram() -> None:
    payload = '/ask_procedure{"procedure":"1.014336","aspect":"legal_basis"}'
    assert len(choices.sign(KEY, "c" * 36, payload).encode()) <= choices.MAX_BYTES


@pytest.mark.parametrize("payload", ["affirm", "/Affirm", "", '/ask_procedure{"procedure":"' + "9" * 60 + '"}'])
def test_a_payload_that_cannot_be_a_button_is_an_error(payload: str) -> None:
    with pytest.raises(ValueError, match=r"payload|bytes"):
        choices.sign(KEY, "c1", payload)
