"""weave from outside: building programs with its run-time library, running schedules in a sandbox, and saying in a
person's words what they showed.

    program.py     a program built for weave
    schedules.py   what the host (grader/weave) prints, as data
    explorer.py    which schedules are run, in a sandbox
    places.py      addresses -> lines and the names of variables
    explain.py     schedules -> findings
    bound.py       what a search without a finding is worth
"""
