"""What can go wrong when a channel sends."""

from datetime import timedelta

from kit.errors import TiepDanError


class RetryLater(TiepDanError):
    """Kênh chưa nhận tin lúc này."""

    def __init__(self, after: timedelta) -> None:
        super().__init__()
        self.after = after


class Undeliverable(TiepDanError):
    """Kênh không nhận tin cho người này nữa."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
