"""The two ways in which ipclab itself ends early. Everything else is a result.

A fault's text is one line that says what is wrong and what to do; it reaches stderr without a traceback.
"""

from __future__ import annotations


class Fault(Exception):
    """One line for a person; `exit_code` is what the command returns."""

    exit_code = 3


class UsageFault(Fault):
    """The caller asked for something that cannot be: wrong lab, wrong path, unreadable lab.toml."""

    exit_code = 2


class GraderFault(Fault):
    """The grader's own trouble: a missing tool, a dead engine, a full disk. Nobody loses a point by it."""

    exit_code = 3
