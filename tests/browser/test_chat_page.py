"""The chat page in Chromium. What must not happen comes first: no HTML from a message, nothing doubled or lost."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.fake_chat import FakeChat

Picture = Callable[[Page, str], None]
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()

ANSWER = """Đăng ký khai sinh cần:
1. Giấy chứng sinh. Không có thì lấy văn bản của người làm chứng; không có nữa thì viết giấy cam đoan về việc sinh.
2. Tờ khai đăng ký khai sinh (có sẵn ở quầy; nộp trên mạng thì điền mẫu điện tử).
3. Căn cước của người đi làm, chỉ để xuất trình.

Nộp tại Trung tâm Phục vụ hành chính công xã, phường, hoặc trên dichvucong.gov.vn.
Nguồn: Cổng Dịch vụ công quốc gia, mã 1.001193, xem ngày 20/07/2026."""
BUTTONS = [
    {"title": "Lệ phí", "code": "sig.ask?a=fee"},
    {"title": "Nộp trên mạng", "code": "sig.ask?a=online"},
    {"title": "Không phải thủ tục này", "code": "sig.deny_procedure"},
]
FILED = "Tôi đã ghi phiếu PA-2026-000123-4, hạn trả lời thứ Ba, 08/12/2026.\n\nMã biên nhận: 1234567890123456"
TICKET = {
    "ticket": {
        "number": "PA-2026-000123-4",
        "state": "received",
        "due": "2026-12-08",
        "receipt": "1234567890123456",
    }
}


def write(page: Page, text: str) -> None:
    page.get_by_label("Tin nhắn của anh/chị").fill(text)
    page.keyboard.press("Enter")


def expect_sent(page: Page, *lines: str) -> None:
    """The citizen's lines are on the page and the server has accepted them."""
    expect(page.locator(".turn.citizen .line")).to_have_text(list(lines))
    expect(page.locator(".turn.citizen .state").filter(has_text=re.compile(r"\S"))).to_have_count(0)


def test_a_message_is_never_read_as_html(open_chat: Open, chat: FakeChat) -> None:
    evil = '<img src=x onerror="document.title=1"><b>đậm</b> <script>document.title=2</script>'
    chat.say(evil)
    chat.say(evil, "staff", staff_name="<i>Tám</i>")
    page = open_chat()
    expect(page.locator(".bubble").first).to_contain_text("<b>đậm</b>")
    expect(page.locator(".who")).to_have_text("Cán bộ trả lời: <i>Tám</i>")
    assert page.locator("#log img, #log b, #log i, #log script").count() == 0
    assert page.title().startswith("Tiếp Dân")


@pytest.mark.parametrize(
    ("words", "href"),
    [
        ("trên dichvucong.gov.vn.", "https://dichvucong.gov.vn/"),
        (
            "xem https://dichvucong.gov.vn/p/home?ma=1.001193, rồi nộp",
            "https://dichvucong.gov.vn/p/home?ma=1.001193",
        ),
        ("(http://thanhtoan.dichvucong.gov.vn/a)", "https://thanhtoan.dichvucong.gov.vn/a"),
        ("dichvucong.gov.vn.example.com", None),
        ("dichvucong.gov.vn-example.com", None),
        ("https://example.com/dichvucong.gov.vn", None),
        ("https://dichvucong.gov.vn@example.com", None),
        ("giadichvucong.gov.vn", None),
        ("javascript:alert(1)//dichvucong.gov.vn", None),
    ],
)
def test_only_the_portal_becomes_a_link(open_chat: Open, chat: FakeChat, words: str, href: str | None) -> None:
    chat.say(words)
    page = open_chat()
    expect(page.locator(".line")).to_have_text(words)
    links = page.locator(".bubble a")
    assert links.count() == (1 if href else 0)
    if href:
        assert links.first.evaluate("node => node.href") == href
        assert links.first.get_attribute("rel") == "noopener noreferrer"


def test_enter_of_an_input_method_does_not_send(open_chat: Open, chat: FakeChat) -> None:
    page = open_chat()
    box = page.get_by_label("Tin nhắn của anh/chị")
    box.fill("làm khai sinh")
    for options in ({"isComposing": True}, {"keyCode": 229}):
        box.dispatch_event("keydown", {"key": "Enter", "bubbles": True, "cancelable": True, **options})
    expect(box).to_have_value("làm khai sinh")
    assert chat.posts == []
    page.keyboard.press("Enter")
    expect_sent(page, "làm khai sinh")


