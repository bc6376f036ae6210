"""Trains when data or pipeline changed, and never needlessly. A model is named by the fingerprint of what made it."""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assembly import imported_names
from assembly.bootstrap import DATA
from assembly.children import die_with_parent, log_end
from catalogue import lexicon
from catalogue.load import load_facts, read_procedures
from kit import clock
from kit.errors import SetupError
from kit.settings import ROOT

MODELS = ROOT / "models"
LEXICON = ROOT / "var" / "lexicon.json"
RASA_PYTHON = ROOT / ".venvs" / "rasa" / "bin" / "python"
_SOURCES: tuple[str, ...] = (
    "config.yml",
    "domain/**/*.yml",
    "data/nlu/**/*.yml",
    "data/rules/**/*.yml",
    "data/stories/**/*.yml",
    "nlu/components/**/*.py",
    "nlu/importer.py",
    "nlu/variants.py",
    "vntext/**/*.py",
    "requirements/rasa.txt",
)
_KEEP = 3  # models; the one in use and two to go back to
_KEPT = ("PATH", "LANG", "TMPDIR", "TZ", "LD_LIBRARY_PATH")
# Numerical libraries are told about the processor this way: on some, the wrong kernel computes wrong results.
_KEPT_PREFIXES = ("LC_", "OPENBLAS_", "OMP_", "MKL_")


class TrainingFailed(SetupError):
    """Huấn luyện không xong."""


class EvaluationFailed(SetupError):
    """Chưa đo xong hoặc kết quả chưa đạt; xem các dòng phía trên."""


def export_lexicon() -> None:
    """Write the names of today's procedures, places and agencies for the training."""
    imported = imported_names.read()
    procedures = read_procedures(DATA / "procedures")
    lexicon.export(procedures, imported, load_facts(DATA), LEXICON, clock.now().date())


def fingerprint(root: Path = ROOT, lexicon_file: Path = LEXICON) -> str:
    """A digest of everything that a model depends on, 16 hexadecimal characters."""
    digest = hashlib.sha256()
    paths = sorted(path for pattern in _SOURCES for path in root.glob(pattern) if "tools" not in path.parts)
    for path in [*paths, lexicon_file]:
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
        digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def current_model() -> Path | None:
    """The model of today's data, if it has been trained."""
    path = _path(fingerprint())
    return path if path.exists() else None


def train(log: Path, *, force: bool = False) -> Path:
    """The model of today's data, trained now if need be, or anew with `force`.

    Raises TrainingFailed with the end of Rasa's own words; an older model stays untouched.
    """
    with _one_at_a_time():
        target = _path(fingerprint())
        if force or not target.exists():
            _train(target, log)
            _forget_old(target)
    return target


def rasa_environment() -> dict[str, str]:
    """The environment of every Rasa process: quiet, offline, without our secrets."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "HOME": str(ROOT / ".rasa"),  # Rasa, Keras and matplotlib write there; the checkout is the place for it
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "CUDA_VISIBLE_DEVICES": "-1",
        "LOG_LEVEL_LIBRARIES": "ERROR",
        "SQL_POOL_SIZE": "5",
        "SQL_MAX_OVERFLOW": "10",
    }


def evaluate(model: Path | None, arguments: list[str]) -> None:
    """Measure a model, or the files that `arguments` name, with the tools of `nlu`, in Rasa's interpreter.

    Raises EvaluationFailed.
    """
    # The tools run in the checkout, the person may not.
    named = [str(Path(one).resolve()) if Path(one).is_file() else one for one in arguments]
    command = [str(RASA_PYTHON), "-W", "ignore", "-m", "nlu.tools.evaluate", *([str(model)] if model else []), *named]
    done = subprocess.run(
        command, cwd=ROOT, env=rasa_environment(), preexec_fn=die_with_parent(signal.SIGTERM), check=False
    )
    if done.returncode:
        raise EvaluationFailed


def data_folders() -> list[str]:
    """Where Rasa finds examples, rules and stories, relative to the checkout."""
    return [name for name in ("data/nlu", "data/rules", "data/stories") if (ROOT / name).is_dir()]


def _path(mark: str) -> Path:
    return MODELS / f"tiepdan-{mark}.tar.gz"


def _train(target: Path, log: Path) -> None:
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=MODELS))
    command = [
        str(RASA_PYTHON),
        "-m",
        "rasa",
        "train",
        "--force",
        "--quiet",
        "--skip-validation",
    ]  # `make lint` validates
    command += ["--domain", "domain", "--data", *data_folders(), "--config", "config.yml"]
    command += ["--out", str(draft), "--fixed-model-name", "model"]
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as out:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=rasa_environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGTERM),
                check=False,
            )
        made = draft / "model.tar.gz"
        if done.returncode or not made.exists():
            raise TrainingFailed(f"Huấn luyện không xong, xem {log}. Cuối nhật ký:\n{log_end(log)}")
        made.replace(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _forget_old(newest: Path) -> None:
    models = sorted(MODELS.glob("tiepdan-*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in [path for path in models if path != newest][_KEEP - 1 :]:
        path.unlink()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    MODELS.mkdir(exist_ok=True)
    with (MODELS / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
