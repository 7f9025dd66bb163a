"""/help: short, with lines that can be copied."""

from __future__ import annotations

from bot.ui import limits
from bot.ui.frame import Sheet
from bot.ui.words import ACCENT

_TEXT = """\
I plan music videos with your team: scene lists from an idea and a character, and pictures of that character. \
Everything made is kept and can be found again.

**A scene list**
```
/scenes create idea: a lighthouse keeper dances with the tide character: Mara, 60, yellow raincoat
```
**A character, with pictures**
```
/character create description: Mara, 60, yellow raincoat, salt in her plait images: 2
```
**Scenes with a saved character:** give its number
```
/scenes create idea: she lets the last kite go character: C1
```
**One scene of a list changed, the others left as they are**
```
/scenes revise ref: S1 instructions: let it rain scene: 4
```
**All commands**
`/scenes` create · revise · edit · insert · move · remove · show · list · search · history · compare · restore · \
export · import · star · delete
`/character` create · vary · show · list · search · history · main · rename · original · star · delete
`/project` create · show · list · rename · archive · export · budget
`/jobs` list · show · cancel
`/usage` me: what you used, what is left, when it resets · member · server · ledger: for managers
`/mydata` export · forget: what is yours
`/quota` set · show · clear: for managers
`/settings` show · set: for managers"""


def help_message() -> Sheet:
    """What there is, on one screen."""
    card = limits.card(
        title="Planning a music video",
        text=_TEXT,
        footer="S12, s12, 12 and #12 all mean scene list S12. With private: True only you see the result. "
        "The very same character is answered from the library at no cost; fresh: True makes it anew.",
        colour=ACCENT,
    )
    return Sheet(embeds=(card,))


def welcome_message() -> Sheet:
    """The first message of the preview: what to try."""
    text = (
        "This is the real bot on a simulated Discord. Type a command below:\n\n"
        "`/scenes create` with an idea and a character\n"
        "`/character create` with a description\n"
        "`/help` for examples\n\n"
        "Then press the buttons. Without keys, offline drafts stand in for Gemini and Replicate."
    )
    return Sheet(embeds=(limits.card(title="Welcome to mv-bot", text=text, colour=ACCENT),))