def test_composed_vietnamese_is_sent_once_and_whole(open_chat: Open, chat: FakeChat) -> None:
    page = open_chat()
    page.get_by_label("Tin nhắn của anh/chị").focus()
    ime = page.context.new_cdp_session(page)
    for syllable in ("ti", "tiê", "tiếp"):
        ime.send(
            "Input.imeSetComposition",
            {"text": syllable, "selectionStart": len(syllable), "selectionEnd": len(syllable)},
        )
    ime.send("Input.insertText", {"text": "tiếp dân"})
    page.keyboard.press("Enter")
    expect_sent(page, "tiếp dân")
    assert chat.texts("citizen") == ["tiếp dân"]


def test_shift_enter_writes_a_new_line_and_it_is_kept(open_chat: Open, chat: FakeChat) -> None:
    page = open_chat()
    page.get_by_label("Tin nhắn của anh/chị").fill("dòng một")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("dòng hai")
    page.get_by_role("button", name="Gửi", exact=True).click()
    expect_sent(page, "dòng một", "dòng hai")
    assert chat.texts("citizen") == ["dòng một\ndòng hai"]


def test_nothing_is_sent_when_there_is_no_text(open_chat: Open, chat: FakeChat) -> None:
    page = open_chat()
    write(page, "   ")
    write(page, "thật")
    expect_sent(page, "thật")
    assert chat.texts("citizen") == ["thật"]


def test_a_lost_answer_is_sent_again_under_the_same_id(open_chat: Open, chat: FakeChat) -> None:
    chat.lose_answers = 1
    page = open_chat()
    write(page, "hẻm tối quá")
    expect(page.locator("#notice")).to_be_visible()
    expect(page.locator("#notice")).to_be_hidden()
    expect(page.locator(".turn.citizen")).to_have_count(1)
    assert len(chat.posts) == 2
    assert len(set(chat.posts)) == 1


def test_what_was_written_offline_goes_out_in_order_and_survives_a_reload(open_chat: Open, chat: FakeChat) -> None:
    page = open_chat()
    expect(page.locator("#notice")).to_be_hidden()
    page.context.set_offline(True)
    write(page, "một")
    write(page, "hai")
    expect(page.locator("#notice")).to_contain_text("Mất kết nối")
    expect(page.locator(".turn.citizen .state").first).to_contain_text("tự gửi lại")
    assert chat.posts == []
    page.context.set_offline(False)
    page.reload()
    expect_sent(page, "một", "hai")
    assert chat.texts("citizen") == ["một", "hai"]
    expect(page.locator("#notice")).to_be_hidden()


def test_an_error_sentence_of_the_server_is_shown_and_the_words_come_back(open_chat: Open, chat: FakeChat) -> None:
    chat.refusals = [(422, "Tin nhắn dài quá 4.000 chữ. Anh/chị chia thành vài tin rồi gửi lại giúp.")]
    page = open_chat()
    write(page, "chuyện dài")
    expect(page.locator(".turn.failed .state")).to_contain_text("Tin nhắn dài quá 4.000 chữ.")
    expect(page.get_by_label("Tin nhắn của anh/chị")).to_have_value("chuyện dài")
    assert chat.posts == []


def test_a_lost_session_is_renewed_without_losing_the_message(open_chat: Open, chat: FakeChat) -> None:
    page = open_chat()
    chat.refusals = [(403, "Phiên trò chuyện đã hết. Anh/chị tải lại trang để bắt đầu lại.")]
    write(page, "còn đó không")
    expect_sent(page, "còn đó không")
    expect(page.locator("#notice")).to_be_hidden()
    assert chat.texts("citizen") == ["còn đó không"]


def test_the_draft_survives_a_reload(open_chat: Open) -> None:
    page = open_chat()
    page.get_by_label("Tin nhắn của anh/chị").fill("đang viết dở")
    page.reload()
    expect(page.get_by_label("Tin nhắn của anh/chị")).to_have_value("đang viết dở")


def test_an_example_is_sent_as_plain_text(open_chat: Open, chat: FakeChat) -> None:
    page = open_chat()
    expect(page.locator("#examples button")).to_have_count(4)
    page.get_by_role("button", name="Đăng ký tạm trú làm ở đâu?").click()
    expect_sent(page, "Đăng ký tạm trú làm ở đâu?")
    expect(page.locator("#examples")).to_be_hidden()
    expect(page.locator("#typing")).to_be_visible()
    assert chat.texts("citizen") == ["Đăng ký tạm trú làm ở đâu?"]


def test_quick_replies_stand_under_the_last_message_and_go_when_answered(open_chat: Open, chat: FakeChat) -> None:
    chat.say("Anh/chị hỏi thủ tục nào?", choices=[{"title": "Cũ", "code": "old"}])
    chat.say(ANSWER, choices=BUTTONS)
    page = open_chat()
    group = page.get_by_role("group", name="Chọn nhanh")
    expect(group).to_have_count(1)
    expect(group.get_by_role("button")).to_have_text(["Lệ phí", "Nộp trên mạng", "Không phải thủ tục này"])
    group.get_by_role("button", name="Lệ phí").focus()
    page.keyboard.press("Enter")
    expect_sent(page, "Lệ phí")
    expect(group).to_have_count(0)
    expect(page.get_by_label("Tin nhắn của anh/chị")).to_be_focused()
    assert chat.texts("citizen") == ["Lệ phí"]


