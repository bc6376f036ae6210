"""Faults in the reference data, each with its file and line."""

from collections.abc import Sequence
from dataclasses import dataclass

from kit.errors import SetupError


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, and where. `line` counts from 1; 0 means the file as a whole."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class CatalogueError(SetupError):
    """Dữ liệu tra cứu có lỗi."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        shown = "\n".join(str(fault) for fault in faults[:20])
        rest = f"\n… và {len(faults) - 20} lỗi nữa" if len(faults) > 20 else ""
        super().__init__(f"Dữ liệu có {len(faults)} lỗi, chưa nạp gì cả:\n{shown}{rest}")
        self.faults = list(faults)
