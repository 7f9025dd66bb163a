"""What the parts of the cog draw alike."""

from __future__ import annotations

from bot.ui import character as ui
from bot.ui.frame import Sheet
from mv.services.character import Portrait


def sheet_of(portrait: Portrait) -> Sheet:
    """A character as /character show shows it."""
    return ui.character_message(portrait.view, portrait.previews, smaller=portrait.smaller)
