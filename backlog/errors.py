"""What the backlog refuses, in words for the person who asked."""

from kit.errors import Conflict, Forbidden, Invalid, NotFound, TooMany


class TicketNotFound(NotFound):
    """Không tìm thấy phiếu này, hoặc anh/chị không được xem phiếu này."""


class NotAllowed(Forbidden):
    """Anh/chị không có quyền làm việc này với phiếu."""


class WrongState(Conflict):
    """Phiếu đang ở trạng thái không làm được việc này. Anh/chị tải lại trang để xem trạng thái mới."""


class Incomplete(Invalid):
    """Còn thiếu thông tin bắt buộc."""


class ReopenTooLate(Conflict):
    """Đã quá 14 ngày từ khi có trả lời nên không mở lại phiếu được. Anh/chị gửi phản ánh mới giúp."""


class AppealRefused(Conflict):
    """Chưa đưa phiếu lên cấp trên được. Việc này chỉ làm một lần, sau khi mở lại, trong 14 ngày từ khi có trả lời."""


class TwoPeopleNeeded(Forbidden):
    """Phiếu về vòi vĩnh cần hai người đồng ý mới mở được danh tính. Anh/chị gửi yêu cầu và chờ người thứ hai."""


class TooManyAttempts(TooMany):
    """Đã thử sai nhiều lần. Vì an toàn của người gửi, anh/chị chờ 15 phút rồi thử lại."""
