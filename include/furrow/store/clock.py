"""What time it is, so that a test may say it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


def utc_day(moment: datetime) -> date:
    """The day in UTC that a moment belongs to; budgets are counted by it."""
    return moment.astimezone(UTC).date()
