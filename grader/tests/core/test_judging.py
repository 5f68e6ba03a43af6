import pytest
import streams
from memory_lab import make_lab, make_submission, make_test
from hypothesis import given
from hypothesis import strategies as st
from ipclab import catalogue, judging
from ipclab.build import Built
from ipclab.events import RunLog, StreamFault
from ipclab.model import Lab, Location, Submission, TestResult, TestStatus, Visibility
from streams import finding, passed, ran, record, run, sites, skipped

ALICE = make_submission(pump_c="int main(void) { return 0; }\n", ask_c="")
PASS, FAIL, SKIPPED, ERROR = TestStatus.PASS, TestStatus.FAIL, TestStatus.SKIPPED, TestStatus.ERROR


def judge(lab: Lab, *parts: list[dict[str, object]], built: Built | None = None, **more: object) -> dict[str, TestResult]:
    log = run(*parts, **more)  # type: ignore[arg-type]
    return {t.name: t for t in judging.judge(lab, ALICE, built or Built(), log)}


def one(*inside: dict[str, object], test: object = None, **more: object) -> TestResult:
    """The result of a lab with the one test t, judged in one build."""
    the_test = test or make_test("t")
    return judge(make_lab(the_test, builds=("O0",)), ran("t.O0", *inside, **more))["t"]  # type: ignore[arg-type]


# ---- what passes and what fails


def test_a_test_passes_if_every_build_does() -> None:
    result = judge(make_lab(make_test("t")), passed("t.O0"), passed("t.O2"))["t"]
    assert (result.status, result.points, result.findings, result.message) == (PASS, 2, (), "")
    assert result.duration_ms == 25.0


def test_a_test_that_fails_optimised_only_fails() -> None:
    failed = ran("t.O2", record("t.O2", "fail", message="wrong"))
    assert judge(make_lab(make_test("t")), passed("t.O0"), failed)["t"].status is FAIL


def test_a_test_that_failed_is_not_run_again() -> None:
    failed = ran("t.O0", record("t.O0", "fail", message="wrong", expected="A", actual="a", hint="Look."))
    result = judge(make_lab(make_test("t")), failed, skipped("t.O2", "t.O0"))["t"]
    assert (result.status, result.points, result.max_points) == (FAIL, 0, 2)
    assert (result.message, result.expected, result.actual, result.hint) == ("wrong", "A", "a", "Look.")
    assert [f.cause for f in result.findings] == ["wrong_output"]


def test_what_depends_on_a_failed_test_is_skipped_and_names_it() -> None:
    lab = make_lab(make_test("late", depends=("first",)), make_test("first"), builds=("O0",))
    results = judge(lab, ran("first.O0", record("first.O0", "fail")), skipped("late.O0", "first.O0"))
    assert results["late"].status is SKIPPED and results["late"].points == 0
    assert '"first works" failed' in results["late"].message


def test_the_results_stand_in_the_order_of_the_lab() -> None:
    lab = make_lab(make_test("late", depends=("first",)), make_test("first"), builds=("O0",))
    log = run(passed("first.O0"), passed("late.O0"))
    assert [t.name for t in judging.judge(lab, ALICE, Built(), log)] == ["late", "first"]


@pytest.mark.parametrize("kind", sorted(judging.ALWAYS_COSTS - {"crash", "tamper"}))
def test_these_findings_always_cost_the_test(kind: str) -> None:
    cause = next(c.slug for c in catalogue.default().causes.values() if kind in (c.kind, *c.also))
    result = one(finding("t.O0", kind, cause), record("t.O0", "pass"))
    assert result.status is FAIL and result.findings[0].kind == kind
    assert result.message == result.findings[0].text


@pytest.mark.parametrize("kind,cause", [("zombie", "child_never_waited"), ("orphan", "left_running"), ("ipc_leak", "sysv_shm")])
def test_these_findings_cost_only_where_the_test_names_them(kind: str, cause: str) -> None:
    said = finding("t.O0", kind, cause), record("t.O0", "pass")
    assert one(*said).status is PASS and one(*said).findings == ()
    named = one(*said, test=make_test("t", fails_on=(kind,)))
    assert named.status is FAIL and [f.cause for f in named.findings] == [cause]


def test_advice_is_kept_when_the_test_failed_anyway() -> None:
    result = one(finding("t.O0", "zombie", "child_never_waited"), record("t.O0", "fail", message="wrong"))
    assert sorted(f.kind for f in result.findings) == ["wrong_output", "zombie"]


