"""Khiếu nại and tố cáo in a story, what the law is said to be, and whom a letter is addressed to."""

from dataclasses import replace
from datetime import date
from typing import get_args

import pytest

from actions import law
from backlog.petitions import Kind, Told
from catalogue.agencies import Agencies
from catalogue.legal import LegalText, LegalTexts
from catalogue.load import Facts
from tests.factories import UNIT, WARD

TODAY = date(2026, 11, 24)
CITY = "ubnd-tp-can-tho"

DENOUNCES = [
    "tôi muốn tố cáo ông chủ tịch phường",
    "toi muon to cao can bo dia chinh",
    "cán bộ tham nhũng tiền của dân",
    "tham o quy hoi nguoi ngheo",
    "ông ấy nhận hối lộ 5 triệu",
    "an hoi lo moi chiu lam",
    "tôi phải đưa hối lộ mới xong",
    "ăn chặn tiền trợ cấp của mẹ tôi",
    "an chan tien ho ngheo",
    "rút ruột công trình đường xã",
    "giả mạo chữ ký của ba tôi để sang tên",
    "gia mao giay to dat",
    "bảo kê cho bãi cát lậu",
    "cán bộ làm giả giấy tờ đất",
    "khai khống danh sách nhận hỗ trợ",
    "khai khong so ngay cong",
    "biển thủ tiền quỹ của ấp",
    "TỐ CÁO cán bộ phường",
]
OBJECTS = [
    "tôi khiếu nại quyết định của phường",
    "toi muon khieu nai ve tien den bu",
    "tôi không đồng ý với quyết định thu hồi đất",
    "không đồng ý quyết định xử phạt",
    "khong chap nhan ket qua giai quyet",
    "tôi không phục kết quả đó",
    "quyết định cưỡng chế nhà tôi là sai",
    "quyet dinh bac don cua toi vo ly",
    "bị cưỡng chế đất mà không báo trước",
    "thu hoi dat cua gia dinh toi khong boi thuong",
    "đền bù thấp quá so với giá thị trường",
    "tien boi thuong dat khong thoa dang",
    "bồi thường cho nhà tôi rẻ mạt, bất công",
    "quyết định kỷ luật tôi không đúng luật",
]
ORDINARY = [
    "cán bộ nạt tôi trước mặt mọi người",
    "nhan vien noi chuyen hon hao, bat di lai 3 lan",
    "hồ sơ trễ hẹn nửa tháng",
    "8 gio ruoi chua thay ai lam viec",
    "đòi tôi 200 ngàn mới chịu làm",
    "bắt bổ sung giấy tờ không có trong danh sách",
    "chỉ tôi qua ba nơi, không nơi nào nhận",
    "tôi phải báo cáo lại với cơ quan",
    "toi da bao cao voi to truong",
    "ba cô ở quầy chỉ lo bấm điện thoại",
    "tôi không đồng ý cách nói chuyện của cô ấy",
    "đi làm giấy khai sinh cho con",
    "cán bộ khai sai ngày sinh của con tôi",
    "quyết định nghỉ sớm nên dân phải về",
    "đền bù giải tỏa khi nào có kết quả vậy",
    "nhà nước thu hồi giấy tờ cũ thì làm ở đâu",
    "giấy phép bị thu hồi thì xin lại làm sao",
    "cán bộ ăn sáng tới 9 giờ mới vô",
    "đường xã rút nước chậm, ngập hoài",
    "khai không được trên mạng vì cổng bị lỗi",
    "khai khong duoc tren mang",
    "lệ phí không đúng với bảng niêm yết",
    "tôi không chấp nhận kiểu hẹn tới hẹn lui",
    "giá photo ở đó rẻ",
    "lam giay khai sinh mat bao lau",
    "cán bộ làm giấy chậm",
    "bảo kê khai lại từ đầu",
    "bao ke khai lai tu dau hoai",
    "cán bộ tổ cao tuổi hướng dẫn sai",
    "cán bộ ăn chán chê rồi mới chịu làm",
    "nguoi di tham o benh vien ve bi duoi",
]


@pytest.mark.parametrize("text", DENOUNCES)
def test_a_breach_of_the_law_is_heard_as_a_to_cao(text: str) -> None:
    assert law.legal_kind(text) == "to_cao"


@pytest.mark.parametrize("text", OBJECTS)
def test_a_decision_that_is_objected_to_is_heard_as_a_khieu_nai(text: str) -> None:
    assert law.legal_kind(text) == "khieu_nai"


