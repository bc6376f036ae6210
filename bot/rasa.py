"""HTTP client of the gateway channel inside Rasa (`nlu/gateway.py`)."""

from typing import Any

import httpx

from kit.errors import Unavailable

# A turn takes tens of milliseconds; a minute means that Rasa is stuck, and the job is tried again.
_TIMEOUT = httpx.Timeout(30, connect=3)


class RasaUnavailable(Unavailable):
    """Bộ phận hiểu câu hỏi chưa trả lời. Tôi sẽ thử lại ngay khi được."""


class RasaClient:
    """Asks Rasa. One instance a process; thread-safe, as httpx.Client is."""

    def __init__(self, url: str, secret: str, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"X-Gateway-Secret": secret}
        # trust_env: a proxy of the machine's environment has no business with loopback calls that carry a secret
        self._http = httpx.Client(
            base_url=url, headers=headers, timeout=_TIMEOUT, transport=transport, trust_env=False
        )

    def ask(
        self, *, sender: str, message: str, message_id: str, channel: str, metadata: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Rasa's responses to one message, at least one.

        Raises RasaUnavailable when Rasa does not answer, fails, or answers with nothing.
        """
        body = {
            "sender": sender,
            "message": message,
            "message_id": message_id,
            "channel": channel,
            "metadata": metadata,
        }
        replies: list[dict[str, Any]] = self._post("/webhooks/gateway/webhook", body)
        if not replies:
            raise RasaUnavailable
        return replies

    def parse(self, text: str) -> dict[str, Any]:
        """What Rasa understands of `text`, without touching any conversation. Raises RasaUnavailable."""
        result: dict[str, Any] = self._post("/webhooks/gateway/parse", {"message": text})
        return result

    def ready(self) -> bool:
        """Whether the gateway answers and its model is loaded."""
        try:
            return self._http.get("/webhooks/gateway/", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def close(self) -> None:
        """Close the connection pool."""
        self._http.close()

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        try:
            response = self._http.post(path, json=body)
            response.raise_for_status()
            return response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise RasaUnavailable from error
