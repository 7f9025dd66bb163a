"""From a job to the message that was promised: progress while it runs, then its result, down a ladder of ways."""

from bot.delivery.courier import DiscordCourier
from bot.delivery.notices import Notices
from bot.delivery.wire import tracing

__all__ = ["DiscordCourier", "Notices", "tracing"]