def test_a_staff_answer_arrives_without_reload_and_leaves_the_open_question(open_chat: Open, chat: FakeChat) -> None:
    chat.say("Chuyện xảy ra lúc nào?", choices=BUTTONS[:1])
    page = open_chat()
    expect(page.locator(".turn.bot")).to_have_count(1)
    chat.say("Chúng tôi đã nhắc nhở và xin lỗi anh/chị.", "staff", staff_name="Nguyễn Thị Hoa")
    expect(page.locator(".turn.staff .who")).to_have_text("Cán bộ trả lời: Nguyễn Thị Hoa")
    expect(page.get_by_role("group", name="Chọn nhanh")).to_have_count(1)


def test_typing_shows_until_the_answer_is_there(open_chat: Open, chat: FakeChat) -> None:
    page = open_chat()
    write(page, "lam khai sinh cho con can giay to gi")
    expect(page.locator("#typing")).to_be_visible()
    expect_sent(page, "lam khai sinh cho con can giay to gi")
    chat.say(ANSWER)
    expect(page.locator(".turn.bot")).to_have_count(1)
    expect(page.locator("#typing")).to_be_hidden()


def test_number_and_receipt_can_be_copied(open_chat: Open, chat: FakeChat) -> None:
    chat.say(FILED, custom=TICKET)
    page = open_chat(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Chép").click()
    expect(page.get_by_role("button", name="Đã chép")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "Số phiếu: PA-2026-000123-4\nMã biên nhận: 1234 5678 9012 3456"


def test_the_page_can_be_used_by_keyboard_alone(open_chat: Open, chat: FakeChat) -> None:
    page = open_chat()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Tới ô gõ tin nhắn")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Tin nhắn của anh/chị")).to_be_focused()
    assert page.locator("#text").evaluate("node => getComputedStyle(node).outlineStyle") == "solid"
    page.keyboard.type("chào")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Gửi", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect_sent(page, "chào")
    log = page.get_by_role("log")
    assert log.get_attribute("aria-live") == "polite"


@pytest.mark.parametrize("size", ["small", "phone", "desk"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_can_be_read(open_chat: Open, chat: FakeChat, picture: Picture, size: str, scheme: str) -> None:
    page = open_chat(size, color_scheme=scheme)
    expect(page.locator("#examples button")).to_have_count(4)
    picture(page, f"chat-start-{size}-{scheme}")
    assert page.evaluate(CONTRAST) == []
    chat.accept({"id": "11111111-1", "text": "con e sinh hom 20/9 h lam khai sinh can j a"})
    chat.say(ANSWER, choices=BUTTONS)
    page.reload()
    expect(page.locator(".turn.bot")).to_be_visible()
    picture(page, f"chat-answer-{size}-{scheme}")
    assert page.evaluate(CONTRAST) == []
    chat.accept({"id": "11111111-2", "text": "ba co quay so 3 noi chuyen hon hao, bat toi di 3 lan"})
    chat.say(FILED, custom=TICKET)
    chat.say(
        "Chúng tôi đã xác minh và nhắc nhở cán bộ ở quầy số 3. Xin lỗi anh/chị.",
        "staff",
        staff_name="Nguyễn Thị Hoa",
    )
    expect(page.locator(".turn.staff")).to_be_visible()
    write(page, "cam on")
    expect(page.locator("#typing")).to_be_visible()
    picture(page, f"chat-ticket-{size}-{scheme}")
    assert page.evaluate(CONTRAST) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), (
        "only the talk scrolls, not the page"
    )
    assert page.locator("#scroller").evaluate("node => node.scrollWidth <= node.clientWidth")


def test_motion_stops_for_those_who_ask_for_it(open_chat: Open) -> None:
    page = open_chat(reduced_motion="reduce")
    write(page, "chào")
    expect(page.locator("#typing")).to_be_visible()
    assert page.locator(".dots i").first.evaluate("node => getComputedStyle(node).animationName") == "none"


def test_the_printed_page_holds_the_talk_and_no_controls(open_chat: Open, chat: FakeChat) -> None:
    chat.say(ANSWER, choices=BUTTONS)
    page = open_chat()
    expect(page.locator(".turn.bot")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".dock")).to_be_hidden()
    expect(page.locator(".choices")).to_be_hidden()
    expect(page.get_by_text(re.compile("Giấy chứng sinh"))).to_be_visible()
