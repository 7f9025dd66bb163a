"""A Discord to test against: REST and gateway over real sockets, for an unmodified discord.py process.

    async with DiscordStandIn() as discord:
        ...start a bot with DISCORD_API_BASE_URL=discord.base_url...
        await discord.ready()
        asked = await discord.slash("scenes create", {"idea": "rain", "character": "a fox"})
        assert (await asked.acknowledged()).acknowledged_after < 3
        message = await asked.until(lambda message: "Again" in message.buttons)

It answers as Discord does, with its status and JSON error codes, limits, permissions and deadlines. It does not rate
limit by itself: ask for 429 with `discord.fail`.
"""

from tests.standins.discord.commands import File
from tests.standins.discord.errors import StandInMistake
from tests.standins.discord.faults import Fault, Record
from tests.standins.discord.interactions import Callback, Interaction, Kind
from tests.standins.discord.standin import DiscordStandIn
from tests.standins.discord.world import Channel, Guild, Member, Message, Permission, User

__all__ = [
    "Callback",
    "Channel",
    "DiscordStandIn",
    "Fault",
    "File",
    "Guild",
    "Interaction",
    "Kind",
    "Member",
    "Message",
    "Permission",
    "Record",
    "StandInMistake",
    "User",
]
