"""What the services ask of the configuration: flavors, engines, limits; orders filled and prompts written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mv.config.model import Flavor, Limits
from mv.config.prompts import more_texts, picture_text, revise_scene_texts, revise_texts, scene_texts, vary_text
from mv.domain.character import CharacterBrief, CharacterOrder, default_name
from mv.domain.engine import Engine, Makes
from mv.domain.limits import SEED
from mv.domain.scenes import SceneBrief, SceneDraft, SceneOrder
from mv.domain.usage import Quota
from mv.domain.words import nearest
from mv.errors import Unknown
from mv.ports import PicturePrompt, ScenePrompt

_RELEASE = re.compile(r"-(\d[\w.-]*|preview[\w.-]*|exp[\w.-]*|latest)")
"""What a vendor adds to a model's name when it says which of its releases answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """configs/, checked. It does not change while the bot runs."""

    flavors: Mapping[str, Flavor]
    engines: Mapping[str, Engine]
    limits: Limits

    def flavor(self, name: str | None) -> Flavor:
        """By name, in any case; None is `default`. Raises Unknown."""
        found = self.flavors.get("default" if name is None else name.strip().lower())
        if found is None:
            raise Unknown(kind="flavor", given=str(name), nearest=nearest(str(name), self.flavors))
        return found

    def kept_flavor(self, name: str) -> Flavor:
        """The one that a record was made with, or the default where it is gone since."""
        return self.flavors.get(name.strip().lower()) or self.flavor(None)

    def engine(self, name: str) -> Engine:
        """By name, in any case. Raises Unknown."""
        found = self.engines.get(name.strip().lower())
        if found is None:
            raise Unknown(kind="engine", given=name, nearest=nearest(name, self.engines))
        return found

    def answering(self, engine: Engine, model_version: str) -> Engine:
        """The engine whose price an answer is reckoned by: that of the model which really answered, if models.yaml has
        it, else the one that was asked."""
        version = model_version.strip().removeprefix("models/")
        alike = [e for e in self.engines.values() if (e.vendor, e.makes) == (engine.vendor, engine.makes)]
        if any(e.model == version for e in alike):
            return engine if engine.model == version else next(e for e in alike if e.model == version)
        found = [e for e in alike if _RELEASE.fullmatch(version.removeprefix(e.model)) and version.startswith(e.model)]
        return max(found, key=lambda e: (len(e.model), e is engine), default=engine)

    def engines_for(self, makes: Makes) -> tuple[Engine, ...]:
        """In the order of models.yaml."""
        return tuple(engine for engine in self.engines.values() if engine.makes is makes)

    def fill_scenes(self, order: SceneOrder) -> tuple[SceneBrief, dict[str, Any]]:
        """The order without gaps, and what was filled in. Raises Unknown for a flavor that does not exist."""
        flavor = self.flavor(order.flavor)
        offered = {**flavor.scene_params.defaults.model_dump(), "flavor": flavor.name}
        applied = {field: value for field, value in offered.items() if getattr(order, field) is None}
        given = {**order.model_dump(include=set(SceneBrief.model_fields)), **applied, "flavor": flavor.name}
        return SceneBrief.model_validate(given), applied

    def fill_character(self, order: CharacterOrder, *, seed: int) -> tuple[CharacterBrief, dict[str, Any]]:
        """As `fill_scenes`; `seed` is used if none was ordered, and is no default: it is drawn anew every time."""
        flavor = self.flavor(order.flavor)
        defaults = flavor.image_params.defaults.model_dump()
        offered = {"name": default_name(order.description), **defaults, "flavor": flavor.name}
        applied = {field: value for field, value in offered.items() if getattr(order, field) is None}
        given = {**order.model_dump(include=set(CharacterBrief.model_fields)), **applied, "flavor": flavor.name}
        if order.seed is None:
            given["seed"] = seed
        return CharacterBrief.model_validate(given), applied

    def scene_prompt(self, brief: SceneBrief, flavor: Flavor) -> ScenePrompt:
        """The prompt for the whole list."""
        return _scene_prompt(scene_texts(brief, flavor), brief, flavor, brief.count)

    def more_prompt(
        self,
        brief: SceneBrief,
        flavor: Flavor,
        have: tuple[str, ...],
        missing: int,
        current: SceneDraft | None = None,
        instructions: str = "",
    ) -> ScenePrompt:
        """The prompt for the scenes that did not come; of those that came it names the titles only. If the list is a
        revision, it shows the current one, and what is to be changed."""
        texts = more_texts(brief, flavor, have, missing, current, instructions)
        return _scene_prompt(texts, brief, flavor, missing, have)

    def revise_prompt(
        self, brief: SceneBrief, flavor: Flavor, draft: SceneDraft, instructions: str, scene: int | None
    ) -> ScenePrompt:
        """The prompt for another version of the draft: all of it, or one scene, to which its neighbours are shown."""
        if scene is None:
            texts, count = revise_texts(brief, flavor, draft, instructions), len(draft.scenes)
        else:
            texts, count = revise_scene_texts(brief, flavor, draft, instructions, scene), 1
        prompt = _scene_prompt(texts, brief, flavor, count)
        return replace(prompt, exact=scene is not None, current=draft, instructions=instructions, scene=scene)

    def picture_prompt(self, brief: CharacterBrief, flavor: Flavor, take: int, *, images: int = 1) -> PicturePrompt:
        """The prompt for one take (from 1), or for `images` pictures at once; always the same for the same. Seeds count
        up from the brief's."""
        return PicturePrompt(
            text=picture_text(brief, flavor, take),
            name=brief.name,
            description=brief.description,
            aspect_ratio=brief.aspect_ratio,
            images=images,
            seed=(brief.seed + take - 1) % (SEED[1] + 1),
            parameters=flavor.image_params.parameters,
            timeout_seconds=flavor.image_params.timeout_seconds,
        )

    def vary_prompt(
        self,
        prompt: PicturePrompt,
        brief: CharacterBrief,
        flavor: Flavor,
        take: int,
        instructions: str,
        references: tuple[str, ...],
    ) -> PicturePrompt:
        """The prompt of `picture_prompt` for a take like an earlier one: only what the instructions say differs.
        `references` are addresses of pictures at the vendor."""
        text = vary_text(brief, flavor, take, instructions, reference=bool(references))
        return replace(prompt, text=text, instructions=instructions, references=references)

    def values_read(self, flavor: Flavor, makes: Makes | None = None) -> dict[str, tuple[Any, str]]:
        """Dotted key → value, and the flavor it was read from; `makes` narrows it to one kind of job."""
        wanted = {Makes.SCENES: "scene_", Makes.IMAGES: "image_", None: ""}[makes]
        return {key: (_value(flavor, key), source) for key, source in flavor.sources.items() if key.startswith(wanted)}

    def default_quotas(self) -> tuple[Quota, ...]:
        """The allowances of limits.yaml, which bind where nobody set others."""
        return tuple(Quota(kind=a.kind, limit=a.limit, period=a.period) for a in self.limits.allowances)


def _scene_prompt(
    texts: tuple[str, str], brief: SceneBrief, flavor: Flavor, count: int, have: tuple[str, ...] = ()
) -> ScenePrompt:
    params = flavor.scene_params
    return ScenePrompt(
        system=texts[0],
        user=texts[1],
        count=count,
        brief=brief,
        temperature=params.temperature,
        max_output_tokens=params.max_output_tokens,
        timeout_seconds=params.timeout_seconds,
        have=have,
    )


def _value(held: Any, key: str) -> Any:
    """What stands under a dotted key."""
    if isinstance(held, Mapping) and key in held:
        return held[key]
    step, _, rest = key.partition(".")
    below = held.get(step) if isinstance(held, Mapping) else getattr(held, step)
    return _value(below, rest) if rest else below
