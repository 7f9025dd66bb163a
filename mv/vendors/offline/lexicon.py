"""Words that the drafts' grammar knows by kind. Plain text, so that they can be read and added to."""

from __future__ import annotations


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


# ── grammar ──────────────────────────────────────────────────────────────────────────────────────────────────────────

ARTICLES = _set("a an the my your his her its our their this that these those some every no")
NUMBERS = _set("two three four five six seven eight nine ten several many both all")
DETERMINERS = ARTICLES | NUMBERS | _set("each another one")
PLURAL_DETERMINERS = NUMBERS | _set("these those")
OWNERS = _set("my his her our their your its")
UNCOUNTED = _set(
    "rain snow fog mist smoke water light darkness traffic grass sand love silence dust music thunder lightning neon "
    "moonlight sunlight daylight time space glass gold silver ice fire wind steam static courage freedom hope grief "
    "nostalgia memory noise"
)
PLACE_WORDS = _set("in on at under inside across through near above below along into beneath beyond behind outside")
POSTMODIFIERS = PLACE_WORDS | _set("of with by where after between from over before full turned to lit without against")
DANGLING = _set("a an the of and or in on at with to for by from but who that his her their my as")
SMALL = _set("a an the of and or in on at with to for by from but as nor into over than near up")
CLAUSES = _set("while when because but until and who so then as if")
BEFORE_VERBS = _set("who that which he she it and then but or")
AFTER_NAMES = PLACE_WORDS | _set("by of at after before")
BREAKS = PLACE_WORDS | _set(
    "of to by with without between from and or but while when as where who which because if then than until after "
    "before i you he she it we they me him us them there here not so very just only also too again is are was were be "
    "been being am has have had do does did will would can could should may might must about for during like over up "
    "down out off away back around against something someone everything nothing nobody everyone one what how why all "
    "more most it's i'm don't can't let's video song music clip scene scenes want wants kind sort lot thing things"
)
FOREIGN = _set(
    "der die das ein eine einen einem einer und ist nicht mit auf im den dem des von zu zum zur für sich ich wir durch "
    "über ohne wie als auch nach bei aus wird sie er es ihr sein seine seinen ihre "
    "le les un une du et est dans sur avec qui que pour pas sans au aux ce cette son sa ses elle il "
    "el los las una y en con por para su sus del al como pero lo gli uno di che è nel nella sul sulla per non della "
    "o os uma em na com da dos um e não het een van op met niet de la"
)

# ── things, people, places, deeds ────────────────────────────────────────────────────────────────────────────────────

VERBS = _set(
    "become find lose meet fall run dance paint steal travel dream sing walk chase escape return discover build burn "
    "break drive fly float dive swim climb drown wait watch hunt haunt hide seek search fight win rule save destroy "
    "rebuild remember forget follow lead leave love hate kiss marry betray wake sleep wander drift cross sail row "
    "catch collect repair fix learn teach grow plant write read play perform rehearse rob hack race ride jump leap "
    "turn transform change move live die rise sink melt freeze open close enter board miss call answer send receive "
    "carry hold drop throw look stare see hear feel talk speak whisper scream shout laugh cry smile keep make take "
    "give get go come bring start begin stop end try need eat drink cook bake cut draw film record explore conquer "
    "invade guard protect rescue join quit work swap trade buy sell visit confront face survive reach tell show think "
    "touch vanish appear disappear shine glow arrive decide believe befriend tame"
)
PAST = _set("found lost met fell ran stole sang wrote became took left came went saw heard felt told")
NO_PLACE = _set(
    "night dawn dusk morning evening noon midnight sunset sunrise love time reverse silence style end beginning moment "
    "motion colour color black white red blue green mind way day days year years 80s 90s 70s 1980s 1990s once least "
    "last first it him her them first-person"
)
SETTINGS = _set(
    "lighthouse beach desert forest city subway diner motel ocean sea mountain castle hospital school church kitchen "
    "spaceship train ship island village harbour harbor rooftop casino museum library theatre theater cinema factory "
    "airport station farm field garden jungle cave mine bar club arcade laundromat supermarket mall prison stadium "
    "circus carnival greenhouse apartment hotel lake river swamp canyon moon mars"
)
KINDS = _set(
    "woman man girl boy robot cat dog fox wolf bear bird singer dancer rapper drummer guitarist astronaut sailor "
    "keeper detective thief soldier king queen witch ghost child kid teenager android alien painter driver boxer pilot "
    "musician band duo twins sisters brothers couple friends someone nobody everyone stranger drifter farmer"
)
FLOWING = _set("with in wearing from holding carrying")
PARTICLES = _set("de la le van von der den of the del da dos das du al bin ibn y e and & und et")
STAND_ON = _set(
    "rooftop roof beach pier street bridge balcony stage platform cliff road stairs stairway staircase stair hill "
    "shore highway deck promenade terrace boardwalk island ferry bus train flat lawn floor lake escalator path "
    "seat square hillside causeway boat raft dune dunes"
)
STAND_AT = _set(
    "station stop harbour crossing crossroads edge counter window gate door airport market table desk entrance booth "
    "stand villa corner playground tower bar fountain bench"
)
