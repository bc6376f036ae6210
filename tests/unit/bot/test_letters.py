"""A drafted letter as page, Word file and PDF, through the application that serves it."""

import io
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import docx
import httpx
import pypdf
import pytest
from sqlalchemy import Engine, delete

from actions.context import ActionContext
from assembly.app import create_app
from assembly.bootstrap import Services
from backlog import petitions
from backlog.model import PetitionDraft
from backlog.petitions import Kind, Told
from bot.context import BotContext
from bot.rasa import RasaClient
from bot.web import letter_docx
from bot.web.letters import draw
from catalogue.load import Facts
from kit import clock
from kit.crypto import Sealer
from kit.db import session_scope
from kit.settings import Settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette would rather have httpx2; the one it has works
    from fastapi.testclient import TestClient

SECRET = "for-tests-only-" + "x" * 32
STORY = "Cán bộ quầy số 3 nói năng hỗn hào, bắt tôi đi lại ba lần để sửa một chữ trên giấy khai sinh."
TOLD = Told(
    story=STORY,
    addressee="Chủ tịch UBND phường Phú Lợi",
    unit="UBND phường Phú Lợi",
    official="chị Nguyễn Thị Hườn",
    when="sáng thứ Hai, 16/11/2026",
)
ENDINGS = ("", ".docx", ".pdf")
Keep = Callable[..., str]


@pytest.fixture
def settings() -> Settings:
    return Settings(
        _env_file=None,
        gateway_secret=SECRET,
        actions_secret=SECRET,
        choice_key=SECRET,
        digest_key=SECRET,
        seal_keys=[SECRET],
        public_url="",
    )


@pytest.fixture
def client(engine: Engine, facts: Facts, sealer: Sealer, settings: Settings) -> Iterator[httpx.Client]:
    """A browser before the whole application, without Rasa."""
    rasa = RasaClient("http://127.0.0.1:9", SECRET)
    bot = BotContext(settings, engine, sealer, rasa, {})
    yield TestClient(
        create_app(Services(settings, engine, sealer, facts, bot, ActionContext(settings, engine, sealer, facts)))
    )
    rasa.close()


@pytest.fixture
def keep(engine: Engine, facts: Facts, sealer: Sealer) -> Iterator[Keep]:
    """Keeps a letter in the database for the length of a test; returns its address."""

    def make(kind: Kind = "khieu_nai", told: Told = TOLD, at: datetime | None = None) -> str:
        now = at or clock.now()
        letter = petitions.compose(kind, told, facts.legal, now.date())
        with session_scope(engine) as session:
            return f"/don/{petitions.issue(session, SECRET, petitions.store(session, sealer, letter, now))}"

    yield make
    with session_scope(engine) as session:
        session.execute(delete(PetitionDraft))


