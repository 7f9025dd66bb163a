"""All books side by side: the ledger, the vendors' own, and what members were told."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.proof.people import Ask, People
from tests.proof.prices import Prices
from tests.proof.stage import ProofStage
from tests.proof.told import Told, speaks_of_cost, told
from tests.proof.vendors import Call, word_of
from tests.standins.discord import Message
from tests.standins.replicate import Prediction

CROSSING_SECONDS = 2.0
"""An answer that was given so shortly before a kill, or a cancel, may not have been noted yet by a busy process."""
MONEY = ("spend", "lost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the ledger. `word` is that of its job's request."""

    job: str
    word: str
    server: int
    member: int
    project: bool
    engine: str
    kind: str
    amount: int
    counted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What a vendor would charge for one thing it did."""

    word: str
    engine: str
    amount: int
    tokens_in: int = 0
    tokens_out: int = 0


@dataclass
class Unheard:
    """What vendors did and the bot cannot know of: listed one by one, each with its reason. `due` are those that were
    done, and would be charged; `cut` are calls whose answer found nobody on the line."""

    due: list[tuple[Due, str]] = field(default_factory=list)
    cut: list[tuple[Call, str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For whoever reads them."""
        due = [f"{one.word}: {one.amount} micro-dollars of {one.engine}, {why}" for one, why in self.due]
        return [*due, *(f"{call}, never given: {why}" for call, why in self.cut)]


