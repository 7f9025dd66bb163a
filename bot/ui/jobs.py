"""Jobs: the message that shows one at work, the list, and what became of one."""

from __future__ import annotations

from bot.ui import limits
from bot.ui.custom_ids import Action, ListOf, Press, Turn, custom_id
from bot.ui.frame import Button, Row, Sheet
from bot.ui.lists import list_sheet
from bot.ui.text import bare, line
from bot.ui.words import ACCENT, LOCK, MAKES, about, bar, price, quote, stamp
from mv.domain.ids import Ref
from mv.domain.jobs import Job, JobState, Phase, Progress
from mv.ports import Page

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
    "vendor_busy": "The engine is busy; it is asked again in a moment.",
}


def progress_message(progress: Progress, about_what: str = "") -> Sheet:
    """A job at work. `about_what` is the idea or description that it works on, as the member typed it."""
    job = progress.job
    lines = [f"**{_now(progress)}**"]
    if progress.total:
        lines.append(f"{bar(progress.done or 0, progress.total)}  {progress.done or 0} of {progress.total}")
    if progress.note in _NOTES:
        lines.append(_NOTES[progress.note])
    if progress.usual_seconds is not None:
        lines.append(f"Usually takes {about(progress.usual_seconds)}.")
    said = quote(about_what, 200)
    text = "\n".join([said, "", *lines] if said else lines)
    card = limits.card(
        author=str(job.ref), title=MAKES[job.kind], text=text, footer=bare(job.engine, 80), colour=ACCENT
    )
    return Sheet(embeds=(card,), rows=_cancelling(job))


def job_sheet(job: Job, result: Ref | None = None, words: str = "") -> Sheet:
    """What became of a job. `result` is the record it made, `words` what went wrong, in safe words."""
    made = f" · made **{result}**{f', version {job.version}' if job.version else ''}" if result is not None else ""
    lock = f" {LOCK}" if job.private else ""
    lines = [
        f"### {job.ref} · {MAKES[job.kind]}{lock}",
        f"{_SIGNS[job.state]} **{STATES[job.state].capitalize()}**{made}",
    ]
    if words:
        lines.append(words)
    lines.append(f"-# asked by <@{job.member_id}> {stamp(job.created_at)} · {line(job.engine, 80)}{_outcome(job)}")
    return Sheet(content=limits.joined(lines, limits.CONTENT), rows=_cancelling(job))


def job_rows(page: Page[Job], turn: Turn | None = None) -> Sheet:
    """A page of /jobs list; `turn` is where it stands."""
    return list_sheet(
        "Jobs",
        [_row(job) for job in page.rows],
        turn or Turn(what=ListOf.JOBS),
        page.before,
        "No jobs yet. `/scenes create` and `/character create` start one.",
    )


def _now(progress: Progress) -> str:
    if progress.job.state is JobState.QUEUED and progress.place is not None:
        return "Next in the queue" if progress.place == 1 else f"In the queue, place {progress.place}"
    return f"{PHASES[progress.phase]}…"


def _outcome(job: Job) -> str:
    if not job.state.final:
        return f" · started {stamp(job.started_at, 'R')}" if job.started_at is not None else ""
    took = ""
    if job.started_at is not None and job.finished_at is not None:
        took = f" · took {about((job.finished_at - job.started_at).total_seconds())}"
    return f"{took} · {price(job.cost)}"


def _cancelling(job: Job) -> tuple[Row, ...]:
    if job.state.final:
        return ()
    return ((Button(label="Cancel", custom_id=custom_id(Press(action=Action.JOB_CANCEL, record=job.id))),),)


def _row(job: Job) -> tuple[str, str]:
    facts = [STATES[job.state], f"<@{job.member_id}>", stamp(job.created_at, "R")]
    if job.state.final and job.cost is not None:
        facts.append(price(job.cost))
    lock = f" {LOCK}" if job.private else ""
    return f"{_SIGNS[job.state]} **{job.ref}** · {MAKES[job.kind]}{lock}", " · ".join(facts)
