"""The command line as a person meets it: real processes, exit codes, sentences instead of tracebacks."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from assembly import __main__ as command_line
from assembly import env_file
from kit.settings import ROOT
from tests.ports import free_port
from tests.unit.catalogue import portal_records

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An installation of its own, empty at first."""
    secret = "for-tests-only-for-tests-only-for"
    names = [name for name in env_file._SECRETS if name != "SEAL_KEYS"]
    return {
        **os.environ,
        **dict.fromkeys(names, secret),
        "SEAL_KEYS": Fernet.generate_key().decode(),
        "VAR_DIR": str(tmp_path_factory.mktemp("var")),
        "DATABASE_URL": "",
        "POSTGRES_PORT": str(free_port()),
    }


@pytest.fixture(scope="module")
def tiepdan(environment: dict[str, str]) -> Run:
    def run(*words: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "assembly", *words],
            cwd=ROOT,
            env={**environment, **changes},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )

    return run


def test_tickets_can_be_listed_where_nothing_has_ever_run(tiepdan: Run) -> None:
    done = tiepdan("tickets", "list", "--all")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Chưa có phiếu nào.\n"


def test_nothing_is_left_running(tiepdan: Run, environment: dict[str, str]) -> None:
    assert tiepdan("tickets", "list").returncode == 0
    data = Path(environment["VAR_DIR"], "postgres")
    assert (data / "PG_VERSION").exists()
    assert not (data / "postmaster.pid").exists()


def test_a_ticket_that_is_not_there_is_one_sentence(tiepdan: Run) -> None:
    done = tiepdan("tickets", "show", "PA-2026-000001-1")
    assert done.returncode == 1
    assert "Không có phiếu PA-2026-000001-1" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_account_gets_a_password_to_use_once(tiepdan: Run) -> None:
    done = tiepdan("user", "add", "Hoa.NT", "Nguyễn Thị Hoa", "--role", "coordinator")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"Mật khẩu dùng một lần: [a-z2-9]{4}(-[a-z2-9]{4}){3}\n", done.stdout)
    again = tiepdan("user", "add", "hoa.nt", "Người Khác", "--role", "coordinator")
    assert again.returncode == 1
    assert "đã có người dùng" in again.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--role", "king"), "Không có vai trò king"),
        (("--role", "handler", "--unit", "nowhere"), "Không có đơn vị nowhere"),
        (("--role", "handler"), "cần đơn vị"),
    ],
)
def test_an_impossible_account_is_refused_in_words(tiepdan: Run, words: tuple[str, ...], sentence: str) -> None:
    done = tiepdan("user", "add", "x", "Người Thử", *words)
    assert done.returncode == 1
    assert sentence in done.stderr


def test_the_audit_chain_of_what_was_done_holds(tiepdan: Run) -> None:
    done = tiepdan("audit", "verify")
    assert done.returncode == 0, done.stderr
    assert "nguyên vẹn" in done.stderr


def test_an_export_without_tickets_is_an_empty_file(tiepdan: Run, tmp_path: Path) -> None:
    target = tmp_path / "phieu.jsonl"
    done = tiepdan("tickets", "export", str(target))
    assert done.returncode == 0, done.stderr
    assert target.read_text() == ""
    assert tiepdan("tickets", "export", str(tmp_path / "no" / "x.csv")).returncode == 1


def test_procedures_are_checked_and_listed(tiepdan: Run) -> None:
    assert "111 thủ tục" in tiepdan("procedures", "check").stderr
    listed = tiepdan("procedures", "list", COLUMNS="200").stdout
    assert "1.001193" in listed
    assert len(re.findall(r"^ ?\d\.\d{6} ", listed, re.M)) == 111


def test_a_year_of_the_calendar_is_printed(tiepdan: Run) -> None:
    printed = tiepdan("calendar", "2026", COLUMNS="120").stdout
    assert "Tháng 12" in printed
    assert "thứ Bảy, 10/01/2026: làm việc. Làm bù" in printed
    assert re.search(r"24/11/2026: làm việc\. .*CHƯA CHẮC", printed)
    assert "250 ngày làm việc" in printed
    unknown = tiepdan("calendar", "2031")
    assert unknown.returncode == 1
    assert "overlay.yml" in unknown.stderr


