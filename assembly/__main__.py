"""`python -m assembly`: the command line. Every ending is a sentence and an exit code, never a traceback."""

import errno
import os
import sys
import traceback
from pathlib import Path

import psycopg
from sqlalchemy.exc import OperationalError

from assembly.console import fail
from kit.errors import TiepDanError

FAILED, UNEXPECTED, INTERRUPTED = 1, 70, 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 something to mend, 2 wrong usage, 70 a fault of ours,
    130 interrupted."""
    from assembly.cli import app
    from assembly.supervisor import StopRequested

    try:
        app(args=arguments, prog_name="tiepdan", standalone_mode=True)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else FAILED
    except (KeyboardInterrupt, StopRequested):
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except TiepDanError as error:
        fail(error.message)
        return FAILED
    except Exception as error:
        return _unexpected(error)
    return 0


def _unexpected(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        fail("Đĩa đã đầy. Dọn bớt rồi chạy lại.")
        return FAILED
    if isinstance(error, psycopg.OperationalError | OperationalError):
        fail(f"Cơ sở dữ liệu không trả lời. Chi tiết: {_write_down(error)}")
        return FAILED
    fail(f"Có lỗi ngoài dự tính ({type(error).__name__}). Chi tiết: {_write_down(error)}")
    return UNEXPECTED


def _write_down(error: Exception) -> str:
    """The traceback goes to a file; SQL errors may quote what a citizen wrote, so only their place is kept."""
    from kit.settings import ROOT

    folder = Path(os.environ.get("VAR_DIR") or ROOT / "var") / "log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "error.log"
        frames = "".join(traceback.format_tb(error.__traceback__))
        path.write_text(f"{frames}{type(error).__module__}.{type(error).__name__}\n")
    except OSError:
        return type(error).__name__
    return str(path)


if __name__ == "__main__":
    sys.exit(main())
