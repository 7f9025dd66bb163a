"""Words for how people look, and what they mean on a model sheet: English, with some German. A line reads
`meaning: word word …`."""

from __future__ import annotations


def _table(text: str) -> dict[str, str]:
    """Word → meaning."""
    found: dict[str, str] = {}
    for line in text.strip().splitlines():
        meaning, _, words = line.strip().partition(":")
        found |= dict.fromkeys(words.split(), meaning)
    return found


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


HAIR_STYLES = _table("""
    bald: bald glatze
    buzz: shaved buzzcut buzz
    short: short pixie
    bob: bob fringe
    long: long flowing wavy dreadlocks dreads locs
    curly: curly curls curl locken
    afro: afro
    braid: braid braided plait zopf
    pigtails: braids pigtails
    ponytail: ponytail
    bun: bun topknot
    mohawk: mohawk
    spiky: spiky spiked messy
""")
HAIR_NOUNS = _set(
    "hair haired haare haar braid braids bob curls afro ponytail bun mohawk plait pigtails dreadlocks locs zopf locken "
    "fringe"
)
VAGUE_STYLES = _set("short long messy wavy flowing")
"""Styles only where hair is spoken of: there are long coats."""
HAIR_COLOURS = {
    "blonde": "#e3c077", "blond": "#e3c077", "ginger": "#c65f2a", "redhead": "#b84a26", "brunette": "#5a3a28",
    "auburn": "#7d3a24", "red": "#b84a26", "brown": "#5a3a28", "black": "#26232b", "dark": "#2e2628",
    "white": "#eceae6", "grey": "#a3a5aa", "gray": "#a3a5aa", "silver": "#c3c7cd", "golden": "#dcb35c",
    "fair": "#e3c077",
}  # fmt: skip
HAIR_ALONE = _set("blonde blond ginger redhead brunette auburn")
"""Colours that need no noun to be hair's."""
GARMENTS = _table("""
    coat: coat trenchcoat trench overcoat mantel duster
    raincoat: raincoat parka anorak regenmantel
    cloak: cloak cape poncho
    dress: dress kleid gown robe kimono tunic
    jacket: jacket jacke bomber vest armor armour cardigan
    suit: suit anzug blazer tuxedo uniform
    hoodie: hoodie sweatshirt
    sweater: sweater jumper pullover turtleneck
    shirt: shirt hemd blouse
    tee: tshirt t-shirt tee top jersey
    overalls: overalls dungarees latzhose
    jumpsuit: jumpsuit spacesuit boilersuit
""")
BOTTOMS = _table("""
    skirt: skirt rock kilt
    trousers: jeans trousers pants hose
    tights: leggings tights
    shorts: shorts
""")
HATS = _table("""
    brim: hat hut fedora stetson sou'wester
    cap: cap
    beanie: beanie mütze bandana turban
    beret: beret
    crown: crown krone
    hood: hood
    helmet: helmet helm
    headphones: headphones
""")
CARRIED = _table("""
    scarf: scarf schal
    tie: tie krawatte
    belt: belt gürtel
    sash: sash
    backpack: backpack rucksack
""")
FOOTWEAR = _table("""
    boots: boots stiefel wellingtons
    shoes: shoes sneakers heels trainers schuhe
""")
BEARDS = _table("""
    beard: beard bearded bart
    moustache: moustache mustache schnurrbart
""")
EXTRAS = {
    **CARRIED,
    **FOOTWEAR,
    **BEARDS,
    **_table("""
    glasses: glasses spectacles brille goggles
    sunglasses: sunglasses shades
    eyepatch: eyepatch patch
    freckles: freckles freckled
    necklace: necklace
    stripes: striped stripes gestreift
"""),
}
KINDS = _table("""
    cat: cat kitten kitty katze kater tiger lion
    fox: fox fuchs wolf
    dog: dog hund puppy
    bear: bear bär panda mouse
    rabbit: rabbit bunny hare hase
    robot: robot roboter android cyborg droid
""")
FURS = {
    "cat": ("#d98a3d", "#8c8d94", "#3a3840", "#e6d3b3"), "fox": ("#cf6a2c",), "dog": ("#b98a58", "#6e4a34", "#d9c29a"),
    "bear": ("#7a5540", "#a3764f", "#4b3a36"), "rabbit": ("#d8cfc6", "#a88f7c", "#f0ebe3"),
    "robot": ("#b7c0c9", "#8fa6b2", "#d6c7a1"),
}  # fmt: skip
SKINS = ("#f6d3bd", "#eebf9f", "#dba27c", "#c08158", "#9a623f", "#75472f", "#563526")
SKIN_NOUNS = _table("skin: skin skinned fur haut fell")
SKIN_WORDS = {"pale": "#f8dfcf", "tanned": "#d29a6f"}
SKIN_COLOURS = {"dark": "#6b412b", "brown": "#9a623f", "black": "#563526", "olive": "#c79c6b", "white": "#f8dfcf"}
EYE_NOUNS = _table("eyes: eyes eye eyed augen")
YOUNG = _set("child kid boy girl toddler kind mädchen junge little niño niña")
OLD = _set("old elderly aged grandmother grandfather alte alter alten 60s 70s 80s wrinkled")
SHE = _set(
    "she her woman girl lady queen mother sister sisters daughter frau mädchen actress grandmother witch princess "
    "female waitress heroine"
)
HE = _set(
    "he his man boy king father brother son mann junge guy grandfather beard bearded male prince bart moustache "
    "mustache"
)
WIDE = _set("fat chubby plump round heavy stout large big dick dicke dicker burly")
THIN = _set("thin slim skinny lanky slender gaunt wiry dünn schlank")
STRONG = _set("strong muscular broad athletic burly stocky warrior boxer")
TALL = _set("tall lanky groß große")
SMALL = _set("short small tiny klein kleine")
SCHEMES = (
    ("#2f5d62", "#3a3f58", "#e8a33d", "#6b4a3a"), ("#a63d40", "#33415c", "#e9b872", "#3b3036"),
    ("#456990", "#4a4238", "#ef767a", "#5b4636"), ("#6a4c7d", "#2e3a4f", "#f2c14e", "#40352f"),
    ("#4f7942", "#5a4632", "#e4b363", "#3c332e"), ("#d1603d", "#394053", "#7fb7be", "#4a3b35"),
    ("#3e5c76", "#6d597a", "#e56b6f", "#2f2d35"), ("#8d6a9f", "#465362", "#c5d86d", "#51443f"),
    ("#1b998b", "#2d3047", "#fffd98", "#4b4237"), ("#c97b84", "#4a4e69", "#f2e9e4", "#574b60"),
)  # fmt: skip
"""Upper garment, lower garment, accent, shoes."""