def test_a_snapshot_is_imported_compared_and_checked(tiepdan: Run, tmp_path: Path) -> None:
    older = portal_records.write(tmp_path / "older.jsonl.gz", portal_records.many(40))
    newer = portal_records.write(tmp_path / "newer.jsonl", list(portal_records.many(40))[1:])
    tried = tiepdan("procedures", "import", str(older), "--dry-run", "--as-of", "2026-07-20")
    assert tried.returncode == 0, tried.stderr
    assert "chưa ghi gì" in tried.stderr
    done = tiepdan("procedures", "import", str(older), "--as-of", "2026-07-20")
    assert done.returncode == 0, done.stderr
    assert re.search(r"Mới: 3\d", done.stderr)
    assert "của địa phương khác" in done.stderr
    again = tiepdan("procedures", "import", str(older), "--as-of", "2026-07-20")
    assert re.search(r"Mới: 0 · thay đổi: 0 · như cũ: 3\d", again.stderr)
    assert "Bỏ\t7.000001" in tiepdan("procedures", "diff", str(older), str(newer)).stdout
    checked = tiepdan("procedures", "check", "--all")
    assert "0 câu đọc không xuôi" in checked.stderr, checked.stdout
    assert "có thể thiếu số 0" in checked.stdout
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"code": ', encoding="utf-8")
    refused = tiepdan("procedures", "import", str(broken))
    assert refused.returncode == 1
    assert "broken.jsonl không đọc được ở dòng 1" in refused.stderr


def test_wrong_usage_is_told_apart(tiepdan: Run) -> None:
    assert tiepdan("dance").returncode == 2
    assert tiepdan("--help").returncode == 0


def test_a_setting_that_cannot_be_used_is_named(tiepdan: Run) -> None:
    done = tiepdan("tickets", "list", GATEWAY_SECRET="short")
    assert done.returncode == 1
    assert "GATEWAY_SECRET" in done.stderr
    assert "short" not in done.stderr.replace("GATEWAY_SECRET", "")


def test_a_database_that_is_not_there_is_one_sentence(tiepdan: Run) -> None:
    done = tiepdan("tickets", "list", DATABASE_URL="postgresql://a:b@127.0.0.1:1/a")
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_run_says_which_port_is_taken(tiepdan: Run) -> None:
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        done = tiepdan("run", PORT=str(sock.getsockname()[1]))
    assert done.returncode == 1
    assert f"tiến trình {os.getpid()}" in done.stderr
    assert "PORT" in done.stderr


def test_doctor_reports_line_by_line(tiepdan: Run) -> None:
    done = tiepdan("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    for words in ("Python 3.12", "Rasa 3.6.21", "Dữ liệu trong data/: 0 lỗi", "giờ Việt Nam", "POSTGRES_PORT"):
        assert words in done.stdout


def test_doctor_fails_when_something_is_broken(tiepdan: Run) -> None:
    done = tiepdan("doctor", DATABASE_URL="postgresql://a:b@127.0.0.1:1/a")
    assert done.returncode == 1
    assert re.search(r"^hỏng +PostgreSQL không trả lời.*\n +→ Xem DATABASE_URL", done.stdout, re.MULTILINE)


def test_a_fault_of_ours_is_written_down_without_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VAR_DIR", str(tmp_path))
    with pytest.raises(ValueError, match="dân") as caught:
        raise ValueError("lời của {} dân".format("người"))
    assert command_line._unexpected(caught.value) == 70
    written = (tmp_path / "log" / "error.log").read_text()
    assert "test_cli.py" in written
    assert "ValueError" in written
    assert "người dân" not in written


def test_a_full_disk_is_said_so(capfd: pytest.CaptureFixture[str]) -> None:
    assert command_line._unexpected(OSError(28, "No space left on device")) == 1