def test_a_signal_that_the_judge_expected_costs_nothing() -> None:
    crash = finding("t.O0", "crash", "killed_by_signal", args={"pid": 7, "signal": 13, "signal_name": "Broken pipe"})
    assert one(crash, record("t.O0", "pass")).status is PASS
    result = one(crash, record("t.O0", "fail", message="pump was killed"))
    assert result.findings[0].cause == "killed_by_signal" and "Broken pipe" in result.findings[0].text
    assert one(crash, record("t.O0", "pass"), test=make_test("t", fails_on=("crash",))).status is FAIL


# ---- the cause


def test_the_cause_that_the_test_names_leads() -> None:
    said = record("t.O0", "fail", kind="wrong_output", cause="result_truncated_to_8_bits", message="*result is 44", expected=300, actual=44)
    result = one(said)
    (found,) = result.findings
    assert (found.kind, found.cause) == ("wrong_output", "result_truncated_to_8_bits")
    assert "expected 300, got 44" in found.text and result.message == "*result is 44"
    assert result.hint == found.hint


def test_a_cause_has_its_own_kind_where_the_record_s_does_not_fit() -> None:
    (found,) = one(record("t.O0", "fail", kind="wrong_output", cause="no_pipe")).findings
    assert found.kind == "missing_mechanism"


def test_the_post_mortem_explains_a_wait_that_ended_in_vain() -> None:
    deadlock = finding(
        "t.O0",
        "deadlock",
        "write_end_kept_by_reader",
        args={"pid": 8, "role": "a child of pump", "fd": 3, "other_fd": 4},
        processes=[
            {"pid": 7, "role": "pump", "state": "sleeping", "doing": "waitpid", "frames": [{"file": "pump.c", "line": 50}]},
            {
                "pid": 8, "role": "a child of pump", "state": "sleeping", "doing": "read",
                "frames": [{"file": "read.c", "line": 26}, {"file": "pump.c", "line": 41}, {"file": "pump.c", "line": 60}],
            },
        ],
    )  # fmt: skip
    said = record("t.O0", "fail", kind="deadlock", cause="write_end_kept_by_reader", message="nothing more can come")
    result = one(deadlock, said, test=make_test("t", hint="Read the handout."))
    (found,) = result.findings
    assert found.location == Location("pump.c", 41) and found.related == (Location("pump.c", 50),)
    assert result.location == found.location
    assert result.message == found.text and "fd 3" in found.text and "fd 4" in found.text
    assert [p.pid for p in found.processes] == [7, 8]
    assert result.hint == found.hint != "Read the handout."


LATE_WRITE = {"args": {"pid": 8, "role": "pump", "fd": 1}, "site": 1}


def again(*inside: dict[str, object], place: str = "pump.c", said: dict[str, object] | None = None) -> TestResult:
    """The result of the test t, which failed, and was run a second time with every call watched."""
    first = ran("t.O0", said or record("t.O0", "fail", message="it printed nothing", expected="hello", actual=""))
    there = sites("t.O0.again", [{"file": place, "line": 9}])
    second = ran("t.O0.again", record("t.O0.again", "pass"), *inside, there)
    return judge(make_lab(make_test("t"), builds=("O0",)), first, second)["t"]


@pytest.mark.parametrize("cause", ["write_to_closed_fd", "interrupted_call_given_up"])
def test_a_second_run_explains_a_failure_and_does_not_decide_it(cause: str) -> None:
    result = again(finding("t.O0.again", "wrong_output", cause, **LATE_WRITE))
    assert (result.status, result.points) == (FAIL, 0)
    assert [f.cause for f in result.findings] == [cause]
    assert result.location == Location("pump.c", 9)
    assert result.message == "it printed nothing"


@pytest.mark.parametrize(("expected", "actual"), [("ab\n", "ab"), ("é!", "é"), ({"base64": "/wAK"}, {"base64": "/w=="}), ("x", "")])
def test_a_call_that_fails_explains_what_is_missing(expected: object, actual: object) -> None:
    said = record("t.O0", "fail", message="it ends too early", expected=expected, actual=actual)
    result = again(finding("t.O0.again", "wrong_output", "write_to_closed_fd", **LATE_WRITE), said=said)
    assert [f.cause for f in result.findings] == ["write_to_closed_fd"]


@pytest.mark.parametrize("actual", ["HELLO", "hellp", "hello!", 5, None, {"base64": "/w=="}, {"base64": "!"}])
def test_a_call_that_fails_is_no_reason_for_another_result(actual: object) -> None:
    said = record("t.O0", "fail", message="it printed something else", expected="hello", actual=actual, hint="Look.")
    result = again(finding("t.O0.again", "wrong_output", "write_to_closed_fd", **LATE_WRITE), said=said)
    assert [f.cause for f in result.findings] == ["wrong_output", "write_to_closed_fd"]
    assert (result.location, result.hint) == (None, "Look.")


