"""When a model counts as current, and what a training leaves behind."""

import os
import stat
from pathlib import Path

import pytest

from assembly import training
from assembly.training import TrainingFailed, fingerprint
from kit.settings import ROOT

SOURCES = (
    "config.yml",
    "domain/main.yml",
    "data/nlu/general.yml",
    "data/rules/general.yml",
    "data/stories/one.yml",
    "nlu/variants.py",
    "nlu/components/linker.py",
    "vntext/fold.py",
    "requirements/rasa.txt",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in (*SOURCES, "nlu/tools/evaluate.py", "README.md", "bot/turn.py", "var/lexicon.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def _mark(checkout: Path) -> str:
    return fingerprint(checkout, checkout / "var" / "lexicon.json")


@pytest.mark.parametrize("name", [*SOURCES, "var/lexicon.json"])
def test_what_shapes_the_model_changes_its_name(checkout: Path, name: str) -> None:
    before = _mark(checkout)
    (checkout / name).write_text("changed")
    assert _mark(checkout) != before


@pytest.mark.parametrize("name", ["README.md", "bot/turn.py", "nlu/tools/evaluate.py"])
def test_nothing_else_makes_anybody_train_again(checkout: Path, name: str) -> None:
    before = _mark(checkout)
    (checkout / name).write_text("changed")
    assert _mark(checkout) == before


def test_a_new_file_and_a_moved_text_are_noticed(checkout: Path) -> None:
    marks = {_mark(checkout)}
    (checkout / "data/nlu/more.yml").write_text("x")
    marks.add(_mark(checkout))
    (checkout / "data/nlu/more.yml").rename(checkout / "data/nlu/other.yml")
    marks.add(_mark(checkout))
    assert len(marks) == 3


def test_rasa_gets_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEAL_KEYS", "DATABASE_URL", "DIGEST_KEY", "TELEGRAM_TOKEN"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    given = training.rasa_environment()
    assert "secret" not in given.values()
    assert given["OPENBLAS_CORETYPE"] == "Haswell"
    assert given["RASA_TELEMETRY_ENABLED"] == "false"
    assert given["HOME"].startswith(str(ROOT))


@pytest.fixture
def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for Rasa's interpreter: a real child process that writes a model, or does not."""
    path = tmp_path / "python"
    monkeypatch.setattr(training, "RASA_PYTHON", path)
    monkeypatch.setattr(training, "MODELS", tmp_path / "models")
    monkeypatch.setattr(training, "fingerprint", lambda: "abc")
    return path


def _script(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


WRITES_A_MODEL = 'while [ "$1" != --out ]; do shift; done; echo trained > "$2/model.tar.gz"; echo x >> "$0.runs"'


def test_it_trains_once_for_the_same_data(trainer: Path, tmp_path: Path) -> None:
    _script(trainer, WRITES_A_MODEL)
    model = training.train(tmp_path / "log")
    assert model.name == "tiepdan-abc.tar.gz"
    assert model.read_text() == "trained\n"
    assert training.train(tmp_path / "log") == training.current_model() == model
    assert (tmp_path / "python.runs").read_text() == "x\n"


def test_a_training_that_fails_says_why_and_leaves_nothing(trainer: Path, tmp_path: Path) -> None:
    _script(trainer, 'echo "InvalidDomain: slot x"; exit 1')
    with pytest.raises(TrainingFailed, match="InvalidDomain: slot x"):
        training.train(tmp_path / "log")
    assert training.current_model() is None
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == [".lock"]


def test_only_the_newest_models_are_kept(trainer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _script(trainer, WRITES_A_MODEL)
    for number in range(5):
        monkeypatch.setattr(training, "fingerprint", lambda number=number: f"n{number}")
        os.utime(training.train(tmp_path / "log"), (number, number))
    assert sorted(path.name for path in (tmp_path / "models").glob("*.gz")) == [
        f"tiepdan-n{number}.tar.gz" for number in (2, 3, 4)
    ]
