"""Liveness, readiness and metrics."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from assembly.bootstrap import Services
from kit.db import session_scope

# The worker writes a heartbeat every few seconds (assembly/worker.py); silent this long, it is gone.
WORKER_SILENT_SECONDS = 20


def router(services: Services) -> APIRouter:
    """/healthz: the process lives. /readyz: it can serve citizens. /metrics: for Prometheus."""
    routes = APIRouter()

    @routes.get("/healthz")
    def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @routes.get("/readyz")
    def readyz() -> JSONResponse:
        parts = readiness(services)
        return JSONResponse(parts, status_code=200 if all(parts.values()) else 503)

    @routes.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return routes


def readiness(services: Services) -> dict[str, bool]:
    """Which parts answer: database, worker, rasa."""
    alive = text(
        "select count(*) from procrastinate_workers where last_heartbeat > now() - make_interval(secs => :silent)"
    )
    try:
        with session_scope(services.engine) as session:
            workers = session.execute(alive, {"silent": WORKER_SILENT_SECONDS}).scalar_one()
    except SQLAlchemyError:
        return {"database": False, "worker": False, "rasa": services.bot.rasa.ready()}
    return {"database": True, "worker": workers > 0, "rasa": services.bot.rasa.ready()}