def test_a_second_run_adds_nothing_that_the_first_could_have_seen() -> None:
    plain = one(record("t.O0", "fail", message="it printed nothing", expected="hello", actual=""))
    assert again(finding("t.O0.again", "zombie", "child_never_waited", site=1)).findings == plain.findings
    nowhere = again(finding("t.O0.again", "wrong_output", "write_to_closed_fd", **LATE_WRITE), place="driver.c")
    assert (nowhere.findings, nowhere.message) == (plain.findings, plain.message)


def test_the_cause_that_the_test_names_leads_what_a_second_run_saw() -> None:
    said = record("t.O0", "fail", kind="wrong_output", cause="result_truncated_to_8_bits", message="*result is 44")
    result = again(finding("t.O0.again", "wrong_output", "write_to_closed_fd", **LATE_WRITE), said=said)
    assert [f.cause for f in result.findings] == ["result_truncated_to_8_bits", "write_to_closed_fd"]
    assert result.message == "*result is 44"


def test_a_worse_finding_explains_more_than_a_wrong_result() -> None:
    crash = finding("t.O0", "crash", "killed_by_signal", args={"signal_name": "Segmentation fault"})
    result = one(crash, record("t.O0", "fail", kind="wrong_output", message="it printed nothing"))
    assert [f.kind for f in result.findings] == ["crash"]
    assert result.message == "it printed nothing"


def test_a_place_in_other_code_is_not_shown() -> None:
    zombie = finding("t.O0", "zombie", "child_never_waited", site=1)
    there = sites("t.O0", [{"file": "driver.c", "line": 3}, {"file": "/x/pump.c", "line": 9}])
    assert Location("pump.c", 9) in [f.location for f in one(zombie, record("t.O0", "fail"), there).findings]
    hostile = sites("t.O0", [{"file": 3}, {}, {"file": "pump.c", "line": "9"}])
    assert all(f.location is None for f in one(zombie, record("t.O0", "fail"), hostile).findings)


def test_students_see_the_check_of_a_public_test_only() -> None:
    said = record("t.O0", "fail", message="wrong", where={"file": "t.c", "line": 33})
    public = make_test("t", visibility=Visibility.PUBLIC, source="tests/public/t.c")
    assert one(said, test=public).findings[0].related == (Location("tests/public/t.c", 33),)
    assert one(said).findings[0].related == ()


def test_a_limit_is_said_in_words() -> None:
    result = one(finding("t.O0", "resource_limit", "memory", args={"limit": 256 << 20}), outcome="memory")
    assert result.status is FAIL and "256 MiB" in result.message
    assert "20 s" in one(finding("t.O0", "resource_limit", "wall", args={"limit": 20000}), outcome="wall").message


# ---- no record, two records, no sense


@pytest.mark.parametrize("outcome", ["wall", "cpu", "memory", "processes", "output", "terminals"])
def test_a_limit_without_a_record_fails_the_test(outcome: str) -> None:
    result = one(outcome=outcome)
    assert (result.status, result.findings[0].kind, result.findings[0].cause) == (FAIL, "resource_limit", outcome)


@pytest.mark.parametrize("outcome", ["wall", "cpu", "memory", "processes", "output", "terminals"])
def test_memcheck_that_runs_into_a_limit_decides_nothing(outcome: str) -> None:
    test = make_test("t", passes=("memcheck",), fails_on=("memory_error", "memory_leak"))
    limit = finding("t.memcheck", "resource_limit", outcome)
    result = judge(make_lab(test), ran("t.memcheck", limit, outcome=outcome))["t"]
    assert (result.status, result.findings[0].cause) == (ERROR, "memcheck_gave_up")


def test_what_only_the_witness_sees_is_an_error_without_it() -> None:
    blind = streams.HELLO | {"witness": False}
    lab = make_lab(make_test("t", fails_on=("zombie",)), make_test("u"), builds=("O0",))
    results = judge(lab, ran("t.O0", record("t.O0", "pass")) + ran("u.O0", record("u.O0", "pass")), hello=blind)
    assert (results["t"].status, results["t"].findings[0].cause) == (ERROR, "no_witness")
    assert results["u"].status is PASS


def test_a_judge_that_died_is_an_error_and_no_failure() -> None:
    died = [{"event": "begin", "id": "t.O0"}, streams.end("t.O0", "judge_died", records=0, judge={"signal": 11})]
    result = judge(make_lab(make_test("t"), builds=("O0",)), died)["t"]
    assert (result.status, result.findings[0].kind) == (ERROR, "grader")
    assert "signal 11" in result.message


