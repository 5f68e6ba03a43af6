"""What stands in the small C programs of programs/."""

from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"


def line_of(program: str, text: str) -> int:
    """The number of the one line that has this text."""
    source = (PROGRAMS / f"{program}.c").read_text().splitlines()
    (line,) = [n for n, content in enumerate(source, 1) if text in content]
    return line
