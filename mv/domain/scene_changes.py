"""What is different between two versions of a scene list.

Scenes have no names of their own that would outlive a rewrite: one is taken for the same as another if it is word for
word the same, else if its title is, else if it stands at the same place among what is left over.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Mapping, Sequence

from mv.domain.scenes import Changes, Scene, SceneChange, SceneDraft

HEAD = ("title", "logline", "palette")


def changes(before: SceneDraft, after: SceneDraft) -> Changes:
    """From one version to another."""
    pairs = _pairs(before.scenes, after.scenes)
    kept = _in_order([pairs[number] for number in sorted(pairs)])
    found = (
        SceneChange(
            before=old,
            after=new,
            fields=_differing(before.scenes[old - 1], after.scenes[new - 1]),
            moved=old not in kept,
        )
        for new, old in sorted(pairs.items())
    )
    return Changes(
        head=tuple(name for name in HEAD if getattr(before, name) != getattr(after, name)),
        added=tuple(n for n in range(1, len(after.scenes) + 1) if n not in pairs),
        removed=tuple(n for n in range(1, len(before.scenes) + 1) if n not in pairs.values()),
        changed=tuple(change for change in found if change.fields or change.moved),
    )


def _differing(before: Scene, after: Scene) -> tuple[str, ...]:
    return tuple(name for name in Scene.model_fields if getattr(before, name) != getattr(after, name))


def _pairs(before: Sequence[Scene], after: Sequence[Scene]) -> Mapping[int, int]:
    """Number after → number before, of scenes that are taken for the same."""
    pairs: dict[int, int] = {}
    old, new = list(range(1, len(before) + 1)), list(range(1, len(after) + 1))
    for same in (_whole, _title):
        _match(before, after, old, new, pairs, same)
    if len(old) == len(new):  # rewritten one for one
        pairs.update(zip(new, old, strict=True))
        return pairs
    for number in [n for n in new if n in old]:
        pairs[number] = number
        new.remove(number)
        old.remove(number)
    return pairs


def _match(
    before: Sequence[Scene],
    after: Sequence[Scene],
    old: list[int],
    new: list[int],
    pairs: dict[int, int],
    same: Callable[[Scene], Hashable],
) -> None:
    """Pairs what is `same`, first come first served, and takes it out of `old` and `new`."""
    there: dict[Hashable, list[int]] = {}
    for number in old:
        there.setdefault(same(before[number - 1]), []).append(number)
    for number in list(new):
        found = there.get(same(after[number - 1]))
        if found:
            pairs[number] = found.pop(0)
            old.remove(pairs[number])
            new.remove(number)


def _whole(scene: Scene) -> Hashable:
    return scene


def _title(scene: Scene) -> Hashable:
    return scene.title.casefold()


def _in_order(numbers: Sequence[int]) -> frozenset[int]:
    """The longest part that still ascends; whoever is not in it has moved."""
    tops: list[int] = []
    at: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        place = bisect_left(tops, number)
        before.append(at[place - 1] if place else -1)
        tops[place : place + 1] = [number]
        at[place : place + 1] = [index]
    kept, index = set(), at[-1] if at else -1
    while index >= 0:
        kept.add(numbers[index])
        index = before[index]
    return frozenset(kept)
