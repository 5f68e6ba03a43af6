"""Random numbers: the same for the same seed everywhere, and what testkit.h says about them."""

from __future__ import annotations

import subprocess

from .conftest import Built

MASK = 2**64 - 1


def model(seed: int, count: int) -> list[str]:
    """xoshiro256** seeded by SplitMix64, written from the papers a second time."""
    state = []
    for _ in range(4):
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        z = seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        state.append(z ^ (z >> 31))

    def rotate(x: int, by: int) -> int:
        return ((x << by) | (x >> (64 - by))) & MASK

    out = []
    for _ in range(count):
        out.append(f"{rotate(state[1] * 5 & MASK, 7) * 9 & MASK:016x}")
        t = state[1] << 17 & MASK
        state[2] ^= state[0]
        state[3] ^= state[1]
        state[1] ^= state[2]
        state[0] ^= state[3]
        state[2] ^= t
        state[3] = rotate(state[3], 45)
    return out


def ask(built: Built, *argv: str) -> subprocess.CompletedProcess[str]:
    binary = built.inspector("random_inspector", "random", "bytes", "text")
    return subprocess.run([binary, *argv], capture_output=True, text=True, timeout=60)


def test_a_seed_gives_the_same_numbers_on_every_machine(built: Built) -> None:
    for seed in (0, 1, 0x5EED, MASK):
        assert ask(built, f"{seed:x}", "50").stdout.split() == model(seed, 50)


def test_bytes_hold_every_value_and_ranges_hold_both_ends(built: Built) -> None:
    done = ask(built, "7", "0", "more")
    lines = done.stdout.splitlines()
    assert [line.split(" have ")[1] for line in lines[3:7]] == ["256 values, NUL after them 1"] * 4
    assert lines[0] == "0 bytes have 0 values, NUL after them 1"
    assert lines[1] == "1 bytes have 1 values, NUL after them 1"
    assert lines[7:9] == ["-3 3", "7 7"]
    least, most = map(int, lines[9].split())
    assert least < -(2**62) and most > 2**62
    assert lines[10] == "slow 0"
    assert lines[11] == "2000 letters, NUL after them 1, 111"
    assert lines[12] == "one-2 7 !, 1011"
    assert done.returncode == 1 and lines[13].startswith("tk_random_between:")


def test_a_text_has_an_alphabet(built: Built) -> None:
    assert ask(built, "7", "0", "alphabet").stdout.splitlines()[-1].startswith("tk_random_text:")
