"""One line an event, with the moment in UTC and no personal numbers that slipped in."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime

# Resident ID numbers and mobile numbers, as they might stand in an address or an exception.
NUMBERS = re.compile(r"(?<![0-9A-Za-z])([0-9]{4})[0-9]{10}([0-9]{3}[0-9Xx])(?![0-9A-Za-z])")
MOBILES = re.compile(r"(?<![0-9])(1[3-9][0-9])[0-9]{4}([0-9]{4})(?![0-9])")


class LineFormatter(logging.Formatter):
    """`2026-11-21T04:38:34.123+00:00 INFO tongban.web text`, on one line, numbers masked."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        text = super().format(record)
        masked = MOBILES.sub(r"\1****\2", NUMBERS.sub(r"\1**********\2", text))
        return f"{at} {record.levelname} {record.name} {masked}"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        return record.getMessage().replace("\n", "\\n").replace("\r", "\\r")
