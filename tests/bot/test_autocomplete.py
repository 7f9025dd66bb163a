"""Autocomplete: at most 25, never an error, and nothing of others."""

from __future__ import annotations

from simcord.actors import MemberActor

from tests.bot.test_commands import COMMANDS, FOR_MANAGERS
from tests.bot.world import World, said

OFFERED = [
    (command, option) for command, options in COMMANDS.items() for option, what in options.items() if what.offers
]
NASTY = ("", " %_\\'\" ", "S1²", "9" * 80, "ﷺ🦊" * 40, "s", "#1")


async def test_every_option_answers_whatever_is_typed(world: World) -> None:
    await fill(world, 1)
    for command, option in OFFERED:
        for number, typed in enumerate(NASTY):
            here = world.manager if command.split()[0] in FOR_MANAGERS else world.ann
            who, where = ((here, world.channel), (world.stranger, world.far))[number % 2]
            choices = await who.autocomplete(where, command, option, typed)
            assert len(choices) <= 25
            assert all(1 <= len(c["name"]) <= 100 and 1 <= len(str(c["value"])) <= 100 for c in choices)
    assert len(OFFERED) > 30
    assert world.env.errors == []


async def fill(world: World, count: int) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring " * 11)
    for number in range(count):
        await world.ann.slash(world.channel, "scenes create", idea=f"Idea {number}", character="y", count=1)
        await world.ann.slash(world.channel, "character create", description="z", name=f"Vera {number}")


async def offered(who: MemberActor, world: World, command: str, option: str, typed: str, **filled: object) -> list[str]:
    where = world.channel if who.guild.id == world.server.id else world.far
    return [str(choice["value"]) for choice in await who.autocomplete(where, command, option, typed, **filled)]


async def test_records_are_offered_by_number_and_title_newest_first(world: World) -> None:
    await fill(world, 3)
    assert await offered(world.bob, world, "character show", "ref", "") == ["C3", "C2", "C1"]
    assert await offered(world.bob, world, "character show", "ref", "c2") == ["C2"]
    assert await offered(world.bob, world, "character show", "ref", "vera 2") == ["C3"]
    assert await offered(world.bob, world, "scenes create", "character", "VERA 2") == ["C3"]
    assert await offered(world.bob, world, "scenes create", "project", "spring") == ["P1"]
    assert await offered(world.ann, world, "jobs show", "ref", "J2") == ["J2"]


async def test_at_most_25_of_many(world: World) -> None:
    for number in range(26):
        await world.ann.slash(world.channel, "scenes create", idea=f"Idea {number}", character="y", count=1)
    assert len(await offered(world.bob, world, "scenes show", "ref", "")) == 25
    assert len(await offered(world.manager, world, "jobs cancel", "ref", "")) == 25


async def test_nothing_of_others_is_offered(world: World) -> None:
    await world.ann.slash(world.channel, "project create", name="Spring")
    await world.ann.slash(world.channel, "scenes create", idea="x", character="y", count=1, private=True)
    await world.ann.slash(world.channel, "character create", description="secret", private=True)
    for who in (world.bob, world.manager, world.stranger, world.ann_elsewhere):
        for command in ("scenes show", "scenes delete", "character show", "character original", "character delete"):
            assert await offered(who, world, command, "ref", "") == []
        assert await offered(who, world, "scenes create", "character", "") == []
    assert await offered(world.bob, world, "jobs show", "ref", "") == []
    assert await offered(world.stranger, world, "scenes create", "project", "") == []
    assert await offered(world.ann, world, "scenes show", "ref", "") == ["S1"]
    for choice in await world.manager.autocomplete(world.channel, "jobs show", "ref", ""):
        assert "secret" not in choice["name"]


async def test_suggestions_are_those_of_the_flavor_that_is_being_typed(world: World) -> None:
    flavors = await offered(world.ann, world, "scenes create", "flavor", "")
    assert {"default", "cinematic", "lofi_animation"} <= set(flavors)
    for option in ("style", "camera", "video_type"):
        own = await offered(world.ann, world, "scenes create", option, "", idea="x", character="y", flavor="cinematic")
        usual = await offered(world.ann, world, "scenes create", option, "")
        suggestions = {name: world.app.config.flavor(name).scene_params.suggestions for name in flavors}
        assert own == list(getattr(suggestions["cinematic"], option))[:25]
        assert usual == list(getattr(suggestions["default"], option))[:25]
        wrong = await offered(world.ann, world, "scenes create", option, "", idea="x", character="y", flavor="nope")
        assert wrong == usual


async def test_engines_offered_make_pictures(world: World) -> None:
    engines = await offered(world.ann, world, "character create", "engine", "")
    assert await offered(world.ann, world, "character search", "engine", "") == engines
    writers = await offered(world.ann, world, "scenes search", "engine", "")
    assert writers
    assert not set(writers) & set(engines)
    assert "imagen-4" in engines
    assert not [name for name in engines if name.startswith("gemini-2")]
    assert (await offered(world.ann, world, "character create", "engine", "FLUX"))[0].startswith("flux")


async def test_a_database_that_fails_offers_nothing(world: World) -> None:
    await fill(world, 1)
    await world.app._database.close()
    choices = await world.ann.autocomplete(world.channel, "scenes show", "ref", "")
    assert choices == []
    world.incidents_expected = True


async def test_an_engine_typed_as_it_is_offered_is_known(world: World) -> None:
    offers = await world.ann.autocomplete(world.channel, "character create", "engine", "offline")
    label = str(offers[0]["name"])
    assert label.endswith(" · free")
    await world.ann.slash(world.channel, "character create", description="z", engine=label)
    assert "C1 · take 1" in said(world.last)
