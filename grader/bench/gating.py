"""What the labs cost: the grade of each solution, and what it takes to see that nothing of any lab flips in 300 runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import measure
from ipclab import manifest, validate
from ipclab.cases import Case, Role, cases
from ipclab.grading import Grader, Options
from ipclab.model import Lab, ResultStatus
from measure import Bench, Figure

OPTIONS = Options(sandbox="local", keep=False)
FIRST_LABS_S, LATER_LABS_S = 5.0, 6.0  # a solution's grade, in the labs 01 to 06 and after them
WANTED = 300
SAMPLE = 6  # runs of one solution from which 300 of each variant are reckoned
SESSION_H = 3.0  # what can be watched to its end in one sitting


def labs(bench: Bench) -> Iterator[Figure]:
    for lab in manifest.all_labs(measure.ROOT):
        argv = [measure.IPCLAB, "grade", lab.slug, lab.solution, "--sandbox", "local", "--json", bench.scratch / "result.json"]
        value, detail = measure.medians(bench, lambda argv=argv: measure.command(argv))
        target = FIRST_LABS_S if lab.order <= 6 else LATER_LABS_S
        yield Figure(f"a full grade of the solution of {lab.slug}, local", value, "s", target, detail)


def repeats(_: Bench) -> Iterator[Figure]:
    """`validate --repeat 300` of all labs, reckoned from some runs of each solution: nobody waits for the real one here."""
    total, count = 0.0, 0
    for lab in manifest.all_labs(measure.ROOT):
        made = [c for c in cases(lab) if isinstance(c, Case)]
        again = sum(c.role in (Role.SOLUTION, Role.VARIANT) for c in made)
        total += again * WANTED * _plain_s(lab, next(c for c in made if c.role is Role.SOLUTION))
        count += again
    detail = f"{count} solutions and variants; idle and loaded it is more than twice that"
    yield Figure(f"{WANTED} plain runs of every solution and variant, local, idle", total / 3600, "h", SESSION_H, detail)


def _plain_s(lab: Lab, solution: Case) -> float:
    """Seconds that one more run of the plain tests takes when as many run as there are cores."""
    grader = Grader(validate.only_pass(lab, "plain"), OPTIONS)
    copies = [replace(solution.submission, id=f"{solution.submission.id}-{i}") for i in range(SAMPLE)]
    list(grader.all_again(copies[:1]))  # builds it

    def run() -> None:
        for result in grader.all_again(copies):
            if result.status is not ResultStatus.GRADED or result.score < result.max_score:
                raise measure.NotMeasured(f"the solution of {lab.slug} has {result.score} of {result.max_score} points")

    return measure.seconds_of(run) / SAMPLE


measure.MEASURES |= {"labs": labs, "repeats": repeats}
