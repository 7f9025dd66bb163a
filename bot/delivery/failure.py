"""What is shown in the place of a result that there is not."""

from __future__ import annotations

from dataclasses import replace

from bot.errors import understood
from bot.ui.error_words import heading, words
from bot.ui.frame import Sheet
from bot.ui.notice import Tone, error_message, retry_buttons
from mv.domain.jobs import Job, JobState
from mv.domain.money import dollars
from mv.errors import Blocked, Incident, Refused, Stopped, Uncertain, revive


def failure_sheet(job: Job) -> Sheet:
    """A job without a result: what happened, whether it was charged, what to do now, and a button to do it. A job that
    is done and could not be shown says so, and is not offered again: it is on record, and paid."""
    error = revive(job.error, dict(job.error_facts or {})) if job.error else Incident(number="unknown")
    said = words(error)
    if job.state is JobState.DONE:
        kept = f"{job.ref} is done and on record, and counts as usual; only this message could not be made."
        return error_message(heading(error), said.what, kept, said.to_do, tone=Tone.BAD)
    unsure = isinstance(error, Uncertain) or (isinstance(error, Stopped) and error.vendor)
    took = "Nothing was charged"
    if job.cost:
        more = ", and may have charged more" if unsure else ""
        took = f"The vendor charged {dollars(job.cost)} for what it did{more}"
    elif unsure:
        took = "The vendor may have charged it"
    charged = f"{job.ref} · {took}; your allowance was given back."
    buttons = retry_buttons(job.id, edit=isinstance(error, Blocked))
    tone = Tone.CARE if isinstance(error, Refused | Stopped) else Tone.BAD
    return error_message(heading(error), said.what, charged, said.to_do, buttons, tone=tone)


def incident_sheet(job: Job, error: BaseException) -> Sheet:
    """For a job whose message could not be drawn, or that Discord finds malformed: the log has the number."""
    known = understood(error)
    return failure_sheet(replace(job, error=known.code, error_facts=known.facts()))
