"""What became of everything, counted from outside: by Discord's messages, the vendors' own books, and the tables."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from mv.config import load_config
from mv.domain.engine import Vendor
from mv.domain.ids import RecordId
from tests.e2e.stage import CHARGED, ROOT
from tests.standins.discord import Callback, Message
from tests.torture.people import Ask, People
from tests.torture.presses import final_of, progress_of
from tests.torture.records import Job, jobs_of
from tests.torture.weather import BadDay
from tests.torture.words import word_in

GOOD = ("accepted", "delivered once", "told and refunded", "uncertain")
BAD = ("delivered twice", "lost", "paid twice", "Gemini calls repeated", "still reserved")
BEYOND = "Gemini calls beyond the bound"
UNHEARD = "cancelled here and not at the vendor"
BROKEN = ("delivered twice", "lost", "paid twice", "still reserved", "records wrong", UNHEARD, BEYOND)
"""Repeated calls for scenes are bounded, not forbidden."""
CONFIG = load_config(ROOT / "configs")


@dataclass
class Tally:
    """`figures` by the names above; `notes` say of which job each bad figure is."""

    figures: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def bad(self, what: str, count: int, why: str) -> None:
        """Counts it and says why; nothing if `count` is 0."""
        if count:
            self.figures[what] += count
            self.notes.append(f"{what}: {why}")

    @property
    def broken(self) -> bool:
        """Whether a promise was broken."""
        return any(self.figures[name] for name in BROKEN)


def tally(stage: BadDay, people: People) -> Tally:
    """When nothing runs any more."""
    jobs = {job.id: job for job in jobs_of(stage)}
    found = Tally()
    orders = [json.loads(job.order) for job in jobs.values()]
    found.figures["revised or varied"] = sum(bool(each.get("revision") or each.get("variation")) for each in orders)
    _accepted(found, people.asks, jobs.values())
    _delivered(found, stage, jobs, people)
    _ledger(found, stage, jobs.values())
    _records(found, stage, jobs.values())
    _predictions(found, stage, jobs.values())
    _paintings(found, stage, jobs.values())
    _cancelled(found, stage, jobs.values())
    _calls(found, stage, jobs.values())
    return found


def _by_word(jobs: Iterable[Job]) -> dict[str, list[Job]]:
    found: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        found[job.word].append(job)
    return found


def _accepted(found: Tally, asks: list[Ask], jobs: Iterable[Job]) -> None:
    """What Discord shows as deferred must be stored; a deferred reply that was taken back again was a refusal. What was
    neither deferred nor stored was not accepted: its member read that the application did not respond."""
    stored = Counter(job.interaction for job in jobs)
    retried: Counter[RecordId] = Counter()
    for ask in asks:
        asked, count = ask.asked, stored.pop(ask.asked.id, 0)
        found.bad("records wrong", max(0, count - 1), f"{ask.word} was asked for once and is {count} jobs")
        kept = asked.message is not None and not asked.message.deleted
        if count:
            found.figures["accepted"] += count
            retried[ask.retries or RecordId("")] += count
        elif asked.callback is Callback.DEFERRED and kept and not asked.followups:
            found.figures["accepted"] += 1
            found.bad("lost", 1, f"{ask.word} was deferred and never stored")
        elif asked.callback is None:
            found.figures["not accepted"] += 1
        else:
            told = asked.message.text.split("\n")[1:2] if asked.message is not None else []
            found.bad("refused", 1, f"{ask.word}: {' '.join(told)[:120]!r}")
    found.bad("records wrong", len(stored), "jobs of interactions that never were")
    for job_id, count in retried.items():
        found.bad("records wrong", count - 1 if job_id else 0, f"Retry under {job_id} made {count} jobs")


def _delivered(found: Tally, stage: BadDay, jobs: dict[RecordId, Job], people: People) -> None:
    shown: dict[RecordId, list[Message]] = defaultdict(list)
    for message in stage.discord.messages:
        job_id = final_of(message, jobs)
        if job_id is not None:
            shown[job_id].append(message)
    for job in jobs.values():
        messages = shown[job.id]
        where = ", ".join(f"{one.id} in {one.channel.name or 'a direct message'}" for one in messages)
        found.bad("delivered twice", max(0, len(messages) - 1), f"{_said(job)} is shown by {where}")
        good = bool(messages) and (job.state == "done") == _is_result(messages[0])
        if not good:
            what = messages[0].text[:200] if messages else "nothing"
            found.bad("lost", 1, f"{_said(job)}; its member sees {what!r}")
        elif job.state == "done":
            found.figures["delivered once"] += len(messages) == 1
        else:
            found.figures["uncertain" if job.state == "uncertain" else "told and refunded"] += len(messages) == 1
        if job.error is not None:
            found.figures[f"  {job.kind}: {job.state}, {job.error}"] += 1
        pressed = people.cancels.get(job.id)
        if pressed is not None and pressed.message is not None and "is cancelled" in pressed.message.text:
            found.bad("lost", job.state != "cancelled", f"{_said(job)}, but its member was told that it is cancelled")
    _reminders(found, stage)
    _left_behind(found, stage, jobs)


def _left_behind(found: Tally, stage: BadDay, jobs: dict[RecordId, Job]) -> None:
    """Progress that nobody can take away any more: the token died, and the message's id was never known."""
    for message in stage.discord.messages:
        job = jobs.get(progress_of(message) or RecordId(""))
        if job is not None and not message.ephemeral:
            found.bad("progress left behind", 1, f"{_said(job)}, and a message shows {message.text[:100]!r}")


