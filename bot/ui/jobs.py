"""Jobs: the message that shows one at work, the list, and what became of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import discord

from bot.ui import limits
from bot.ui.custom_ids import Action, Press, Turn, custom_id
from bot.ui.frame import Button, Row, Sheet
from bot.ui.lists import list_sheet
from bot.ui.notice import Tone, notice
from bot.ui.text import bare, line
from bot.ui.words import ACCENT, CARE, LOCK, MAKES, VENDORS, about, bar, many, member, price, quote, roughly, stamp
from mv.domain.engine import Vendor
from mv.domain.ids import RecordId, Ref
from mv.domain.jobs import Delivery, Job, JobKind, JobState, Phase, Progress
from mv.domain.money import dollars
from mv.ports import VendorState

PHASES = {
    Phase.WAITING: "Waiting for its turn",
    Phase.WRITING: "Writing the scenes",
    Phase.CHECKING: "Reading them through",
    Phase.PAINTING: "Painting",
    Phase.FETCHING: "Fetching the pictures",
    Phase.STORING: "Putting it on record",
    Phase.DELIVERING: "Bringing it here",
}
STATES = {
    JobState.QUEUED: "in the queue",
    JobState.RUNNING: "at work",
    JobState.DONE: "done",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
    JobState.UNCERTAIN: "uncertain",
}
_SIGNS = {
    JobState.QUEUED: "⏳",
    JobState.RUNNING: "🎬",
    JobState.DONE: "✅",
    JobState.FAILED: "❌",
    JobState.CANCELLED: "⏹️",
    JobState.UNCERTAIN: "❔",
}
_NOTES = {
    "alike": "The very same is being made just now. This waits for it, and is then charged nothing.",
    "vendor_busy": "The engine is busy; it is asked again in a moment.",
    "vendor_unsure": "No answer came yet; it is found out what became of it.",
    "looking_up": "The bot was stopped in the middle of this; the engine is asked what became of it.",
    "vendor_rate": "The engine takes only so many requests a minute; this one waits for its turn.",
    "vendor_probe": "The engine kept failing; another request is finding out whether it works again.",
    "unstorable": "The bot's disk takes nothing in. This goes on, or ends without a charge, as soon as it does again.",
    "restarting": "The bot restarts. It goes on with this by itself in a moment; there is nothing to do.",
    "by_direct_message": "This may take longer than Discord keeps this reply: then it comes as a direct message.",
}
_DELIVERED = {
    Delivery.TOKEN: "delivered in its message",
    Delivery.MESSAGE: "delivered in its message",
    Delivery.CHANNEL: "delivered as a new message in the channel",
    Delivery.DIRECT: "delivered as a direct message",
    Delivery.NOWHERE: "could be delivered nowhere; what was made is kept",
    None: "on its way",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """A row of the list: a job, how far it is, what it works on, and in safe words what went wrong: these two only
    where the reader may know; and what Go made of a question."""

    job: Job
    progress: Progress | None = None
    about_what: str = ""
    why: str = ""
    went: Ref | None = None


def progress_message(progress: Progress, about_what: str = "", notes: Iterable[str] = ()) -> Sheet:
    """A job at work. `about_what` is the idea or description that it works on, as the member typed it; `notes` are
    codes such as `restarting`, besides the progress's own."""
    job = progress.job
    lines = [f"**{_now(progress)}**"]
    if progress.total:
        lines.append(f"{bar(progress.done or 0, progress.total)}  {progress.done or 0} of {progress.total}")
    lines += [_NOTES[note] for note in (progress.note, *notes) if note in _NOTES]
    if progress.usual_seconds is not None:
        lines.append(f"Usually takes {about(progress.usual_seconds)}.")
    if progress.place is not None and progress.left_seconds is not None:
        lines.append(f"Done in about {roughly(progress.left_seconds)}.")
    said = quote(about_what, 200)
    text = "\n".join([said, "", *lines] if said else lines)
    card = limits.card(
        author=str(job.ref), title=MAKES[job.kind], text=text, footer=bare(job.engine, 80), colour=ACCENT
    )
    return Sheet(embeds=(card,), rows=_cancelling(job))


def question(job: Job) -> Sheet:
    """Asks whoever asked for it whether a job may cost as much as it may; nothing was started yet."""
    said = quote(job.about, 200)
    lines = [
        f"{_wanted(job)} by **{line(job.engine, 80)}** may cost up to **{dollars(job.unconfirmed or 0)}**.",
        "Nothing was started, and nothing is charged or reserved before you press **Go**.",
    ]
    card = limits.card(
        author=str(job.ref),
        title="Go ahead?",
        text="\n".join([said, "", *lines] if said else lines),
        footer="Nothing was charged.",
        colour=CARE,
    )
    return Sheet(embeds=(card,), rows=(_answers(job.id),))


def left(job: Job, went: Job | None) -> Sheet:
    """Its other answer; `went` is what Go had made of it before."""
    if went is not None:
        return notice(f"{went.ref} is asked for already", f"`/jobs cancel ref:{went.ref}` stops it.", tone=Tone.CARE)
    return notice(f"{job.ref} is not made", "Nothing was started, and nothing was charged.")


def _answers(job: RecordId) -> Row:
    go, leave = (custom_id(Press(action=each, record=job)) for each in (Action.JOB_RETRY, Action.JOB_LEAVE))
    return (
        Button(label="Go", custom_id=go, style=discord.ButtonStyle.primary),
        Button(label="Cancel", custom_id=leave),
    )


