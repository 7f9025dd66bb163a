"""What Discord's REST API answers when it refuses, with its true status and JSON error codes."""

from __future__ import annotations

from typing import Any


class StandInMistake(AssertionError):
    """The test asked for something a member could not do: no such command, option, button or field."""


class ApiError(Exception):
    """An HTTP error as Discord sends it."""

    def __init__(self, status: int, code: int, message: str, errors: dict[str, Any] | None = None) -> None:
        super().__init__(f"{status}/{code} {message} {errors or ''}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> dict[str, Any]:
        """The JSON that goes out."""
        found: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors:
            found["errors"] = self.errors
        return found


def invalid(field: str, said: str, code: str = "BASE_TYPE_BAD_LENGTH") -> ApiError:
    """400/50035 for one field, named with dots."""
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": said}]}
    for part in reversed(field.split(".")):
        errors = {part: errors}
    return ApiError(400, 50035, "Invalid Form Body", errors)


def unauthorized() -> ApiError:
    """No token, or a wrong one."""
    return ApiError(401, 0, "401: Unauthorized")


def not_found() -> ApiError:
    """No such route."""
    return ApiError(404, 0, "404: Not Found")


def unknown_application() -> ApiError:
    """Commands of somebody else."""
    return ApiError(404, 10002, "Unknown Application")


def unknown_channel() -> ApiError:
    """Gone, or never there."""
    return ApiError(404, 10003, "Unknown Channel")


def unknown_guild() -> ApiError:
    """Gone, or never there."""
    return ApiError(404, 10004, "Unknown Guild")


def unknown_member() -> ApiError:
    """Not in that server."""
    return ApiError(404, 10007, "Unknown Member")


def unknown_message() -> ApiError:
    """Deleted, never there, or ephemeral and asked for by channel."""
    return ApiError(404, 10008, "Unknown Message")


def unknown_user() -> ApiError:
    """Nobody."""
    return ApiError(404, 10013, "Unknown User")


def unknown_webhook() -> ApiError:
    """A token that is unknown, or whose interaction was not answered yet."""
    return ApiError(404, 10015, "Unknown Webhook")


def unknown_command() -> ApiError:
    """No such application command."""
    return ApiError(404, 10063, "Unknown application command")


def unknown_interaction() -> ApiError:
    """Answered after 3 s, or never asked."""
    return ApiError(404, 10062, "Unknown interaction")


def already_acknowledged() -> ApiError:
    """Answered twice."""
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def token_expired() -> ApiError:
    """After 15 minutes."""
    return ApiError(401, 50027, "Invalid Webhook Token")


def missing_access() -> ApiError:
    """The bot cannot see the channel."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """The bot sees the channel and may not do that."""
    return ApiError(403, 50013, "Missing Permissions")


def not_yours() -> ApiError:
    """Editing somebody else's message."""
    return ApiError(403, 50005, "Cannot edit a message authored by another user")


def closed_to_messages() -> ApiError:
    """The member takes no direct messages."""
    return ApiError(403, 50007, "Cannot send messages to this user")


def empty_message() -> ApiError:
    """Neither text, embed, file nor component."""
    return ApiError(400, 50006, "Cannot send an empty message")


def thread_archived() -> ApiError:
    """An archived thread takes no messages."""
    return ApiError(400, 50083, "Thread is archived")


def too_large() -> ApiError:
    """A file over the server's upload limit."""
    return ApiError(413, 40005, "Request entity too large")


def no_history() -> ApiError:
    """A reply where the bot may not read what came before."""
    return ApiError(400, 160002, "Cannot reply without permission to read message history")
