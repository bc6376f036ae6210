"""The one public process: web chat, staff desk, custom actions, health."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles

import desk.app
from actions.server import build_executor
from actions.server import router as actions_router
from assembly import health
from assembly.bootstrap import Services, build
from assembly.hardening import Hardening
from bot.web import checklist, letters, paper
from bot.web import routes as web
from bot.web.events import Waker
from kit import logging
from kit.errors import TiepDanError

log = structlog.get_logger()


def create_app(services: Services | None = None) -> FastAPI:
    """The application; uvicorn's factory. Tests hand in their own services."""
    services = services or build()
    logging.configure(services.settings.log_level)
    app = FastAPI(title="Tiếp Dân", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    app.state.services = services
    app.state.bot = services.bot
    app.add_middleware(Hardening)
    app.mount("/static/chat", StaticFiles(directory=web.HERE / "static"), name="chat_static")
    app.include_router(web.router)
    app.include_router(checklist.router)
    app.include_router(letters.router)
    app.include_router(health.router(services))
    secret = services.settings.actions_secret.get_secret_value()
    app.include_router(actions_router(build_executor(services.actions), secret))
    desk.app.install(app)
    app.add_exception_handler(TiepDanError, _say_error)
    app.add_exception_handler(RequestValidationError, _say_invalid)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    app.state.waker = Waker(services.settings.dsn)
    listening = asyncio.create_task(app.state.waker.run())
    yield
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening
    services.close()


async def _say_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, TiepDanError)
    if request.url.path.startswith("/desk"):
        return desk.app.error_page(request, error)
    if request.url.path.startswith((checklist.PREFIX, letters.PREFIX)):
        return paper.problem(request, error)
    return JSONResponse({"error": error.message}, status_code=error.status)


async def _say_invalid(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "Dữ liệu gửi lên chưa đúng. Anh/chị tải lại trang rồi thử lại."}, status_code=422)
