"""Messages as a bot makes and changes them: checked first, stored after, so that a refused one leaves no trace."""

from __future__ import annotations

import copy
import mimetypes
import re
import time
from dataclasses import dataclass

from tests.standins.discord import errors, limits, wire
from tests.standins.discord.world import EPHEMERAL, LOADING, Attachment, Channel, Json, Message, User, World

MENTION = re.compile(r"<@(&?)!?(\d+)>")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart body; `field` is its form name, such as files[0]."""

    field: str
    name: str
    data: bytes

    @property
    def index(self) -> str:
        """What the body's attachments call it."""
        return self.field.removeprefix("files[").removesuffix("]")


def create(
    world: World, channel: Channel, author: User, body: Json, uploads: list[Upload], *, loading: bool = False
) -> Message:
    """A new message. Only `loading`, a defer, may be empty."""
    files = _attachments(world, channel, body, uploads, [])
    limits.message(body, [one.name for one in files])
    if not (loading or body.get("content") or body.get("embeds") or files or body.get("components")):
        raise errors.empty_message()
    message = Message(id=world.snowflake(), channel=channel, author=author, attachments=files, sent_at=time.time())
    message.flags = int(body.get("flags") or 0) & EPHEMERAL | (LOADING if loading else 0)
    nonce = body.get("nonce")
    message.nonce = None if nonce is None else str(nonce)
    message.reference = body.get("message_reference")
    _fill(message, body)
    message.pinged = pinged(message)
    world.messages[message.id] = message
    return message


def amend(world: World, message: Message, body: Json, uploads: list[Upload]) -> None:
    """Changes what the body names; files that `attachments` does not name are dropped, if it is there at all."""
    files = _attachments(world, message.channel, body, uploads, message.attachments)
    whole = {"content": message.content, "embeds": message.embeds, "components": message.components, **body}
    limits.message(whole, [one.name for one in files])
    message.past.append((time.time(), message.content, message.embeds))
    message.attachments = files
    message.edited_at = time.time()
    message.flags &= ~LOADING
    _fill(message, body)


def pinged(message: Message) -> frozenset[int | str]:
    """Who is notified: only text pings, and only as `allowed_mentions` lets it; an ephemeral message pings nobody."""
    if message.ephemeral:
        return frozenset()
    rule = message.allowed_mentions
    parse = {"users", "roles", "everyone"} if rule is None else set(rule.get("parse") or [])
    found: set[int | str] = set()
    for role, number in MENTION.findall(message.content):
        kind = "roles" if role else "users"
        if kind in parse or int(number) in map(int, (rule or {}).get(kind) or []):
            found.add(int(number))
    if "everyone" in parse and re.search(r"@(everyone|here)\b", message.content):
        found.add("everyone")
    return frozenset(found)


def _fill(message: Message, body: Json) -> None:
    if "content" in body:
        message.content = body["content"] or ""
    if "embeds" in body:
        message.embeds = copy.deepcopy(body["embeds"] or [])
    if "components" in body:
        message.components = wire.numbered(copy.deepcopy(body["components"] or []))
    if "allowed_mentions" in body:
        message.allowed_mentions = body["allowed_mentions"]


def _attachments(
    world: World, channel: Channel, body: Json, uploads: list[Upload], before: list[Attachment]
) -> list[Attachment]:
    named = body.get("attachments")
    described = {str(one["id"]): one.get("description") for one in named or []}
    known = {str(one.id) for one in before} | {upload.index for upload in uploads}
    for lost in described.keys() - known:
        raise errors.invalid("attachments", f"Unknown attachment {lost}", "UNKNOWN_ATTACHMENT")
    kept = before if named is None else [one for one in before if str(one.id) in described]
    limit = channel.guild.upload_limit if channel.guild else 10 * 1024 * 1024
    if any(len(upload.data) > limit for upload in uploads):
        raise errors.too_large()
    return [*kept, *(attachment(world, upload, described.get(upload.index)) for upload in uploads)]


def attachment(world: World, upload: Upload, description: str | None = None) -> Attachment:
    """A file as it is kept."""
    mime = mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
    data = upload.data if world.keep_files else b""
    number = world.snowflake()
    return Attachment(id=number, name=upload.name, size=len(upload.data), mime=mime, data=data, description=description)
