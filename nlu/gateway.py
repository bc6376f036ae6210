"""Rasa's only door: a channel with a shared secret, exactly-once turns and no silent failures.

Rasa's own REST channel has no authentication and answers 200 with an empty list when a turn failed
(rasa 3.6.21, core/channels/rest.py). This one answers non-200 whenever anything went wrong, and a turn whose
custom action failed leaves no trace in the conversation, so that the same message can simply be sent again.
"""

import hmac
import logging
from typing import Any, Awaitable, Callable, Dict, List, Optional

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

logger = logging.getLogger(__name__)

SECRET_HEADER = "x-gateway-secret"


class TurnAborted(BaseException):
    """A custom action failed: abandon the whole turn.

    Not an Exception, because MessageProcessor._run_action swallows those, goes on without the action's events
    and saves the damaged conversation.
    """


class AbortingEndpoint(EndpointConfig):
    """The action endpoint, except that a failing action ends the turn instead of being ignored."""

    @classmethod
    def around(cls, endpoint: EndpointConfig) -> "AbortingEndpoint":
        """The same endpoint with the stricter behaviour."""
        return cls(endpoint.url, endpoint.params, endpoint.headers, **endpoint.kwargs)

    async def request(self, *args: Any, **kwargs: Any) -> Optional[Any]:
        """Call the action server. Raises TurnAborted for anything but an orderly rejection (HTTP 400)."""
        try:
            return await super().request(*args, **kwargs)
        except ClientResponseError as error:
            if error.status == 400:
                raise
            raise TurnAborted(f"the action server answered {error.status}") from error
        except Exception as error:
            raise TurnAborted(f"the action server did not answer: {type(error).__name__}") from error


class Collector(CollectingOutputChannel):
    """Keeps each response whole and answers to the name of the citizen's real channel."""

    def __init__(self, channel: str) -> None:
        super().__init__()
        self._channel = channel

    def name(self) -> str:  # type: ignore[override]  # Rasa asks the instance, so the instance may know
        return self._channel

    async def send_response(self, recipient_id: str, message: Dict[str, Any]) -> None:
        self.messages.append(_response(message.get("text"), message))


def _response(text: Optional[str], parts: Dict[str, Any]) -> Dict[str, Any]:
    kept = {key: parts[key] for key in ("buttons", "custom") if parts.get(key)}
    return {**({"text": text} if text else {}), **kept}


class GatewayInput(InputChannel):
    """`POST webhook`: one turn. `POST parse`: understanding only. `GET /`: ready or not."""

    @classmethod
    def name(cls) -> str:
        return "gateway"

    @classmethod
    def from_credentials(cls, credentials: Optional[Dict[str, Any]]) -> "GatewayInput":
        secret = (credentials or {}).get("secret") or ""
        if len(secret) < 24 or secret.startswith("${"):
            raise ValueError("credentials.yml: nlu.gateway.GatewayInput needs GATEWAY_SECRET (24 characters or more)")
        return cls(secret)

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        gateway = Blueprint("gateway", __name__)

        @gateway.listener("after_server_start")  # type: ignore[untyped-decorator]  # sanic 21 types none
        async def abort_on_failing_actions(app: Any, _: Any) -> None:
            agent = app.ctx.agent
            if agent and agent.processor and agent.processor.action_endpoint:
                agent.processor.action_endpoint = AbortingEndpoint.around(agent.processor.action_endpoint)

        @gateway.get("/")
        async def ready(request: Request) -> HTTPResponse:
            agent = request.app.ctx.agent
            loaded = bool(agent and agent.is_ready())
            return response.json({"ready": loaded}, status=200 if loaded else 503)

        @gateway.post("/webhook")
        async def webhook(request: Request) -> HTTPResponse:
            if not self._admitted(request):
                return response.json({"error": "forbidden"}, status=403)
            return await self._turn(request, on_new_message)

        @gateway.post("/parse")
        async def parse(request: Request) -> HTTPResponse:
            if not self._admitted(request):
                return response.json({"error": "forbidden"}, status=403)
            text = (request.json or {}).get("message")
            if not isinstance(text, str) or text.startswith("/"):
                return response.json({"error": "message must be a text without a leading slash"}, status=400)
            return response.json(await request.app.ctx.agent.parse_message(text))

        return gateway

    def _admitted(self, request: Request) -> bool:
        given = request.headers.get(SECRET_HEADER, "")
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._secret)

    async def _turn(self, request: Request, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> HTTPResponse:
        body = request.json or {}
        fault = _fault(body)
        if fault:
            return response.json({"error": fault}, status=400)
        metadata = body.get("metadata") or {}
        if metadata.get("attempt"):
            said = await _said_before(request.app.ctx.agent, body["sender"], body["message_id"])
            if said:
                return response.json(said)
        collector = Collector(body["channel"])
        message = UserMessage(
            body["message"],
            collector,
            body["sender"],
            input_channel=body["channel"],
            message_id=body["message_id"],
            metadata=metadata,
        )
        try:
            await on_new_message(message)
        except TurnAborted as error:
            logger.error("turn aborted: %s", error)
            return response.json({"error": "action failed"}, status=503)
        except Exception as error:
            logger.error("turn failed: %s", type(error).__name__)
            return response.json({"error": "turn failed"}, status=500)
        if not collector.messages:
            return response.json({"error": "no reply"}, status=500)
        return response.json(collector.messages)


def _fault(body: Dict[str, Any]) -> Optional[str]:
    for field in ("sender", "message", "message_id", "channel"):
        if not isinstance(body.get(field), str) or not body[field]:
            return f"{field} is missing"
    if body["message"].startswith("/") and not (body.get("metadata") or {}).get("choice"):
        return "a message may start with a slash only when metadata.choice says it is a button"
    return None


async def _said_before(agent: Any, sender: str, message_id: str) -> List[Dict[str, Any]]:
    """What was said to this message if its turn had been saved; the caller repeats it instead of the turn."""
    tracker = await agent.processor.tracker_store.retrieve(sender)
    said: List[Dict[str, Any]] = []
    found = False
    for event in tracker.events if tracker else ():
        if isinstance(event, UserUttered):
            if found:
                break
            found = event.message_id == message_id
        elif found and isinstance(event, BotUttered):
            said.append(_response(event.text, event.data or {}))
    return said
