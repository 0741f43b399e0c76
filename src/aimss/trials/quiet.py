"""Where nobody listens: functions that take progress and notes and drop them."""

from __future__ import annotations


def no_progress(_done: int, _total: int) -> None:
    """Drop a count."""


def no_note(_text: str) -> None:
    """Drop a note."""
