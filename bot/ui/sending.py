"""A sheet, as the keyword arguments of discord.py's calls. Nobody is mentioned, whatever the text says."""

from __future__ import annotations

from typing import Any

import discord

from bot.ui.frame import Sheet, files_of, nobody, view_of


def sending(sheet: Sheet, *, mentions: discord.AllowedMentions | None = None) -> dict[str, Any]:
    """For `send`, `send_message` and follow-ups."""
    arguments: dict[str, Any] = {"embeds": list(sheet.embeds), "allowed_mentions": mentions or nobody()}
    if sheet.content:
        arguments["content"] = sheet.content
    if sheet.files:
        arguments["files"] = files_of(sheet.files)
    view = view_of(sheet.rows)
    if view is not None:
        arguments["view"] = view
    return arguments


def editing(sheet: Sheet) -> dict[str, Any]:
    """For edits: what was there before is replaced whole, files and buttons included."""
    return {
        "content": sheet.content or None,
        "embeds": list(sheet.embeds),
        "attachments": files_of(sheet.files),
        "view": view_of(sheet.rows),
        "allowed_mentions": nobody(),
    }
