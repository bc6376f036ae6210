"""`ask` and `parse`: the shape of the output, places counted in what was typed, nothing filed."""

import io
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from assembly import asking, databases
from assembly.asking import Asker, for_rasa, in_original
from assembly.bootstrap import Services, build
from assembly.postgres import EmbeddedPostgres
from bot import masking
from bot.context import BotContext
from bot.rasa import RasaClient, RasaUnavailable
from kit.crypto import Sealer
from tests.unit.assembly.support import SECRET, settings
from vntext.normalise import normalise

PARSED = {
    "intent": {"name": "ask_procedure", "confidence": 0.9, "id": 3},
    "intent_ranking": [{"name": "ask_procedure", "confidence": 0.9}, {"name": "complain", "confidence": 0.1}],
    "aspects": [{"name": "documents", "confidence": 0.8}],
    "categories": [],
    "entities": [{"entity": "counter", "start": 19, "end": 25, "value": "quay 3"}],
    "procedure": {
        "code": "1.001193",
        "name": "Đăng ký khai sinh",
        "confidence": 0.84,
        "evidence": 0.9,
        "candidates": [{"code": "1.001193", "name": "Đăng ký khai sinh", "score": 0.7}],
    },
}


class Rasa:
    """Answers like the gateway and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.parsed: dict[str, Any] = PARSED

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.path.rpartition("/")[2], json.loads(request.content)))
        if request.url.path.endswith("parse"):
            return httpx.Response(200, json=self.parsed)
        return httpx.Response(200, json=[{"text": "Đăng ký khai sinh cần: …"}])


@pytest.fixture(scope="module")
def services(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    postgres.create("asking", "a", "asking_test")
    own = settings(
        tmp_path_factory.mktemp("var"),
        database_url=postgres.address("asking", "a", "asking_test"),
        seal_keys=Fernet.generate_key().decode(),
    )
    databases.migrate_and_load(own)
    services = build(own)
    yield services
    services.close()


@pytest.fixture
def rasa() -> Rasa:
    return Rasa()


@pytest.fixture
def asker(services: Services, rasa: Rasa) -> Asker:
    client = RasaClient("http://rasa", SECRET, httpx.MockTransport(rasa))
    bot = BotContext(services.settings, services.engine, services.sealer, client, {})
    return Asker(Services(services.settings, services.engine, services.sealer, services.facts, bot, services.actions))


def test_an_answer_has_the_promised_shape(asker: Asker) -> None:
    said = asker.ask("lam khai sinh can gi")
    assert list(said) == ["text", "intent", "intents", "aspects", "categories", "entities", "procedure", "replies"]
    assert said["intent"] == {"name": "ask_procedure", "confidence": 0.9}
    assert said["replies"] == [{"text": "Đăng ký khai sinh cần: …"}]
    procedure = said["procedure"]
    assert list(procedure) == [
        "code", "name", "aspect", "confidence", "candidates", "as_of", "source", "unverified",
    ]  # fmt: skip
    assert (procedure["code"], procedure["aspect"]) == ("1.001193", "documents")
    assert "1.001193" in procedure["source"]


def test_parse_asks_nothing_of_the_dialogue(asker: Asker, rasa: Rasa) -> None:
    assert asker.parse("lam khai sinh can gi")["replies"] == []
    assert [path for path, _ in rasa.asked] == ["parse"]


def test_every_message_is_a_dry_run_in_a_conversation_of_its_own(asker: Asker, rasa: Rasa) -> None:
    for _ in range(2):
        asker.ask("phản ánh cán bộ")
    turns = [body for path, body in rasa.asked if path == "webhook"]
    assert all(turn["metadata"]["dry_run"] is True for turn in turns)
    assert "conversation_id" not in turns[0]["metadata"]
    assert len({turn["sender"] for turn in turns}) == 2
    assert asker.senders == [turn["sender"] for turn in turns]


def test_rasa_sees_neither_numbers_nor_commands(asker: Asker, rasa: Rasa) -> None:
    asker.ask("/restart goi em 0912345678")
    assert {body["message"] for _, body in rasa.asked} == {f"restart goi em {masking.PHONE_WORD}"}


def test_an_empty_line_is_an_empty_answer_in_its_place(asker: Asker, rasa: Rasa) -> None:
    said = asker.ask("  ")
    assert (said["text"], said["intent"]["name"], said["procedure"], said["replies"]) == ("  ", None, None, [])
    assert rasa.asked == []


def test_a_procedure_that_the_catalogue_no_longer_has_is_not_named(asker: Asker, rasa: Rasa) -> None:
    rasa.parsed = {**PARSED, "procedure": {**PARSED["procedure"], "code": "9.999999"}}  # type: ignore[dict-item]
    assert asker.parse("x")["procedure"] is None


def test_rasa_that_fails_is_an_error_and_not_an_empty_answer(services: Services) -> None:
    client = RasaClient("http://rasa", SECRET, httpx.MockTransport(lambda _: httpx.Response(503)))
    bot = BotContext(services.settings, services.engine, services.sealer, client, {})
    broken = Asker(
        Services(services.settings, services.engine, services.sealer, services.facts, bot, services.actions)
    )
    with pytest.raises(RasaUnavailable):
        broken.ask("xin chào")


def test_places_are_counted_in_what_was_typed(asker: Asker, rasa: Rasa) -> None:
    text = "em 0912345678 o quay 3"
    masked = f"em {masking.PHONE_WORD} o quay 3"
    at = masked.index("quay 3")
    rasa.parsed = {**PARSED, "entities": [{"entity": "counter", "start": at, "end": at + 6, "value": "quay 3"}]}
    found = asker.parse(text)["entities"][0]
    assert text[found["start"] : found["end"]] == "quay 3"


def test_places_are_right_in_decomposed_text_too() -> None:
    """Some telephones send "ầ" as three characters; Rasa sees one."""
    text = unicodedata.normalize("NFD", "hoà giải ở quầy 3 sáng nay")
    said = for_rasa(normalise(text))
    at = said.index("quầy 3")
    found = in_original([{"start": at, "end": at + 6}], said, text)[0]
    assert unicodedata.normalize("NFC", text[found["start"] : found["end"]]) == "quầy 3"


WORDS = st.lists(
    st.sampled_from(["em", "o quay 3", "0912345678", "1234 5678 9012 3456", "079123456789", "/x"]), max_size=8
)


@given(WORDS)
def test_no_masking_moves_a_word(words: list[str]) -> None:
    text = " ".join(words)
    said = for_rasa(masking.mask(Sealer([Fernet.generate_key().decode()]), text).text)
    at = said.find("quay 3")
    if at >= 0:
        found = in_original([{"start": at, "end": at + 6}], said, text)[0]
        assert text[found["start"] : found["end"]] == "quay 3"


def test_lines_keep_their_order_and_their_empty_ones() -> None:
    assert list(asking.lines(io.StringIO("một\r\n\nhai"))) == ["một", "", "hai"]


def test_the_shape_is_what_json_can_say(asker: Asker, tmp_path: Path) -> None:
    said = asker.ask("lam khai sinh can gi")
    assert json.loads(json.dumps(said, ensure_ascii=False)) == said
