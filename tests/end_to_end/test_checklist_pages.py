"""The checklist pages of the running system."""

import httpx

from tests.stack import Stack


def get(stack: Stack, path: str) -> httpx.Response:
    """One page."""
    return httpx.get(f"{stack.url}{path}", timeout=10)


def test_the_page_and_its_pdf(stack: Stack) -> None:
    page = get(stack, "/giay-to/1.001456?age=child")
    assert page.status_code == 200
    assert "TK01a" in page.text
    assert "Trường hợp: dưới 14 tuổi" in page.text
    assert "/giay-to/1.001456/danh-sach.pdf?age=child" in page.text
    assert "<svg" in page.text
    pdf = get(stack, "/giay-to/1.001456/danh-sach.pdf?age=child")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")


def test_what_a_stranger_writes_into_the_address_is_not_shown(stack: Stack) -> None:
    page = get(stack, "/giay-to/1.001456?age=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&x=%3Cb%3E")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<b>" not in page.text


def test_an_unknown_procedure_is_said_in_words(stack: Stack) -> None:
    for path in ("/giay-to/9.999999", "/giay-to/9.999999/danh-sach.pdf", "/giay-to/khong-co"):
        page = get(stack, path)
        assert page.status_code == 404
        assert "Chưa mở được trang này" in page.text
        assert "Không có thủ tục này" in page.text
