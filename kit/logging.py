"""Structured logs on standard error. Events carry ids and counts, never what a citizen wrote."""

import logging
import sys

import structlog

# These put whole URLs (with tokens) or message bodies into INFO lines.
_TOO_TALKATIVE = ("fontTools", "httpx", "httpcore", "procrastinate", "rasa_sdk", "uvicorn.access", "sanic")


def configure(level: str = "INFO") -> None:
    """Set up logging for this process: one JSON object a line."""
    logging.basicConfig(stream=sys.stderr, level=level, format="%(levelname)s %(name)s %(message)s", force=True)
    for name in _TOO_TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
