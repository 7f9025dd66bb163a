"""`python -m tests.torture.victim`: the bot, which kills itself at the point that TORTURE_POINT names by its number,
when it is there for the TORTURE_OCCURRENCEth time. Ends with 3, and says why, if any point leads nowhere."""

from __future__ import annotations

import os
import sys

from tests.torture.points import POINTS, arm

LOST = 3
"""The exit code if a point is not in the product (any more)."""


def main() -> int:
    """As `python -m bot`."""
    number = os.environ.get("TORTURE_POINT")
    try:
        arm(POINTS[int(number)] if number else None, int(os.environ.get("TORTURE_OCCURRENCE", "1")))
    except (AttributeError, ImportError, TypeError) as error:
        print(f"a kill point is not in the product any more: {error}", file=sys.stderr)
        return LOST
    from bot.__main__ import main as run

    return run([])


if __name__ == "__main__":
    sys.exit(main())