def _is_result(message: Message) -> bool:
    return "Delete" in message.buttons


def _reminders(found: Tally, stage: BadDay) -> None:
    said = Counter((one.channel.id, one.content) for one in stage.discord.messages if "is ready" in one.content)
    for (_, content), count in said.items():
        found.bad("delivered twice", count - 1, f"{content!r} was said {count} times")


def _said(job: Job) -> str:
    return f"J{job.number} of server {job.server} ({job.word}, {job.kind}) is {job.state} ({job.error})"


def _ledger(found: Tally, stage: BadDay, jobs: Iterable[Job]) -> None:
    """What was reserved, settled and refunded is together what was delivered, and what that cost its member."""
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for row in stage.rows(f"SELECT job_id, kind, amount FROM ledger WHERE kind IN {CHARGED}"):
        sums[row["job_id"]][row["kind"]] += row["amount"]
    takes = Counter(row["job_id"] for row in stage.rows("SELECT job_id FROM takes"))
    for job in jobs:
        due = Counter({"spend": job.cost or 0})
        if job.state == "done":
            due["scenes" if job.kind == "scenes" else "images"] = takes[job.id] if job.kind == "character" else 1
        counted = sums[job.id]
        wrong = {kind: counted[kind] - due[kind] for kind in counted | due if counted[kind] != due[kind]}
        found.bad("still reserved", bool(wrong), f"{_said(job)} counts too much by {wrong}")


def _records(found: Tally, stage: BadDay, jobs: Iterable[Job]) -> None:
    """One set of records a job that is done, and none of any other."""
    takes: dict[str, Counter[str]] = defaultdict(Counter)
    for row in stage.rows("SELECT job_id, character_id FROM takes"):
        takes[row["job_id"]][row["character_id"]] += 1
    for job in jobs:
        made = len(job.versions) if job.kind == "scenes" else len(takes[job.id])
        found.bad("records wrong", made != (job.state == "done"), f"{_said(job)} and made {made} records")
        wanted = json.loads(job.order)["brief"].get("images", 0)
        pictures = sum(takes[job.id].values())
        odd = job.state == "done" and pictures != wanted and job.error != "Partial"
        found.bad("records wrong", odd, f"{_said(job)} has {pictures} of {wanted} takes")


# ── what the vendors were asked ──────────────────────────────────────────────────────────────────────────────────────


def _predictions(found: Tally, stage: BadDay, jobs: Iterable[Job]) -> None:
    """A job has no more predictions than it needs; one that no job knows of belongs to a step that says so."""
    made: dict[str, set[str]] = defaultdict(set)
    for prediction in stage.replicate.predictions.values():
        made[word_in(str(prediction.input["prompt"]))].add(prediction.id)
    known, unsure = _tickets(stage, Vendor.REPLICATE)
    owners = Counter(ticket for tickets in known.values() for ticket in tickets)
    for ticket, count in owners.items():
        found.bad("records wrong", count - 1, f"prediction {ticket} is taken for that of {count} steps")
    families = _by_word(jobs)
    for word, ids in made.items():
        family = families.get(word, [])
        claimed = {ticket for job in family for ticket in known[job.id]}
        unclaimed = len(ids - claimed) - sum(unsure[job.id] for job in family)
        names = f"{word} ({', '.join(_said(job) for job in family)})"
        beyond = len(ids) - sum(_needed(job, Vendor.REPLICATE) for job in family)
        why = f"{len(ids)} predictions, {beyond} more than needed; {unclaimed} that no job knows of"
        found.bad("paid twice", max(0, unclaimed, beyond), f"{names}: {why}")
    found.figures["predictions"] = len(stage.replicate.predictions)


