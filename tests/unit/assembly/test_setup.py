"""deploy/setup: what it says when something is missing, and that it does nothing twice."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kit.settings import ROOT

UV = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/calls"
case "$1 $2" in
  "python find") [ -n "$FOUND" ] && echo "$FOUND" ;;
  "venv "*) for last; do :; done; mkdir -p "$last/bin"; printf '#!/bin/sh\\nexit 1\\n' > "$last/bin/python"
            chmod +x "$last/bin/python" ;;
  "pip sync") exit "${SYNC:-0}" ;;
esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a stand-in for uv, so that nothing is downloaded."""
    for name in ("deploy", "requirements"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / ".python-version", tmp_path)
    uv = tmp_path / ".tools" / "venv" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text(UV)
    uv.chmod(0o755)
    return tmp_path


def setup(checkout: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {"PATH": os.environ["PATH"], "HOME": str(checkout), "PYENV_ROOT": str(checkout / "pyenv")}
    return subprocess.run(
        [checkout / "deploy" / "setup", *words],
        env={**kept, **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=30,
        check=False,
    )


def calls(checkout: Path) -> list[str]:
    path = checkout / ".tools" / "venv" / "bin" / "calls"
    return path.read_text().splitlines() if path.exists() else []


def test_a_missing_interpreter_is_named_with_what_to_install(checkout: Path) -> None:
    done = setup(checkout)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Không thấy Python 3.10 (cần cho Rasa)" in done.stderr
    assert "Python 3.10 not found" in done.stderr
    assert not (checkout / ".venvs" / "rasa" / ".installed").exists()


def test_pyenv_is_found_even_when_it_is_not_on_the_path(checkout: Path) -> None:
    python = checkout / "pyenv" / "versions" / "3.10.13" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(shutil.which("true") or "/bin/true")
    done = setup(checkout)
    assert "Python 3.12" in done.stderr.splitlines()[-2]
    assert any(f"venv --quiet --clear --no-project --python {checkout}/pyenv" in call for call in calls(checkout))


def test_what_is_installed_is_not_installed_again(checkout: Path) -> None:
    assert setup(checkout, FOUND="/usr/bin/true").returncode == 0
    before = calls(checkout)
    assert sum("pip sync" in call for call in before) == 2
    assert all("--require-hashes" in call for call in before if "pip sync" in call)
    done = setup(checkout)
    assert (done.returncode, done.stderr) == (0, "")
    assert calls(checkout) == before


def test_a_changed_lock_renews_its_environment_only(checkout: Path) -> None:
    setup(checkout, FOUND="/usr/bin/true")
    before = len(calls(checkout))
    with (checkout / "requirements" / "app.txt").open("a") as lock:
        lock.write("# changed\n")
    assert setup(checkout, FOUND="/usr/bin/true").returncode == 0
    renewed = [call for call in calls(checkout)[before:] if "pip sync" in call]
    assert len(renewed) == 1
    assert ".venvs/app" in renewed[0]


def test_running_does_not_throw_the_developers_tools_away(checkout: Path) -> None:
    setup(checkout, "dev", FOUND="/usr/bin/true")
    before = calls(checkout)
    assert any("requirements/dev.txt" in call for call in before)
    assert setup(checkout).returncode == 0
    assert calls(checkout) == before


def test_an_installation_that_fails_is_tried_again(checkout: Path) -> None:
    done = setup(checkout, FOUND="/usr/bin/true", SYNC="1")
    assert done.returncode == 1
    assert "Không cài được các gói của môi trường rasa" in done.stderr
    assert setup(checkout, FOUND="/usr/bin/true").returncode == 0