def words(text: str) -> str:
    """Text as one line, however it was broken."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def read_pdf(content: bytes) -> tuple[str, int]:
    """Text and number of pages."""
    read = pypdf.PdfReader(io.BytesIO(content))
    return words("\n".join(page.extract_text() for page in read.pages)), len(read.pages)


def read_docx(content: bytes) -> str:
    return words("\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs))


def test_the_page_shows_the_letter_the_steps_and_the_law(client: httpx.Client, keep: Keep, facts: Facts) -> None:
    address = keep()
    page = client.get(address)
    assert page.status_code == 200
    text = words(page.text)
    wanted = [
        "ĐƠN KHIẾU NẠI",
        "Độc lập - Tự do - Hạnh phúc",
        "Kính gửi: Chủ tịch UBND phường Phú Lợi",
        STORY,
        "In ra, điền tay các chỗ trống",
        facts.legal.get("khieu_nai_limits", clock.now().date()).text,
        "Nguồn: Luật Khiếu nại 02/2011/QH13, Điều 28, xem ngày 24/11/2026.",
        f'href="{address}.docx"',
        f'href="{address}.pdf"',
    ]
    assert [part for part in wanted if part not in text] == []


def test_the_word_file_holds_the_letter_in_vietnamese(client: httpx.Client, keep: Keep) -> None:
    answer = client.get(f"{keep('to_cao')}.docx")
    assert answer.headers["content-type"] == letter_docx.MEDIA_TYPE
    assert 'filename="don-to-cao.docx"' in answer.headers["content-disposition"]
    text = read_docx(answer.content)
    wanted = ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "ĐƠN TỐ CÁO", STORY, "Họ tên, chức vụ: chị Nguyễn Thị Hườn"]
    assert [part for part in wanted if part not in text] == []
    about = docx.Document(io.BytesIO(answer.content)).core_properties
    assert (about.title, about.author) == ("ĐƠN TỐ CÁO", "")
    assert about.created is not None and about.created.date() == clock.now().date()


def test_the_pdf_holds_the_letter_in_vietnamese(client: httpx.Client, keep: Keep) -> None:
    answer = client.get(f"{keep('to_cao')}.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert 'filename="don-to-cao.pdf"' in answer.headers["content-disposition"]
    text, _ = read_pdf(answer.content)
    wanted = ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "ĐƠN TỐ CÁO", STORY, "(ký hoặc điểm chỉ, ghi rõ họ tên)"]
    assert [part for part in wanted if part not in text] == []


def test_the_files_hold_the_letter_alone(client: httpx.Client, keep: Keep, facts: Facts) -> None:
    beside = facts.legal.get("khieu_nai_limits", clock.now().date()).text
    address = keep()
    assert beside not in read_docx(client.get(f"{address}.docx").content)
    assert beside not in read_pdf(client.get(f"{address}.pdf").content)[0]


def test_a_long_story_goes_over_several_pages_and_loses_nothing(client: httpx.Client, keep: Keep) -> None:
    parts = [f"Lần thứ {number}, cán bộ lại hẹn tôi tuần sau mà không nói vì sao." for number in range(1, 201)]
    address = keep(told=replace(TOLD, story="\n".join(parts)))
    text, pages = read_pdf(client.get(f"{address}.pdf").content)
    assert pages > 4
    assert "Trang 2" in text and "Trang 1 " not in text
    for whole in (text, read_docx(client.get(f"{address}.docx").content), words(client.get(address).text)):
        assert [part for part in parts if part not in whole] == []


def test_one_endless_word_stays_on_the_paper(client: httpx.Client, keep: Keep) -> None:
    address = keep(told=replace(TOLD, story="ớ" * 4000))
    text, pages = read_pdf(client.get(f"{address}.pdf").content)
    assert text.count("ớ") >= 4000
    assert 1 < pages < 6
    assert client.get(f"{address}.docx").status_code == 200


def test_braces_stay_braces_everywhere(client: httpx.Client, keep: Keep) -> None:
    story = "Trang {nb} của {addressee}, {{ 7*7 }} và {% raw %} **đậm** {0}"
    address = keep(told=replace(TOLD, story=story))
    assert story in read_docx(client.get(f"{address}.docx").content)
    assert story in read_pdf(client.get(f"{address}.pdf").content)[0]
    assert story in words(client.get(address).text)


def test_html_in_a_story_is_only_text(client: httpx.Client, keep: Keep) -> None:
    bad = '<script>alert(1)</script><img src=x onerror="alert(2)"> & <b>đậm</b>'
    address = keep(told=replace(TOLD, story=bad, official=bad, addressee=bad))
    page = client.get(address).text
    assert "<script>alert" not in page and "<img" not in page and "<b>đậm" not in page
    assert page.count("&lt;script&gt;alert(1)") == 3
    assert bad in read_docx(client.get(f"{address}.docx").content)
    assert bad in read_pdf(client.get(f"{address}.pdf").content)[0]


def test_what_the_type_lacks_stays_in_word_and_leaves_a_mark_in_the_pdf(client: httpx.Client, keep: Keep) -> None:
    address = keep(told=replace(TOLD, story="Bà con Khmer ខ្មែរ 漢 rất bực 😀 \x07\ud800"))
    assert "Khmer ខ្មែរ 漢 rất bực 😀" in words(client.get(address).text)
    assert "Khmer ខ្មែរ 漢 rất bực 😀" in read_docx(client.get(f"{address}.docx").content)
    assert "Khmer \ufffd\ufffd\ufffd\ufffd \ufffd rất bực" in read_pdf(client.get(f"{address}.pdf").content)[0]


def test_nobody_signs_a_page_that_says_nothing(facts: Facts) -> None:
    for lines in range(0, 45, 3):
        told = replace(TOLD, story="Họ hẹn tôi tuần sau.\n" * lines)
        letter = petitions.compose("khieu_nai", told, facts.legal, clock.now().date())
        last = pypdf.PdfReader(io.BytesIO(draw(letter))).pages[-1].extract_text()
        assert "Tôi cam đoan" in last and "Người khiếu nại" in last


@pytest.mark.parametrize("kind", ["khieu_nai", "to_cao"])
def test_a_letter_of_which_nothing_is_known_is_all_lines_to_write_on(facts: Facts, kind: Kind) -> None:
    bare = petitions.compose(kind, Told("", ""), facts.legal, clock.now().date())
    text, pages = read_pdf(draw(bare))
    assert "Kính gửi:" in text and "Họ và tên:" in text
    assert pages <= 2
    assert "Kính gửi:" in read_docx(letter_docx.write(bare))


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_wrong_or_old_address_says_what_to_do(client: httpx.Client, keep: Keep, ending: str) -> None:
    wrong = f"{keep()[:-1]}!"
    old = keep(at=clock.now() - timedelta(days=7))
    for address in (wrong, old, "/don/x", "/don/" + "x" * 3000):
        answer = client.get(f"{address}{ending}")
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert "nhắn tôi soạn đơn mới" in answer.text
        assert STORY not in answer.text


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_answer_is_kept_found_or_named_elsewhere(client: httpx.Client, keep: Keep, ending: str) -> None:
    for address in (keep(), "/don/x"):
        headers = client.get(f"{address}{ending}").headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-robots-tag"] == "noindex"
        assert headers["referrer-policy"] == "no-referrer"