def _paintings(found: Tally, stage: BadDay, jobs: Iterable[Job]) -> None:
    """A picture is never asked for twice, also if a kill or a lost answer left it in doubt."""
    known, unsure = _tickets(stage, Vendor.GEMINI)
    for word, family in _by_word(job for job in jobs if job.kind == "character").items():
        calls = stage.lossy_google.asked[word]
        unclaimed = calls - sum(len(known[job.id]) + unsure[job.id] for job in family)
        beyond = calls - sum(_needed(job, Vendor.GEMINI) for job in family)
        names = f"{word} ({', '.join(_said(job) for job in family)})"
        why = f"{calls} pictures of Gemini's, {beyond} more than needed; {unclaimed} that no job knows of"
        found.bad("paid twice", max(0, unclaimed, beyond), f"{names}: {why}")
        found.figures["pictures of Gemini's"] += calls


def _cancelled(found: Tally, stage: BadDay, jobs: Iterable[Job]) -> None:
    """What a cancelled job ordered is cancelled there as well, or paid for, or said to be in doubt. Gemini's pictures
    cannot be cancelled: each that has a ticket was made."""
    known, unsure = _tickets(stage, Vendor.REPLICATE)
    painted, unheard = _tickets(stage, Vendor.GEMINI)
    for job in jobs:
        if job.state != "cancelled" or job.facts.get("vendor"):
            continue
        ordered = [stage.replicate.predictions[ticket] for ticket in known[job.id]]
        goes_on = [one for one in ordered if not one.canceled and one.status in ("starting", "processing")]
        made = sum(not one.canceled and one.status == "succeeded" for one in ordered) + len(painted[job.id])
        doubts = unsure[job.id] + unheard[job.id]
        bad = len(goes_on) + doubts + (0 if job.cost else made)
        why = f"{len(goes_on)} go on, {doubts} in doubt, {made} made for {job.cost or 0}"
        found.bad(UNHEARD, bad, f"{_said(job)}: {why}")


def _needed(job: Job, vendor: Vendor) -> int:
    """How many orders it sends to this vendor: all go to the first engine, for none is ever gone here."""
    order = json.loads(job.order)
    engine = CONFIG.engine(order["engines"][0])
    if engine.vendor is not vendor:
        return 0
    return 1 if engine.count_parameter else int(order["brief"]["images"])


def _tickets(stage: BadDay, vendor: Vendor) -> tuple[dict[str, list[str]], Counter[str]]:
    """By job: the orders at this vendor that its steps know of, and how many steps may have one that they do not know
    of."""
    known: dict[str, list[str]] = defaultdict(list)
    unsure: Counter[str] = Counter()
    for row in stage.rows("SELECT job_id, name, done_at, value FROM steps WHERE name LIKE 'create:%'"):
        if CONFIG.engine(row["name"].split(":")[1]).vendor is not vendor:
            continue
        value = json.loads(row["value"])
        if "ticket" in value:
            known[row["job_id"]].append(value["ticket"])
        else:
            unsure[row["job_id"]] += row["done_at"] is None or value.get("error") == "Uncertain"
    return known, unsure


def _calls(found: Tally, stage: BadDay, jobs: Iterable[Job]) -> None:
    """One call a job; one more if a kill fell into the first, and one more for an answer that was lost on the way."""
    for word, family in _by_word(job for job in jobs if job.kind == "scenes").items():
        calls, lost = stage.lossy_google.asked[word], stage.lossy_google.lost[word]
        repeated = max(0, calls - lost - len(family))
        found.figures["Gemini calls"] += calls
        found.figures["Gemini calls repeated"] += repeated
        unasked = sum(job.state == "uncertain" for job in family) if calls < 2 else 0
        found.figures["uncertain, though Gemini was asked less than twice"] += unasked
        beyond = max(0, repeated - len(family))
        found.bad(BEYOND, beyond, f"{word}: {calls} calls for {len(family)} jobs, {lost} lost")
    found.figures["Gemini answers lost"] = sum(stage.lossy_google.lost.values())
