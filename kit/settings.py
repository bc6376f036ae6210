"""One typed settings object, read from the environment and from `.env` at the root of the checkout."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from kit.errors import SetupError

ROOT = Path(__file__).resolve().parent.parent
_SHORTEST_SECRET = 24  # characters; token_urlsafe(32) gives 43


class Settings(BaseSettings):
    """Every setting, with its default. Secrets have none: `make run` writes them to `.env` once.

    Environment variables win over `.env`. Names are the field names in upper case.
    """

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", env_ignore_empty=True)

    var_dir: Path = ROOT / "var"
    """Everything that this installation writes: PostgreSQL's data, logs, state of the running processes."""
    agency_name: str = "UBND thành phố Cần Thơ"
    public_url: str = ""
    """Address that citizens use, e.g. https://tiepdan.example.vn; empty means the local one."""
    host: str = "127.0.0.1"
    port: int = 8000
    rasa_port: int = 5005
    postgres_port: int = 15432

    database_url: str = ""
    """An existing PostgreSQL (postgresql://user:password@host/db); empty means the embedded one."""
    owner_database_url: str = ""
    """The same database as the role that owns its tables and migrates them; empty when DATABASE_URL is that role."""
    rasa_database_url: str = ""
    postgres_superuser_password: SecretStr = SecretStr("")
    postgres_password: SecretStr = SecretStr("")
    rasa_postgres_password: SecretStr = SecretStr("")

    gateway_secret: SecretStr
    actions_secret: SecretStr
    choice_key: SecretStr
    digest_key: SecretStr
    """Key of the digests by which receipts and channel addresses are found."""
    seal_keys: Annotated[list[SecretStr], NoDecode]
    """Fernet keys, comma separated, newest first: the first seals, all of them open."""

    worker_concurrency: int = Field(default=8, ge=1, le=64)
    log_level: str = "INFO"

    @field_validator("seal_keys", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return value.split(",") if isinstance(value, str) else value

    @field_validator("gateway_secret", "actions_secret", "choice_key", "digest_key")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < _SHORTEST_SECRET:
            raise ValueError(f"a secret needs at least {_SHORTEST_SECRET} characters")
        return value

    @cached_property
    def dsn(self) -> str:
        """The PostgreSQL address of the application's own database, as libpq writes it."""
        if self.database_url:
            return self.database_url
        password = self.postgres_password.get_secret_value()
        return f"postgresql://tiepdan:{password}@127.0.0.1:{self.postgres_port}/tiepdan"

    @cached_property
    def owner_dsn(self) -> str:
        """The same database as the role that owns its tables: only migrations use it."""
        if self.database_url:
            return self.owner_database_url or self.database_url
        password = self.postgres_superuser_password.get_secret_value()
        return f"postgresql://postgres:{password}@127.0.0.1:{self.postgres_port}/tiepdan"

    @cached_property
    def address(self) -> str:
        """Where a browser finds the application, without a slash at the end."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def rasa_url(self) -> str:
        """Rasa's own address: always loopback, whatever the application listens on."""
        return f"http://127.0.0.1:{self.rasa_port}"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; `overrides` win over everything.

    Raises SetupError that names the settings at fault, never their values.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        names = sorted({str(fault["loc"][0]).upper() for fault in error.errors()})
        raise SetupError(
            f"Cấu hình thiếu hoặc sai: {', '.join(names)}. "
            "Xem lại tệp .env, hoặc xóa nó rồi chạy `make run` để tạo lại."
        ) from None
