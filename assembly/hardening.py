"""Headers that every answer carries: nothing foreign on our pages, nothing of ours on foreign ones."""

from prometheus_client import Counter
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
LARGEST = 1_000_000
"""Bytes of a request's body."""
LARGEST_OF_FILES = 32_000_000
"""Bytes of a request that brings files, or of Rasa's, which sends a whole conversation with every action."""
_LARGE = ("/chat/files", "/actions/webhook")
REQUESTS = Counter("tiepdan_http_requests_total", "HTTP answers of the app", ["method", "status"])


class Hardening:
    """Pure ASGI: Starlette's own middleware base class would hold back server-sent events and their disconnects."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to the answer's start; count it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
                REQUESTS.labels(scope["method"], message["status"]).inc()
            await send(message)

        await (_refused(scope) or self._app)(scope, receive, hardened)


def _refused(scope: Scope) -> JSONResponse | None:
    """No body without a stated length, none larger than a person sends: the server holds it to what it states."""
    headers = Headers(scope=scope)
    if "transfer-encoding" in headers:
        return JSONResponse({"error": "Trình duyệt gửi sai cách. Anh/chị tải lại trang."}, 411)
    length = headers.get("content-length", "0")
    most = LARGEST_OF_FILES if scope["path"] in _LARGE else LARGEST
    if not length.isdecimal() or int(length) > most:
        return JSONResponse({"error": "Nội dung gửi lớn quá. Anh/chị chia nhỏ rồi gửi lại giúp."}, 413)
    return None
