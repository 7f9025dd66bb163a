"""What the parts of the cog share."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord.ext import commands

from bot import doors
from bot.delivery import DiscordCourier
from bot.ui import character as ui
from bot.ui.forms import Form
from bot.ui.frame import Sheet
from mv.app import App
from mv.services.character import Portrait


class CharacterPart(commands.Cog):
    """A part of the cog; each adds its buttons and forms to those of the parts behind it."""

    app: App
    courier: DiscordCourier

    def presses(self) -> Sequence[type[discord.ui.DynamicItem[doors.Button]]]:
        """Its buttons."""
        return ()

    def sent_forms(self) -> dict[Form, doors.Sent]:
        """Its forms."""
        return {}


def sheet_of(portrait: Portrait) -> Sheet:
    """A character as /character show shows it."""
    return ui.character_message(portrait.view, portrait.previews, smaller=portrait.smaller)
