"""TCP ports: whether one is free, and who holds it when it is not."""

import contextlib
import os
import socket
from pathlib import Path

from kit.errors import SetupError

_LISTEN = "0A"  # include/net/tcp_states.h
_PROC = Path("/proc")


class PortTaken(SetupError):
    """Cổng đã có chương trình khác dùng."""


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def require_free(host: str, port: int, setting: str, what: str) -> None:
    """Raises PortTaken, naming the process that holds the port and the setting to change."""
    if is_free(host, port):
        return
    who = holder(port)
    raise PortTaken(
        f"Cổng {port} ({what}) đang bị {who or 'một chương trình khác'} dùng. "
        f"Dừng chương trình đó, hoặc đặt {setting} trong tệp .env thành một cổng khác, rồi chạy lại."
    )


def is_free(host: str, port: int) -> bool:
    """Whether a server of ours could listen there. Raises SetupError when the address is not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as sock:
        # As servers do: a port whose last connections are only fading away counts as free.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except PermissionError:
            raise SetupError(f"Không được phép mở cổng {port}. Chọn một cổng từ 1024 trở lên.") from None
        except OSError as error:
            if error.errno == 98:  # EADDRINUSE
                return False
            raise SetupError(
                f"Không mở được địa chỉ {host}:{port}: {error.strerror}. Xem lại HOST trong .env."
            ) from None
    return True


def holder(port: int) -> str | None:
    """ "tiến trình 123 (nginx)", as far as this user may see it."""
    inodes = _listening(port)
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and inodes and _has_open(entry, inodes):
            with contextlib.suppress(OSError):
                return f"tiến trình {entry.name} ({(entry / 'comm').read_text().strip()})"
    return None


def _listening(port: int) -> set[str]:
    """The inodes of the sockets that listen on `port`, from proc(5) net/tcp."""
    found = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (_PROC / "net" / table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{fields[9]}]")
    return found


def _has_open(process: Path, inodes: set[str]) -> bool:
    try:
        return any(os.readlink(link) in inodes for link in (process / "fd").iterdir())
    except OSError:
        return False
