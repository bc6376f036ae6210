"""The rasa-sdk protocol as one route of the app: `POST /actions/webhook`, loopback and shared secret."""

import asyncio
import hmac
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Header, HTTPException, Request
from fastapi.responses import JSONResponse
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException
from starlette.concurrency import run_in_threadpool

from actions.checklist import Checklist
from actions.complaint import FinishComplaint, ValidateComplaintForm
from actions.context import ActionContext
from actions.data_rights import DataRights, EraseData
from actions.go_on import GoOn
from actions.hotline import Hotlines
from actions.procedure import AnswerProcedure, ReadOn, RejectProcedure
from actions.rating import Rate
from actions.replying import SendToStaff, ValidateReplyForm
from actions.status import NewReceipt, TicketStatus
from actions.ways import HowToComplain

log = structlog.get_logger()


def build_executor(context: ActionContext) -> ActionExecutor:
    """All actions of the domain, each with what it needs."""
    executor = ActionExecutor()
    for action in (
        AnswerProcedure,
        RejectProcedure,
        ReadOn,
        Checklist,
        GoOn,
        Hotlines,
        ValidateComplaintForm,
        FinishComplaint,
        TicketStatus,
        ValidateReplyForm,
        SendToStaff,
        NewReceipt,
        Rate,
        HowToComplain,
        DataRights,
        EraseData,
    ):
        executor.register_action(action(context))
    return executor


def router(executor: ActionExecutor, secret: str) -> APIRouter:
    """The route that Rasa calls. Not for citizens: it refuses anyone without the shared secret."""
    routes = APIRouter()

    @routes.post("/actions/webhook", include_in_schema=False)
    async def webhook(request: Request, x_actions_secret: Annotated[str, Header()] = "") -> JSONResponse:
        # The secret before the body: a stranger's is not even read.
        if not hmac.compare_digest(x_actions_secret.encode(), secret.encode()):
            raise HTTPException(403)
        call: dict[str, Any] = await request.json()
        return await run_in_threadpool(_run, executor, call)  # where an action may wait for the database

    return routes


def _run(executor: ActionExecutor, call: dict[str, Any]) -> JSONResponse:
    try:
        result = asyncio.run(executor.run(call))
    except ActionExecutionRejection as rejection:
        return JSONResponse({"error": str(rejection), "action_name": rejection.action_name}, status_code=400)
    except ActionNotFoundException as missing:
        return JSONResponse({"error": str(missing), "action_name": missing.action_name}, status_code=404)
    except Exception:
        log.exception("action_failed", action=call.get("next_action"))
        return JSONResponse({"error": "action failed"}, status_code=500)
    answer: dict[str, Any] = result.model_dump() if result is not None else {"events": [], "responses": []}
    answer["responses"] = [_fit_for_rasa(response) for response in answer["responses"]]
    return JSONResponse(answer)


def _fit_for_rasa(response: dict[str, Any]) -> dict[str, Any]:
    """A value with "0[" in it makes Rasa say the template's own braces (rasa 3.6.21, core/nlg/interpolator.py)."""
    if not response.get("response"):
        return response
    return {
        name: value.replace("0[", "0 [") if isinstance(value, str) and name != "response" else value
        for name, value in response.items()
    }
