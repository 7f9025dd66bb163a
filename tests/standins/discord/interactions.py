"""One interaction from the member's side: when it was acknowledged, with what, and what its message shows."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from tests.standins.discord.bell import Bell
from tests.standins.discord.world import EPHEMERAL, Channel, Json, Message, User


class Kind(IntEnum):
    """What the member did."""

    COMMAND = 2
    CLICK = 3
    AUTOCOMPLETE = 4
    SUBMIT = 5


class Callback(IntEnum):
    """How the bot answered first."""

    MESSAGE = 4
    DEFERRED = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


def _token() -> str:
    return "aW50ZXJhY3Rpb246" + secrets.token_urlsafe(48)


@dataclass(eq=False, kw_only=True)
class Interaction:
    """Times are `time.monotonic()` seconds, all taken on this side of the socket."""

    id: int
    kind: Kind
    user: User
    channel: Channel
    bell: Bell
    name: str
    """The command's path, or the component's or form's custom id."""
    source: Message | None = None
    """The message whose component was used, also for the form that came of it."""
    token: str = field(default_factory=_token)
    sent_at: float = 0.0
    token_expires_at: float = 0.0
    acknowledged_at: float | None = None
    late_at: float | None = None
    """When an answer came that was refused because it came too late."""
    callback: Callback | None = None
    message: Message | None = None
    """The original response; for an update of a message, that message."""
    followups: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] = field(default_factory=list)

    @property
    def acknowledged_after(self) -> float:
        """Seconds from sending to receiving the bot's first answer; raises if there was none yet."""
        assert self.acknowledged_at is not None, f"{self} was not acknowledged"
        return self.acknowledged_at - self.sent_at

    @property
    def ephemeral(self) -> bool:
        """Whether the response is for the asker alone."""
        return self.message is not None and bool(self.message.flags & EPHEMERAL)

    async def acknowledged(self, timeout_seconds: float = 5.0) -> Interaction:
        """Waits for the first answer."""
        await self.bell.until(lambda: self.acknowledged_at, timeout_seconds, lambda: f"{self} acknowledged")
        return self

    async def response(self, timeout_seconds: float = 10.0) -> Message:
        """Waits until the response shows something: a defer is not enough."""
        return await self.until(lambda message: True, timeout_seconds)

    async def until(self, shown: Callable[[Message], bool], timeout_seconds: float = 10.0) -> Message:
        """Waits until the response (or the updated message) is as wanted; it is looked at after every change."""

        def ready() -> Message | None:
            message = self.message
            good = message is not None and not message.thinking and not message.deleted and shown(message)
            return message if good else None

        return await self.bell.until(ready, timeout_seconds, lambda: f"{self} showing that; it shows {self._shown()}")

    async def followup(
        self, shown: Callable[[Message], bool] = lambda message: True, timeout_seconds: float = 10.0
    ) -> Message:
        """Waits for a further message of the same interaction."""

        def ready() -> Message | None:
            return next((one for one in self.followups if not one.deleted and shown(one)), None)

        return await self.bell.until(ready, timeout_seconds, lambda: f"{self} with that follow-up")

    def expire(self) -> None:
        """Lets the token die now, as it does after 15 minutes."""
        self.token_expires_at = time.monotonic()

    def _shown(self) -> str:
        if self.message is None:
            return f"no message ({self.callback!r})"
        return f"{self.message.text!r} {self.message.buttons} flags={self.message.flags} deleted={self.message.deleted}"

    def __str__(self) -> str:
        return f"{self.kind.name.lower()} {self.name} by {self.user.name}"
