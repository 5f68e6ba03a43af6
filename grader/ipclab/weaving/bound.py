"""What can be said when nothing was found: PCT's bound (Burckhardt et al., ASPLOS 2010).

A run with n tasks, k steps and d - 1 change points meets a bug of depth d with a probability of at least 1/(n·k^(d-1)),
whatever the bug. So S such runs all miss it with a probability of at most (1 - 1/(n·k^(d-1)))^S.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Bound:
    depth: int
    schedules: int  # that were run with this depth
    tasks: int  # n: alive at the same time, at most
    steps: int  # k
    missed: float  # probability, at most


def missed(schedules: int, tasks: int, steps: int, depth: int) -> float:
    """The probability, at most, that a bug of this depth was missed by so many schedules of this depth."""
    if schedules == 0:
        return 1.0
    try:
        hit = 1.0 / (max(tasks, 1) * float(max(steps, 1)) ** (depth - 1))
    except OverflowError:
        return 1.0
    return math.exp(schedules * math.log1p(-hit)) if hit < 1.0 else 0.0


def bound(schedules: int, tasks: int, steps: int, depth: int) -> Bound:
    return Bound(depth, schedules, tasks, steps, missed(schedules, tasks, steps, depth))


def worth_saying(bounds: Iterable[Bound]) -> list[Bound]:
    """For each depth the better one; depth 1 goes without saying where another is given."""
    best: dict[int, Bound] = {}
    for b in bounds:
        if b.depth not in best or b.missed < best[b.depth].missed:
            best[b.depth] = b
    return [b for depth, b in sorted(best.items()) if depth > 1 or len(best) == 1]


def sentence(b: Bound) -> str:
    """The bound in words; nothing is promised where the number says nothing."""
    given = f"n={b.tasks}, k={b.steps}, this input"
    count = "1 schedule" if b.schedules == 1 else f"{b.schedules} schedules"
    if b.missed > 0.5:
        return f"{count} of depth {b.depth}: too few to say that there is no bug of that depth ({given})"
    percent = f"{b.missed * 100:.2g}" if b.missed >= 1e-4 else "0.01"
    return f"with {count}, a bug of depth {b.depth} would have been missed with probability at most {percent} % ({given})"