def _wanted(job: Job) -> str:
    brief, revision = job.order.get("brief") or {}, job.order.get("revision") or {}
    if job.kind is JobKind.CHARACTER:
        return f"{many(int(brief.get('images') or 1), 'picture')} of a character"
    if revision.get("scene"):
        return "Another version of one scene"
    count = many(int(job.order.get("shown") or brief.get("count") or 1), "scene")
    return f"{'Another version' if job.order.get('list_id') else 'A scene list'} of {count}"


def job_sheet(
    job: Job, result: Ref | None = None, words: str = "", *, about_what: str = "", went: Ref | None = None
) -> Sheet:
    """What became of a job. `result` is the record it made, `words` what went wrong, in safe words, `about_what` as in
    `progress_message`, `went` the job that Go made of a question."""
    made = f" · made **{result}**{f', version {job.version}' if job.version else ''}" if result is not None else ""
    made += f" · **Go** made **{went}**" if went is not None else ""
    lock = f" {LOCK}" if job.private else ""
    state = _state_of(job, went)
    lines = [
        f"### {job.ref} · {MAKES[job.kind]}{lock}",
        f"{_SIGNS[job.state]} **{state[:1].upper()}{state[1:]}**{made}",
    ]
    said = quote(about_what, 200)
    lines += [part for part in (said, words if went is None else "") if part]
    lines.append(f"-# asked by {member(job.member_id)} {stamp(job.created_at)} · {line(job.engine, 80)}{_outcome(job)}")
    return Sheet(content=limits.joined(lines, limits.CONTENT), rows=_cancelling(job))


def job_rows(
    rows: Sequence[JobLine], before: int | None, turn: Turn, vendors: Mapping[Vendor, VendorState] | None = None
) -> Sheet:
    """A page of /jobs list; `turn` is where it stands, `vendors` are those that keep jobs waiting."""
    return list_sheet(
        "Jobs",
        [_row(row) for row in rows],
        turn,
        before,
        "No jobs yet. `/scenes create` and `/character create` start one.",
        " ".join(_vendor(name, state) for name, state in (vendors or {}).items()),
    )


def _vendor(name: Vendor, state: VendorState) -> str:
    who = VENDORS.get(name, VENDORS[""])
    who = who[:1].upper() + who[1:]
    if state.resting_until is not None:
        return f"{who} kept failing and is left alone; it is asked again {stamp(state.resting_until, 'R')}."
    if state.probing:
        return f"{who} kept failing; one job finds out whether it works again."
    return f"{who} is asked only as often as it allows: {many(state.waiting, 'request')} waiting."


def _now(progress: Progress) -> str:
    if progress.job.state is JobState.QUEUED and progress.place is not None:
        return "Next in the queue" if progress.place == 1 else f"In the queue, place {progress.place}"
    return f"{PHASES[progress.phase]}…"


def _outcome(job: Job) -> str:
    if not job.state.final:
        return f" · started {stamp(job.started_at, 'R')}" if job.started_at is not None else ""
    took = ""
    if job.started_at is not None and job.finished_at is not None and job.finished_at >= job.started_at:
        took = f" · took {about((job.finished_at - job.started_at).total_seconds())}"
    promised = job.delivered_by is not None or job.delivered_at is None
    came = f" · {_DELIVERED[job.delivered_by]}" if promised else ""
    return f"{took} · {_cost(job)}{came}"


def _cost(job: Job) -> str:
    """What it really cost; a job that came to nothing and has no cost on record was not charged, as far as known."""
    if job.cost is None and job.state is not JobState.DONE:
        return "perhaps charged by the vendor" if job.state is JobState.UNCERTAIN else "not charged"
    return price(job.cost)


def _cancelling(job: Job) -> tuple[Row, ...]:
    if job.state.final:
        return ()
    return ((Button(label="Cancel", custom_id=custom_id(Press(action=Action.JOB_CANCEL, record=job.id))),),)


def _row(row: JobLine) -> tuple[str, str]:
    """Ten of them fit into a message, so texts are short."""
    job = row.job
    facts = [_state(row), member(job.member_id), stamp(job.created_at, "R")]
    if job.state is JobState.DONE or (job.state.final and job.cost is not None):
        facts.append(price(job.cost))
    lock = f" {LOCK}" if job.private else ""
    said = line(row.about_what, 36)
    about_what = f" · {said}" if said else ""
    return f"{_SIGNS[job.state]} **{job.ref}** · {MAKES[job.kind]}{lock}{about_what}", " · ".join(facts)


def _state_of(job: Job, went: Ref | None) -> str:
    if job.unconfirmed is None:
        return STATES[job.state]
    if job.declined:
        return "cancelled, not started"
    return "not started" if went is not None else "waits for Go"


def _state(row: JobLine) -> str:
    state, progress = _state_of(row.job, row.went), row.progress
    if row.went is not None:
        return f"{state}: Go made {row.went}"
    if progress is None:
        return f"{state}: {row.why}" if row.why else state
    place = "" if progress.place is None else f", place {progress.place}"
    left = progress.left_seconds
    if left is None or progress.phase is Phase.DELIVERING:
        return f"{state}{place}"
    if progress.place is not None:
        return f"{state}{place} · done in about {roughly(left)}"
    return f"{state} · about {roughly(left)} more" if left else f"{state}, longer than usual"
