"""Settings for tests of the assembly: complete, and of nobody's real installation."""

from pathlib import Path
from typing import Any

from kit.settings import Settings

SECRET = "for-tests-only-for-tests-only-for"
_NAMES = ("gateway_secret", "actions_secret", "choice_key", "digest_key", "rasa_postgres_password")


def settings(var: Path, **fields: Any) -> Settings:
    """Settings that no `.env` and no default of this machine has touched."""
    given = {**dict.fromkeys(_NAMES, SECRET), "seal_keys": "k", "var_dir": var, **fields}
    return Settings(_env_file=None, **given)
