"""Which procedure a question is about."""

from typing import Any

import pytest

from actions.case import payload
from actions.heard import Link
from actions.procedure import find_target
from tests.unit.actions.test_intake import entity, said

CANDIDATES: list[dict[str, Any]] = [
    {"code": "1.001193", "name": "Đăng ký khai sinh", "score": 0.8},
    {"code": "1.004884", "name": "Đăng ký lại khai sinh", "score": 0.6},
]


def link(confidence: float) -> Link:
    return Link("1.001193", "Đăng ký khai sinh", confidence, 0.8, CANDIDATES)


def test_a_sure_link_is_answered() -> None:
    assert find_target(said(link=link(0.9)), None).code == "1.001193"


def test_a_question_without_names_is_about_what_is_in_talk() -> None:
    assert find_target(said("mấy ngày"), "1.000894").code == "1.000894"
    assert find_target(said("mấy ngày"), None).code is None


def test_an_unsure_link_is_asked() -> None:
    target = find_target(said(link=link(0.4)), None)
    assert target.code is None
    assert [found["code"] for found in target.choices] == ["1.001193", "1.004884"]


def test_an_unsure_link_to_what_is_in_talk_stays_there() -> None:
    assert find_target(said(link=link(0.4)), "1.004884").code == "1.004884"


def test_a_hopeless_link_is_nothing() -> None:
    assert find_target(said(link=link(0.05)), None).choices == ()


def test_a_button_decides() -> None:
    pressed = said(entities=[entity("procedure", "1.000656")], link=link(0.9))
    assert find_target(pressed, "1.000894").code == "1.000656"


@pytest.mark.parametrize("aspect", ["documents", "legal_basis"])
def test_a_button_names_procedure_and_aspect(aspect: str) -> None:
    assert payload("1.001193", aspect) == f'/ask_procedure{{"procedure":"1.001193","aspect":"{aspect}"}}'
