"""The error tree.

TiepDanError
├── Conflict        409  the state of things does not allow it now
├── Forbidden       403  visible, but not allowed
├── NotFound        404  does not exist, or may not be seen
├── Invalid         422  the input is wrong and says how to mend it
├── TooMany         429  try again later
├── Unavailable     503  a part we need does not answer
└── SetupError      (command line) the machine or the configuration is not ready

Each class's docstring is its default message, in Vietnamese, because a person reads it.
"""


class TiepDanError(Exception):
    """Có lỗi xảy ra. Anh/chị thử lại sau ít phút."""

    status = 500

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())

    @property
    def message(self) -> str:
        """The sentence to show to a person."""
        return str(self.args[0])


class Conflict(TiepDanError):
    """Việc này không làm được ở trạng thái hiện tại."""

    status = 409


class Forbidden(TiepDanError):
    """Anh/chị không có quyền làm việc này."""

    status = 403


class NotFound(TiepDanError):
    """Không tìm thấy."""

    status = 404


class Invalid(TiepDanError):
    """Thông tin gửi lên chưa đúng. Anh/chị xem lại giúp."""

    status = 422


class TooMany(TiepDanError):
    """Anh/chị gửi hơi nhanh. Xin chờ một chút rồi thử lại."""

    status = 429


class Unavailable(TiepDanError):
    """Hệ thống đang bận. Anh/chị thử lại sau ít phút."""

    status = 503


class SetupError(TiepDanError):
    """Máy chưa sẵn sàng để chạy Tiếp Dân."""
