"""Money is integers: micro-dollars. A price that is not known is None, never zero."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import NewType

from mv.errors import NotChosen, OutOfRange

MicroDollars = NewType("MicroDollars", int)


def micro(dollars: Decimal | str) -> MicroDollars:
    """US dollars to micro-dollars, half up."""
    return MicroDollars(int((Decimal(dollars) * 1_000_000).to_integral_value(ROUND_HALF_UP)))


MOST = 1_000_000
"""US dollars that a limit or a budget may be, at most."""


def within(field: str, amount: int) -> int:
    """Micro-dollars that a limit or a budget may be. Raises OutOfRange."""
    if not 0 <= amount <= MOST * 1_000_000:
        raise OutOfRange(field=field, low=0, high=MOST)
    return amount


def typed(field: str, amount: float) -> MicroDollars:
    """What a member typed as US dollars. Raises OutOfRange, NotChosen for more than 4 decimals."""
    if not 0 <= amount <= MOST:
        raise OutOfRange(field=field, low=0, high=MOST)
    if amount != round(amount, 4):
        raise NotChosen(field=field, given=f"{amount:g}", allowed=("dollars with up to 4 decimals",))
    return micro(f"{amount:.4f}")


def token_cost(tokens: int, micro_per_million: int) -> int:
    """What `tokens` cost at a price in micro-dollars per million tokens, half up."""
    return (tokens * micro_per_million + 500_000) // 1_000_000


def dollars(amount: int) -> str:
    """`$0.04`, `$0.012345`: exact, at least 2 decimals, so that what people read adds up."""
    return _written(amount, 6)


def _written(amount: int, decimals: int) -> str:
    whole, _, cents = f"{Decimal(amount) / 1_000_000:.{decimals}f}".partition(".")
    return f"${whole}.{cents.rstrip('0').ljust(2, '0')}"


def rounded(amount: int) -> str:
    """`$12.34`, `$1,234.50`, `$56,789`: as precise as it is of use beside others; below ten cents up to 4 decimals."""
    if 0 < amount < 100:
        return "<$0.0001"
    if amount < 100_000:
        return _written(amount, 4)
    return f"${Decimal(amount) / 1_000_000:,.{0 if amount >= 10**10 else 2}f}"
