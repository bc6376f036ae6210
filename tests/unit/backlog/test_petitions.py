"""Letters of khiếu nại and tố cáo: what stands in them, and who finds them for how long."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import get_args

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from backlog import petitions
from backlog.model import PetitionDraft
from backlog.petitions import Kind, Letter, Line, Told
from catalogue.load import Facts
from kit.crypto import Sealer
from tests.factories import MONDAY

KEY = "digest-key-for-tests-only"
KINDS: tuple[Kind, ...] = get_args(Kind)
TOLD = Told(
    story="Sáng đó tôi đi làm giấy khai sinh cho con.\nCán bộ bắt tôi về lấy thêm giấy, ba lần.",
    addressee="Chủ tịch UBND phường Phú Lợi",
    unit="UBND phường Phú Lợi",
    official="chị Hoa, quầy số 3",
    place="quầy số 3, UBND phường Phú Lợi",
    when="sáng 16/11/2026",
    procedure="Đăng ký khai sinh",
    demands="Trả giấy khai sinh cho con tôi.",
)
UNKNOWN = Told(story="", addressee="")


def letter(facts: Facts, kind: Kind = "khieu_nai", told: Told = TOLD) -> Letter:
    return petitions.compose(kind, told, facts.legal, MONDAY.date())


def shown(one: Letter) -> list[str]:
    """Each line as a person reads it."""
    return [": ".join(filter(None, [line.label, line.text or "____"])) for line in one.lines]


def blanks(one: Letter) -> list[str]:
    return [line.label for line in one.lines if line.blank and line.label]


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_was_told_stands_in_the_letter(facts: Facts, kind: Kind) -> None:
    text = "\n".join(shown(letter(facts, kind)))
    told = [TOLD.addressee, TOLD.unit, TOLD.official, TOLD.place, TOLD.when, TOLD.procedure, TOLD.demands]
    assert [words for words in (*told, *TOLD.story.splitlines()) if words not in text] == []


def stored(session: Session, sealer: Sealer, one: Letter, now: datetime) -> str:
    """The secret of a letter that has been kept and sent out."""
    secret = petitions.issue(session, KEY, petitions.store(session, sealer, one, now))
    assert secret is not None
    return secret


def test_the_two_letters_have_their_own_titles_under_the_national_heading(facts: Facts) -> None:
    assert [letter(facts, kind).title for kind in KINDS] == ["ĐƠN KHIẾU NẠI", "ĐƠN TỐ CÁO"]
    heading = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
    assert all(letter(facts, kind).national == heading for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_the_citizen_is_left_their_own_name_address_and_telephone(facts: Facts, kind: Kind) -> None:
    left = blanks(letter(facts, kind))
    assert left[:2] == ["Họ và tên", "Địa chỉ"]
    assert left[2].startswith("Điện thoại")


@pytest.mark.parametrize("kind", KINDS)
def test_no_letter_asks_for_an_identity_card(facts: Facts, kind: Kind) -> None:
    text = "\n".join([*shown(letter(facts, kind, UNKNOWN)), *letter(facts, kind).steps]).lower()
    assert [word for word in ("căn cước", "cccd", "cmnd", "chứng minh") if word in text] == []


def test_a_denunciation_has_what_article_23_asks_for(facts: Facts) -> None:
    bare = letter(facts, "to_cao", UNKNOWN)
    wanted = ["Họ và tên", "Địa chỉ", "Điện thoại hoặc cách liên hệ khác", "Họ tên, chức vụ", "Nơi làm việc"]
    assert [label for label in wanted if label not in blanks(bare)] == []
    assert any(line.role == "text" and line.blank >= 8 for line in bare.lines)
    date, signature = bare.lines[-2:]
    assert date.role == "date" and "ngày" in date.text
    assert signature == Line("signature", "(ký hoặc điểm chỉ, ghi rõ họ tên)", "Người tố cáo")


def test_what_nobody_told_becomes_a_blank_or_goes(facts: Facts) -> None:
    bare = shown(letter(facts, told=UNKNOWN))
    assert {"Kính gửi: ____", "Cơ quan: ____", "Thời gian: ____"} <= set(bare)
    assert not any(line.startswith(("Khi làm thủ tục", "Nơi xảy ra")) for line in bare)


def test_without_demands_the_letter_asks_for_what_the_law_gives(facts: Facts) -> None:
    usual = "Xem xét lại quyết định, hành vi nói trên và gửi cho tôi quyết định giải quyết khiếu nại."
    assert usual in shown(letter(facts, told=replace(TOLD, demands=" \n ")))
    assert usual not in shown(letter(facts))


def test_braces_and_percents_in_a_story_survive_as_they_are(facts: Facts) -> None:
    story = "Mã {addressee} {0.__class__} {{x}} {nb} } { %s %(unit)s {{ 7*7 }}"
    told = replace(TOLD, story=story, official="{story}", demands="{!r} {")
    lines = shown(letter(facts, "to_cao", told))
    assert {story, "Họ tên, chức vụ: {story}", "{!r} {"} <= set(lines)


def test_invisible_characters_are_dropped_and_lines_stay_apart(facts: Facts) -> None:
    told = replace(TOLD, story="một\x00\x07\u202e hai \ud800\r\n\n\u200b\n  ba\u2028bốn\ufffe", place="a\nb")
    lines = shown(letter(facts, told=told))
    start = lines.index("3. Sự việc") + 1
    assert lines[start : start + 3] == ["một hai", "ba", "bốn"]
    assert "Nơi xảy ra: a b" in lines


@pytest.mark.parametrize("kind", KINDS)
def test_the_law_beside_a_letter_has_its_source_and_day(facts: Facts, kind: Kind) -> None:
    notes = letter(facts, kind).notes
    assert facts.legal.get(f"{kind}_limits", MONDAY.date()).text in [note.text for note in notes]
    known = {(text.text, text.source, text.as_of) for text in facts.legal}
    assert {(note.text, note.source, note.as_of) for note in notes} <= known


def test_a_text_that_nobody_has_verified_is_marked(facts: Facts) -> None:
    marked = {note.text: note.unverified for note in letter(facts, "to_cao").notes}
    assert marked[facts.legal.get("crime", MONDAY.date()).text] is True
    assert marked[facts.legal.get("protection", MONDAY.date()).text] is False


@pytest.mark.parametrize("kind", KINDS)
def test_a_letter_is_the_same_after_json(facts: Facts, kind: Kind) -> None:
    one = letter(facts, kind, replace(TOLD, story='"nháy" \\ </script> {x}'))
    assert Letter.from_json(one.to_json()) == one


def test_the_secret_finds_the_letter_and_nothing_else_does(session: Session, facts: Facts, sealer: Sealer) -> None:
    one = letter(facts)
    secret = stored(session, sealer, one, MONDAY)
    assert len(secret) == 43  # 32 bytes, URL-safe
    assert petitions.find(session, sealer, KEY, secret, MONDAY) == one
    for wrong in ("", secret[:-1], secret.swapcase(), f"{secret} ", "x" * 5000):
        assert petitions.find(session, sealer, KEY, wrong, MONDAY) is None
    assert petitions.find(session, sealer, "another-key", secret, MONDAY) is None


def test_neither_the_secret_nor_the_story_is_in_the_database(session: Session, facts: Facts, sealer: Sealer) -> None:
    secret = stored(session, sealer, letter(facts), MONDAY)
    row = session.scalars(select(PetitionDraft)).one()
    assert (row.kind, row.at) == ("khieu_nai", MONDAY)
    assert secret not in row.digest + row.body
    assert "khai sinh" not in row.body


def test_every_letter_has_a_secret_of_its_own(session: Session, facts: Facts, sealer: Sealer) -> None:
    assert len({stored(session, sealer, letter(facts), MONDAY) for _ in range(20)}) == 20


def test_a_letter_is_found_for_seven_days(session: Session, facts: Facts, sealer: Sealer) -> None:
    secret = stored(session, sealer, letter(facts), MONDAY)
    end = MONDAY + timedelta(days=7)
    assert petitions.find(session, sealer, KEY, secret, end - timedelta(seconds=1)) is not None
    assert petitions.find(session, sealer, KEY, secret, end) is None


def test_what_is_found_no_more_is_deleted_and_the_rest_stays(session: Session, facts: Facts, sealer: Sealer) -> None:
    stored(session, sealer, letter(facts), MONDAY)
    fresh = stored(session, sealer, letter(facts), MONDAY + timedelta(seconds=1))
    end = MONDAY + timedelta(days=7)
    assert petitions.delete_old(session, end) == 1
    assert petitions.delete_old(session, end) == 0
    assert petitions.find(session, sealer, KEY, fresh, end) is not None
    assert len(session.scalars(select(PetitionDraft)).all()) == 1


def test_a_letter_has_no_secret_before_it_goes_out_and_then_only_one(
    session: Session, sealer: Sealer, facts: Facts
) -> None:
    name = petitions.store(session, sealer, letter(facts), MONDAY)
    assert petitions.find(session, sealer, KEY, name, MONDAY) is None
    secret = petitions.issue(session, KEY, name)
    assert secret is not None
    assert petitions.find(session, sealer, KEY, secret, MONDAY) is not None
    assert petitions.issue(session, KEY, name) is None
    assert petitions.issue(session, KEY, secret) is None
