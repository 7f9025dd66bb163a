"""Who asks, and where."""

from __future__ import annotations

from dataclasses import dataclass

from mv.domain.ids import ChannelId, MemberId, ServerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A member at the moment of asking. `server_id` is None in a direct message, where nobody is a manager."""

    member_id: MemberId
    server_id: ServerId | None
    channel_id: ChannelId
    role_ids: frozenset[int] = frozenset()
    is_manager: bool = False
    name: str = ""
    places: tuple[ChannelId, ...] = ()
    """The channel and, for a thread, the one it belongs to; none in a direct message."""
