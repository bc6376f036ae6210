"""A browser at the desk, for tests: plain HTTP, as a page's forms do it."""

import re

import httpx

from tests.stack import Stack, wait_for

PASSWORD = "mot-cau-dai-de-nho-510"
ADMIN = "quantri"


class Clerk:
    """Keeps the page that is open, because its forms carry the session's token."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=10, follow_redirects=True)
        self.page = ""

    def close(self) -> None:
        """Close the browser."""
        self.http.close()

    def get(self, path: str) -> str:
        """Open a page."""
        self.page = self.http.get(path).raise_for_status().text
        return self.page

    def post(self, path: str, **form: str) -> str:
        """Send a form with the token of the page that is open."""
        token = re.search(r'name="csrf" value="([^"]+)"', self.page)
        sent = form | ({"csrf": token[1]} if token else {})
        self.page = self.http.post(path, data=sent).raise_for_status().text
        return self.page


def admin(stack: Stack) -> Clerk:
    """The first administrator, signed in. The one-time password is changed the first time."""
    clerk = Clerk(stack.url)
    clerk.get("/desk")
    page = clerk.post("/desk/login", username=ADMIN, password=PASSWORD)
    assert "Danh sách phiếu" in page
    return clerk


def claim_admin(stack: Stack) -> None:
    """Change the one-time password that the supervisor printed."""
    log = stack.var / "supervisor.log"
    printed = wait_for(lambda: re.search(r"mật khẩu dùng một lần:\s*(\S+)", log.read_text()), 20, "the password")
    clerk = Clerk(stack.url)
    clerk.get("/desk")
    clerk.post("/desk/login", username=ADMIN, password=printed[1])
    clerk.post("/desk/password", old=printed[1], new=PASSWORD, again=PASSWORD)
    clerk.close()
