"""Answers that say no, in the documented envelope (REFERENCE 1.5)."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):
    """An error of the API: status, code, message, details."""

    def __init__(self, status: int, code: str, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.details = status, code, message, details
        self.retry_after: int | None = None

    def envelope(self, request_id: str) -> dict[str, Any]:
        """The body of the response."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details is not None:
            error["details"] = self.details
        return {"error": {**error, "request_id": request_id}}


def invalid(path: str, message: str) -> Refusal:
    """400 `validation_failed` on one parameter or field."""
    return invalid_all([(path, message)])


def invalid_all(complaints: list[tuple[str, str]]) -> Refusal:
    """400 `validation_failed` on several parameters or fields."""
    details = [{"path": path, "message": message} for path, message in complaints]
    return Refusal(400, "validation_failed", "The request is invalid.", details)


def not_found(what: str) -> Refusal:
    """404 `not_found`: does not exist or has been deleted."""
    return Refusal(404, "not_found", f"{what} not found.")
