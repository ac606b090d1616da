"""Logs as JSON lines. Only listed keys are written, so that nothing personal slips in with an `extra`."""

import json
import logging
import sys
from datetime import UTC, datetime

_ALLOWED = (
    "part",
    "error",
    "event_id",
    "events",
    "stream",
    "subject",
    "route",
    "status",
    "request_id",
    "record_id",
    "referral_id",
    "delivery_id",
    "partner",
    "attempt",
    "count",
    "seconds",
    "where",
)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the allowed keys of `extra`."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    def format(self, record: logging.LogRecord) -> str:
        """The line. An exception is written as its class and the place it was raised, never its text."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "part": self._part,
            "logger": record.name,
            "message": record.msg if isinstance(record.msg, str) else type(record.msg).__name__,
        }
        line |= {key: str(getattr(record, key)) for key in _ALLOWED if hasattr(record, key)}
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line["error"] = type(error).__name__
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            if trace is not None:
                line["where"] = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
        return json.dumps(line, ensure_ascii=False)


def set_up_logs(part: str, level: int = logging.INFO) -> None:
    """Send every logger's lines to standard error. Libraries speak from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(part))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("services", "gateway", "deploy"):
        logging.getLogger(name).setLevel(level)