class Books:
    """When nothing runs any more."""

    def __init__(self, stage: ProofStage, people: People) -> None:
        self.stage, self._people = stage, people
        self.asks = {ask.asked.id: ask for ask in people.asks}
        self.jobs: list[Any] = stage.rows("SELECT * FROM jobs ORDER BY id")
        self.ask_of: dict[str, Ask] = {job["id"]: self.asks[job["interaction_id"]] for job in self.jobs}
        self.entries = [self._entry(row) for row in stage.rows("SELECT * FROM ledger")]
        self._steps = stage.rows("SELECT job_id, name, done_at, value FROM steps")
        self._prices = Prices(stage.configs / "models.yaml", datetime.now(UTC).date())
        self.unheard = Unheard()
        self.due = [*self._of_texts(), *self._of_pictures(), *self._of_predictions()]
        """What vendors did and the bot can know of."""

    def _entry(self, row: Any) -> Entry:
        return Entry(
            job=row["job_id"],
            word=self.ask_of[row["job_id"]].word,
            server=row["server_id"],
            member=row["member_id"],
            project=row["project_id"] is not None,
            engine=row["engine"],
            kind=row["kind"],
            amount=row["amount"],
            counted_at=_moment(row["counted_at"]),
        )

    # ── the ledger ───────────────────────────────────────────────────────────────────────────────────────────────────

    def summed(self, *by: str, kinds: Iterable[str]) -> dict[Any, int]:
        """Entries of these kinds by some of their fields; sums that are nothing are left out."""
        sums: Counter[Any] = Counter()
        for entry in self.entries:
            if entry.kind in kinds:
                sums[tuple(getattr(entry, name) for name in by)] += entry.amount
        return {key: amount for key, amount in sums.items() if amount}

    # ── the vendors ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _of_texts(self) -> list[Due]:
        """No two answers have the same number of prompt tokens, so each is on record or is not."""
        known = {used["prompt_tokens"] for value in self._values("write:", "more:") if (used := value.get("usage"))}
        heard = []
        for call in self._calls(paints=False):
            engine, amount = self._prices.text(call.version, call.tokens_in, call.tokens_out)
            tokens = {"tokens_in": call.tokens_in, "tokens_out": call.tokens_out}
            due = Due(word=call.word, engine=engine, amount=amount, **tokens)
            if call.tokens_in in known:
                known.remove(call.tokens_in)
                heard.append(due)
            else:
                self.unheard.due.append((due, self._why(call)))
        assert not known, f"tokens on record that no answer had: {known}"
        return heard

    def _of_pictures(self) -> list[Due]:
        """All of a model cost the same: of a word, so many are on record as orders have tickets."""
        tickets = Counter(
            self.ask_of[row["job_id"]].word
            for row in self._rows("create:gemini")
            if "ticket" in json.loads(row["value"])
        )
        heard = []
        for call in sorted(self._calls(paints=True), key=lambda one: self._crossed(one) is not None):
            engine, amount = self._prices.picture(call.model)
            due = Due(word=call.word, engine=engine, amount=call.pictures * amount)
            if tickets[call.word]:
                tickets[call.word] -= 1
                heard.append(due)
            else:
                self.unheard.due.append((due, self._why(call)))
        assert not +tickets, f"pictures on record that nobody made: {+tickets}"
        return heard

    def _calls(self, *, paints: bool) -> list[Call]:
        """Those whose answer was given and is to be paid for; the others are listed."""
        mine = [call for call in self.stage.painter.book if call.paints is paints]
        self.unheard.cut += [(call, self._why(call)) for call in mine if not self._given(call)]
        return [call for call in mine if call.worth and self._given(call)]

    def _given(self, call: Call) -> bool:
        """Whether anybody was there to be given the answer: not on a line that was cut, nor behind it after a kill."""
        killed = self.stage.killed.get(call.life)
        return bool(call.ended) and not call.cut and (killed is None or call.ended < killed)

    def done(self) -> int:
        """Micro-dollars of all that vendors did and gave to somebody, whoever noted it."""
        calls = [call for call in self.stage.painter.book if call.worth and self._given(call)]
        texts = [self._prices.text(call.version, call.tokens_in, call.tokens_out) for call in calls if not call.paints]
        pictures = [self._prices.picture(call.model) for call in calls if call.paints]
        predictions = [(self._prices.picture(one.model)[1], one.images) for one in self.stage.vendor.paid()]
        return sum(amount for _, amount in [*texts, *pictures]) + sum(amount * count for amount, count in predictions)

    def pictures_made(self) -> Counter[str]:
        """By the word of the request, whoever knows of them."""
        made: Counter[str] = Counter()
        for call in self.stage.painter.book:
            made[call.word] += call.pictures
        for one in self.stage.vendor.paid():
            made[word_of(one)] += one.images
        return made

    def pictures_ordered(self) -> Counter[str]:
        """By all jobs of a word together that were not answered from the library."""
        ordered: Counter[str] = Counter()
        for job in self.jobs:
            if not self.shown(job).library:
                ordered[self.ask_of[job["id"]].word] += json.loads(job["order"])["brief"].get("images", 0)
        return ordered

    def _of_predictions(self) -> list[Due]:
        tickets = {value["ticket"] for value in self._values("create:") if "ticket" in value}
        heard = []
        for one in self.stage.vendor.paid():
            engine, amount = self._prices.picture(one.model)
            due = Due(word=word_of(one), engine=engine, amount=one.images * amount)
            if one.id in tickets:
                heard.append(due)
            else:
                self.unheard.due.append((due, self._why_unknown(one)))
        return heard

    def _rows(self, *names: str) -> list[Any]:
        return [row for row in self._steps if row["name"].startswith(names)]

    def _values(self, *names: str) -> list[dict[str, Any]]:
        return [json.loads(row["value"]) for row in self._rows(*names)]

    # ── reasons ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _why(self, call: Call) -> str:
        """Why its answer is not known. Raises AssertionError if there is no reason."""
        if call.planned:
            return "the line was cut on purpose"
        why = self._crossed(call)
        assert why is not None, f"the bot did not hear what it was told: {call}"
        return why

    def _crossed(self, call: Call) -> str | None:
        """What came between: a kill of the process that asked, or a cancel of its request."""
        killed = self.stage.killed.get(call.life)
        if killed is not None and (not call.ended or call.ended >= killed - CROSSING_SECONDS):
            when = f"{call.ended - killed:+.3f} s" if call.ended else "before its end"
            return f"life {call.life} was killed ({when})"
        pressed = [at for ask in self._people.asks if ask.word == call.word for at in ask.cancelled]
        if any(not call.ended or call.ended >= at - CROSSING_SECONDS for at in pressed):
            return "it was cancelled meanwhile"
        return None

    def _why_unknown(self, one: Prediction) -> str:
        """Why nobody can know of a prediction: no answer to its order, and no way to tell it from others."""
        life = self.stage.vendor.lives[one.id]
        killed = self.stage.killed.get(life)
        lost = bool(one.script.create) or (killed is not None and one.made >= killed - CROSSING_SECONDS)
        word = word_of(one)
        doubted = [job for job in self.jobs if self.ask_of[job["id"]].word == word and self._doubts(job)]
        unknown = f"prediction {one.id} of {word} is paid for, and the bot does not know of it"
        assert lost, unknown
        assert doubted, unknown
        return f"its number was lost in life {life}, and its member was told so"

    def _doubts(self, job: Any) -> bool:
        """Whether its member was told that the vendor may have charged more."""
        return self.shown(job).unsure or job["error"] == "Partial"

    # ── what members were told ───────────────────────────────────────────────────────────────────────────────────────

    def message(self, job: Any) -> Message:
        """The one that shows its end."""
        ask = self.ask_of[job["id"]]
        message = self.stage.discord.world.messages.get(job["message_id"] or 0) or ask.asked.message
        assert message is not None, f"J{job['number']} is shown nowhere"
        return message

    def shown(self, job: Any) -> Told:
        return told(self.message(job))

    def doubted_for_nothing(self) -> list[str]:
        """Jobs whose member was told that a vendor may have charged more, and that met neither a kill nor an order
        whose answer was lost."""
        return [self.message(job).text for job in self.jobs if self.shown(job).unsure and not self._troubled(job)]

    def _troubled(self, job: Any) -> bool:
        if self.stage.weather.plans[self.ask_of[job["id"]].word].trouble in ("phantom", "dropped"):
            return True
        began, ended = (_moment(job[name]) for name in ("created_at", "finished_at"))
        return any(began <= at <= ended for at in self.stage.killed_on)

    def others(self) -> list[Message]:
        """Messages that speak of a cost, and are neither the one of a job nor an answer from the library."""
        known = {self.message(job).id for job in self.jobs} | {one.id for one in self.answers_from_library()}
        assert len(known) == len(self.jobs) + len(self.answers_from_library()), "two ends in one message"
        return [one for one in self.stage.discord.messages if speaks_of_cost(one) and one.id not in known]

    def unanswered(self) -> list[Message | None]:
        """What is shown to those whose request made no job, and was not answered from the library."""
        of_jobs, library = {job["interaction_id"] for job in self.jobs}, self.answers_from_library()
        asked = [ask.asked for ask in self._people.asks if ask.asked.id not in of_jobs]
        return [next(iter(one.followups), one.message) for one in asked if one.message not in library]

    def answers_from_library(self) -> list[Message]:
        """To requests that made no job."""
        of_jobs = {job["interaction_id"] for job in self.jobs}
        answers = [ask.asked.message for ask in self._people.asks if ask.asked.id not in of_jobs]
        return [one for one in answers if one is not None and not one.deleted and "Delete" in one.buttons]

    def by(self, dues: Iterable[Due], *names: str) -> dict[Any, int]:
        """Sums of what vendors would charge, by some fields of the requests; what is nothing is left out."""
        sums: dict[Any, int] = defaultdict(int)
        for due in dues:
            sums[tuple(self._fields(due)[name] for name in names)] += due.amount
        return {key: amount for key, amount in sums.items() if amount}

    def _fields(self, due: Due) -> dict[str, Any]:
        ask = next(ask for ask in self._people.asks if ask.word == due.word)
        return {"word": due.word, "engine": due.engine, "server": ask.guild.id, "project": ask.project}


def _moment(stored: Any) -> datetime:
    return datetime.fromisoformat(str(stored)).replace(tzinfo=UTC)
