"""What members do again and again."""

from __future__ import annotations

from typing import Any

from tests.e2e.stage import Stage
from tests.standins.discord import Interaction, Message


async def scenes(stage: Stage, idea: str = "A lighthouse keeper dances", count: int = 8, **options: Any) -> Interaction:
    """/scenes create, acknowledged. `member` is Discord's, the rest are options of the command."""
    member = options.pop("member", None)
    options = {"idea": idea, "character": "Mara, 60, yellow raincoat", "count": count, **options}
    return await (await stage.discord.slash("scenes create", options, member=member)).acknowledged()


async def character(
    stage: Stage, description: str = "A retired astronaut", images: int = 1, **options: Any
) -> Interaction:
    """/character create, acknowledged; as `scenes`."""
    member = options.pop("member", None)
    options = {"description": description, "images": images, **options}
    return await (await stage.discord.slash("character create", options, member=member)).acknowledged()


async def refusal(asking: Interaction) -> Message:
    """What the asker alone reads: in the reply, or behind one that a busy machine began and took back."""
    if asking.ephemeral:
        return await asking.response()
    told = await asking.followup()
    assert told.ephemeral
    return told


async def asked(stage: Stage, command: str, options: dict[str, Any] | None = None, **who: Any) -> Message:
    """The answer to a command that starts no job; it must be for the asker alone."""
    interaction = await stage.discord.slash(command, options, **who)
    answer = await interaction.response()
    assert interaction.ephemeral, command
    return answer


def finished(message: Message) -> bool:
    """A result: neither progress nor a failure."""
    return "Delete" in message.buttons


def waiting(message: Message) -> bool:
    """Progress."""
    return "Cancel" in message.buttons


async def result(interaction: Interaction, within: float = 15.0) -> Message:
    """Waits for the result in the place of the progress."""
    return await interaction.until(finished, within)
