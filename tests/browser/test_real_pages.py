"""Both pages in Chromium against the whole running system: a citizen complains, a clerk answers."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import SCREENSHOTS
from tests.clerk import ADMIN, PASSWORD
from tests.stack import Stack

STORY = "sáng nay cán bộ phường 3 thành phố sóc trăng nạt tôi khi làm giấy kết hôn, nói năng rất khó nghe"
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
NewContext = Callable[..., BrowserContext]


def say(page: Page, text: str) -> None:
    page.get_by_label("Tin nhắn của anh/chị").fill(text)
    page.keyboard.press("Enter")


def press(page: Page, title: str) -> None:
    page.get_by_role("button", name=title, exact=True).last.click()


def file_ticket(page: Page, url: str) -> str:
    page.goto(url)
    say(page, STORY)
    press(page, "Đồng ý, giấu tên")
    press(page, "Đúng, gửi đi")
    expect(page.get_by_text(re.compile(r"Tôi đã ghi phiếu PA-"))).to_be_visible()
    found = re.search(r"PA-\d{4}-\d{6}-\d", page.content())
    assert found is not None
    return found.group()


def sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/desk")
    page.get_by_label("Tên đăng nhập").fill(ADMIN)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("heading", name="Danh sách phiếu")).to_be_visible()


def keep(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_a_citizen_asks_complains_and_is_answered(stack: Stack, new_context: NewContext, size: str) -> None:
    chat = new_context(size).new_page()
    chat.goto(stack.url)
    say(chat, "lam khai sinh cho con can giay to gi")
    expect(chat.get_by_text("Đăng ký khai sinh cần:")).to_be_visible()
    number = file_ticket(chat, stack.url)
    keep(chat, f"real-chat-{size}")

    desk = new_context(size).new_page()
    sign_in(desk, stack.url)
    keep(desk, f"real-queue-{size}")
    desk.get_by_role("link", name=number).click()
    expect(desk.get_by_role("heading", name=number)).to_be_visible()
    desk.locator("summary", has_text="Bắt đầu xử lý").click()
    desk.get_by_role("button", name="Bắt đầu xử lý").click()
    desk.locator("summary", has_text="Trả lời người dân").click()
    desk.get_by_label("Đã kiểm tra thế nào").last.fill("Đã hỏi cán bộ và người chứng kiến.")
    desk.get_by_label("Nội dung").last.fill("Chúng tôi đã nhắc nhở cán bộ. Xin lỗi anh/chị.")
    desk.get_by_role("button", name="Xem trước tin gửi dân").last.click()
    expect(desk.get_by_text("Người dân sẽ đọc:")).to_be_visible()
    keep(desk, f"real-ticket-{size}")
    desk.get_by_role("button", name="Trả lời người dân").click()
    expect(desk.get_by_text("Đã ghi nhận.")).to_be_visible()

    expect(chat.get_by_text("Chúng tôi đã nhắc nhở cán bộ. Xin lỗi anh/chị.")).to_be_visible()  # without a reload
    chat.reload()
    expect(chat.get_by_text("Chúng tôi đã nhắc nhở cán bộ. Xin lỗi anh/chị.")).to_be_visible()
    expect(chat.get_by_text(STORY).first).to_be_visible()


@pytest.mark.parametrize("size", ["phone", "desk", "small"])
def test_desk_pages_fit_and_can_be_read(stack: Stack, new_context: NewContext, size: str) -> None:
    page = new_context(size).new_page()
    sign_in(page, stack.url)
    for path in ("/desk", "/desk?state=all", "/desk/password", "/desk/khong-co"):
        page.goto(f"{stack.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1"), path
        assert page.evaluate(CONTRAST) == [], path


def test_the_desk_works_with_the_keyboard(stack: Stack, new_context: NewContext) -> None:
    page = new_context("desk").new_page()
    page.goto(f"{stack.url}/desk/login")
    expect(page.get_by_label("Tên đăng nhập")).to_be_focused()  # the page puts the cursor there by itself
    page.keyboard.type(ADMIN)
    page.keyboard.press("Tab")
    expect(page.get_by_label("Mật khẩu")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Danh sách phiếu")).to_be_visible()


@pytest.mark.parametrize("size", ["phone", "desk"])
def test_a_checklist_is_made_opened_ticked_and_printed(stack: Stack, new_context: NewContext, size: str) -> None:
    context = new_context(size)
    chat = context.new_page()
    chat.goto(stack.url)
    say(chat, "làm hộ chiếu cho con 5 tuổi cần giấy tờ gì")
    press(chat, "Danh sách cho trường hợp của tôi")
    press(chat, "Làm lần đầu")
    link = chat.get_by_role("link", name="Mở danh sách để in hoặc lưu")
    expect(link).to_be_visible()
    with context.expect_page() as opened:
        link.click()
    page = opened.value
    expect(page.get_by_role("heading", name="Giấy tờ cần mang")).to_be_visible()
    expect(page.get_by_text("Trường hợp: làm lần đầu, dưới 14 tuổi")).to_be_visible()
    first = page.get_by_role("checkbox").first
    first.check()
    expect(first).to_be_checked()
    page.evaluate("window.print = () => { document.title = 'printed'; }")
    page.get_by_role("button", name="In danh sách").click()
    expect(page).to_have_title("printed")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate(CONTRAST) == []
    pdf = context.request.get(page.get_by_role("link", name="Lưu bản PDF").evaluate("link => link.href"))
    assert pdf.headers["content-type"] == "application/pdf"
    keep(page, f"real-checklist-{size}")