@pytest.mark.parametrize("text", ORDINARY)
def test_an_ordinary_complaint_is_neither(text: str) -> None:
    assert law.legal_kind(text) == ""


def test_the_lists_are_long_enough_to_mean_something() -> None:
    assert len(DENOUNCES) + len(OBJECTS) >= 25
    assert len(ORDINARY) >= 25


def test_what_is_both_is_a_to_cao() -> None:
    assert law.legal_kind("khiếu nại quyết định thu hồi đất và tố cáo cán bộ nhận hối lộ") == "to_cao"


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_has_its_words(facts: Facts, kind: Kind) -> None:
    assert law.NAMES[kind]
    assert facts.legal.get(kind, TODAY).text in law.say(facts, (kind,), TODAY)


def legal(key: str, source: str, confidence: str = "high") -> LegalText:
    return LegalText.model_validate(
        {"key": key, "text": f"Câu {key}.", "source": source, "as_of": TODAY, "confidence": confidence}
    )


def said(facts: Facts, *texts: LegalText) -> str:
    return law.say(replace(facts, legal=LegalTexts(list(texts))), tuple(text.key for text in texts), TODAY)


def test_a_text_that_nobody_has_read_says_so(facts: Facts) -> None:
    text = said(facts, legal("a", "Luật A", "low"), legal("b", "Luật B"))
    doubtful, sure, sources = text.splitlines()
    assert "chưa xác minh được" in doubtful
    assert sure == "- Câu b."
    assert sources == "Nguồn: Luật A; Luật B."


def test_a_source_stands_once_in_its_most_exact_form(facts: Facts) -> None:
    text = said(facts, legal("a", "Luật A"), legal("b", "Luật A, Điều 3; Luật B"), legal("c", "Luật B"))
    assert text.splitlines()[-1] == "Nguồn: Luật A, Điều 3; Luật B."


def test_our_own_way_of_working_is_no_source(facts: Facts) -> None:
    assert "Nguồn" not in said(facts, legal("a", "Cách làm của Tiếp Dân, 2026"))
    assert law.say(facts, ("who_sees",), TODAY).splitlines()[-1].startswith("Nguồn: Công văn 510")


def test_an_unknown_text_is_an_error_and_not_a_silence(facts: Facts) -> None:
    with pytest.raises(KeyError):
        law.say(facts, ("no_such_text",), TODAY)


def told(official: str = "") -> Told:
    return Told(story="chuyện", addressee="", official=official)


def head_of(agencies: Agencies, key: str) -> str:
    unit = agencies.get(key)
    return f"{unit.head} ({unit.name})" if unit.name not in unit.head else unit.head


@pytest.mark.parametrize(
    ("kind", "agency", "place", "official", "unit"),
    [
        ("khieu_nai", UNIT, "", "", UNIT),
        ("khieu_nai", UNIT, "", "ông chủ tịch phường", UNIT),  # the first time the head judges their own decision
        ("khieu_nai", "", WARD, "", UNIT),  # today's unit for the former ward
        ("to_cao", UNIT, "", "chị Hạnh", UNIT),
        ("to_cao", UNIT, "", "", UNIT),
        ("to_cao", UNIT, "", "ông phó chủ tịch phường", UNIT),
        ("to_cao", UNIT, "", "ông chủ tịch phường", CITY),  # never to the one it is about
        ("to_cao", "ttpvhcc:31510", "", "chu tich phuong", CITY),  # heads the unit above the counter
        ("to_cao", "ttpvhcc:31510", "", "bà giám đốc trung tâm", UNIT),
        ("to_cao", CITY, "", "ông chủ tịch thành phố", CITY),  # nobody is above here
    ],
)
def test_a_letter_goes_to_whom_the_law_makes_competent(
    facts: Facts, kind: Kind, agency: str, place: str, official: str, unit: str
) -> None:
    found = law.addressee(facts, kind, told(official), agency, place, TODAY)
    assert found == head_of(facts.agencies, unit)


def test_a_name_that_is_in_the_title_is_not_said_twice(facts: Facts) -> None:
    found = law.addressee(facts, "khieu_nai", told(), UNIT, "", TODAY)
    assert found.count(facts.agencies.get(UNIT).name) == 1


def test_nobody_known_is_nobody_named(facts: Facts) -> None:
    assert law.addressee(facts, "to_cao", told("ông chủ tịch"), "", "", TODAY) == ""