def test_the_grader_s_error_is_no_failure() -> None:
    result = one(record("t.O0", "error", message="out of memory"))
    assert (result.status, result.points) == (ERROR, 0) and "out of memory" in result.message


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"status":"PASS"}', '{"status":true}', "[" * 10000, '{"status":"pass"'])
def test_a_record_that_makes_no_sense_is_an_error(text: str) -> None:
    assert one({"event": "record", "id": "t.O0", "record": text}).status is ERROR


def test_two_records_never_pass() -> None:
    twice = record("t.O0", "pass"), record("t.O0", "pass")
    assert one(*twice).status is ERROR
    told_once = judge(make_lab(make_test("t"), builds=("O0",)), ran("t.O0", record("t.O0", "pass"), records=2))["t"]
    assert told_once.status is ERROR
    shared = judge(make_lab(make_test("t"), builds=("O0",)), ran("t.O0", *twice), hello=streams.HELLO | {"shared_uid": True})["t"]
    assert (shared.status, shared.findings[0].kind) == (FAIL, "tamper")


def test_a_test_of_which_nothing_was_said_is_the_grader_s_fault() -> None:
    with pytest.raises(StreamFault):
        judge(make_lab(make_test("t")), passed("t.O0"))


def test_an_outcome_that_nobody_knows_is_the_grader_s_fault() -> None:
    with pytest.raises(StreamFault):
        one(record("t.O0", "pass"), outcome="lucky")


def test_what_ran_beside_a_failed_test_adds_nothing() -> None:
    """The memcheck pass may run at the same time as the plain one."""
    lab = make_lab(make_test("t", passes=("plain", "memcheck")), make_test("m", passes=("memcheck",), depends=("t",)), builds=("O0",))
    beside = ran("t.memcheck", record("t.memcheck", "error")), ran("m.memcheck", record("m.memcheck", "fail"))
    results = judge(lab, ran("t.O0", record("t.O0", "fail", message="wrong")), *beside)
    assert (results["t"].status, results["t"].message) == (FAIL, "wrong")
    assert (results["m"].status, results["m"].findings) == (SKIPPED, ())


def test_what_was_skipped_without_a_reason_is_the_grader_s_fault() -> None:
    lab = make_lab(make_test("a"), make_test("b", depends=("a",)), builds=("O0",))
    with pytest.raises(StreamFault):
        judge(lab, passed("a.O0"), skipped("b.O0", "a.O0"))


# ---- targets that do not build


def broken(target: str) -> Built:
    error = catalogue.finding("build_error", "compile_error", {"error": "expected ';'"}, location=Location(f"{target}.c", 3))
    return Built(failed={target: error})


def test_a_target_that_does_not_build_fails_its_own_tests_only() -> None:
    lab = make_lab(make_test("a", "ask"), make_test("p", "pump"), builds=("O0",))
    results = judge(lab, passed("p.O0"), built=broken("ask"))
    assert results["p"].status is PASS
    assert results["a"].status is FAIL and results["a"].location == Location("ask.c", 3)
    assert "expected ';'" in results["a"].message


def test_what_depends_on_a_test_of_a_broken_target_is_skipped() -> None:
    lab = make_lab(make_test("a", "ask"), make_test("p", "pump", depends=("a",)), builds=("O0",))
    results = judge(lab, built=broken("ask"))
    assert results["p"].status is SKIPPED


def test_nothing_is_asked_of_a_run_that_never_was() -> None:
    lab = make_lab(make_test("a", "ask"), make_test("p", "ask"))
    assert {t.status for t in judging.judge(lab, ALICE, broken("ask"), None)} == {FAIL}


# ---- hostile and odd input


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda c: st.lists(c, max_size=3) | st.dictionaries(st.text(max_size=5), c, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["message", "expected", "actual", "hint", "kind", "cause", "args", "where", "x"]), JSON))
def test_no_record_of_a_pass_can_break_judging(more: dict[str, object]) -> None:
    assert one(record("t.O0", "pass", **more)).status is PASS


@given(st.dictionaries(st.sampled_from(["pid", "limit", "signal", "other_fd", "x"]), JSON), st.lists(st.dictionaries(st.sampled_from(["pid", "role", "state", "doing", "frames"]), JSON), max_size=3))
def test_no_argument_of_a_finding_can_break_judging(args: dict[str, object], processes: list[dict[str, object]]) -> None:
    said = finding("t.O0", "deadlock", "wait_before_drain", args=args, processes=processes)
    assert one(said, record("t.O0", "fail")).status is FAIL


def test_judging_is_a_function_of_its_input() -> None:
    log: RunLog = run(ran("t.O0", finding("t.O0", "crash", "killed_by_signal"), record("t.O0", "fail")))
    lab: Lab = make_lab(make_test("t"), builds=("O0",))
    submission: Submission = ALICE
    assert judging.judge(lab, submission, Built(), log) == judging.judge(lab, submission, Built(), log)
