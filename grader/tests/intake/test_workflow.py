"""The GitHub workflows: read as YAML, checked for what GitHub would refuse, and every `run:` step run as a runner would.

No runner is here, so a small one is: it resolves expressions, gives each step the files behind GITHUB_OUTPUT and
GITHUB_STEP_SUMMARY, runs it with the shell that GitHub documents for `shell: bash`, and looks at what an upload would find.
The steps grade in the local sandbox, as they do on a runner.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from ipclab import manifest, workflow

Yaml = dict[Any, Any]

# The actions that we use, at a major version that exists, and the inputs that they know.
ACTIONS = {
    "actions/checkout@v6": {"repository", "ref", "token", "persist-credentials", "path", "clean", "fetch-depth", "submodules", "lfs"},
    "actions/upload-artifact@v6": {
        "name", "path", "if-no-files-found", "retention-days", "compression-level", "overwrite", "include-hidden-files",
    },
}  # fmt: skip
RUNNERS = {"ubuntu-24.04"}
WORKFLOW_KEYS = {"name", True, "permissions", "concurrency", "defaults", "jobs"}  # YAML 1.1 reads `on` as true
JOB_KEYS = {"name", "needs", "runs-on", "timeout-minutes", "outputs", "strategy", "env", "steps"}
STEP_KEYS = {"name", "id", "if", "uses", "with", "run", "env"}
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
BASH = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]


def load(text: str) -> Yaml:
    data = yaml.safe_load(text)
    assert isinstance(data, dict)
    return data


@pytest.fixture(scope="module", params=["student", "repository"])
def any_workflow(request: pytest.FixtureRequest, student_export: Path, repo: Path) -> Yaml:
    root = student_export if request.param == "student" else repo
    return load((root / workflow.FILE).read_text())


# ---- what GitHub would refuse ------------------------------------------------------------------------


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [s for v in value.values() for s in strings(v)]
    if isinstance(value, list):
        return [s for v in value for s in strings(v)]
    return [value] if isinstance(value, str) else []


def test_the_keys_are_those_of_a_workflow(any_workflow: Yaml) -> None:
    assert any_workflow.keys() == WORKFLOW_KEYS
    assert "push" in any_workflow[True]
    for job in any_workflow["jobs"].values():
        assert job.keys() <= JOB_KEYS and job["runs-on"] in RUNNERS and 0 < job["timeout-minutes"] <= 60
        for step in job["steps"]:
            assert step.keys() <= STEP_KEYS
            assert ("run" in step) != ("uses" in step), step


def test_actions_exist_and_know_their_inputs(any_workflow: Yaml) -> None:
    used = [s for job in any_workflow["jobs"].values() for s in job["steps"] if "uses" in s]
    assert {s["uses"] for s in used} == ACTIONS.keys()
    for step in used:
        assert re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+@v[0-9]+", step["uses"])
        assert step.get("with", {}).keys() <= ACTIONS[step["uses"]], step


def test_a_job_may_read_and_nothing_else(any_workflow: Yaml) -> None:
    assert any_workflow["permissions"] == {"contents": "read"}
    for job in any_workflow["jobs"].values():
        assert "permissions" not in job and "secrets" not in json.dumps(job)
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


def test_expressions_name_only_what_is_there_and_no_script_holds_one(any_workflow: Yaml) -> None:
    jobs = any_workflow["jobs"]
    for job in jobs.values():
        ids = {s["id"] for s in job["steps"] if "id" in s}
        known = {"github.ref", "matrix.lab", "matrix.points", "cancelled()", "!cancelled()"}
        known |= {f"steps.{i}.outputs.labs" for i in ids}
        if needed := job.get("needs"):
            known |= {f"fromJSON(needs.{needed}.outputs.{name})" for name in jobs[needed]["outputs"]}
        for text in strings(job):
            assert {*EXPRESSION.findall(text)} <= known, text
        for step in job["steps"]:
            # what an expression expands to would be read as shell: values go through the environment instead
            assert "${{" not in step.get("run", "")
    assert any_workflow["defaults"] == {"run": {"shell": "bash"}}, "without it a failure before a pipe's end goes unseen"


def test_every_step_is_shell_that_can_be_read(any_workflow: Yaml) -> None:
    for job in any_workflow["jobs"].values():
        for step in job["steps"]:
            if "run" in step:
                done = subprocess.run(["bash", "-n"], input=step["run"], capture_output=True, text=True, timeout=30)
                assert (done.returncode, done.stderr) == (0, "")


def test_names_of_artifacts_differ_between_jobs(any_workflow: Yaml) -> None:
    """Since version 4 a second artifact of the same name is an error."""
    for job in any_workflow["jobs"].values():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/upload-artifact@"):
                assert "${{ matrix.lab }}" in step["with"]["name"]


def test_the_workflow_of_this_repository_is_the_one_that_is_made(repo: Path) -> None:
    made = workflow.for_this_repository()
    assert (repo / workflow.FILE).read_text() == made, "run: PYTHONPATH=grader python3 -m ipclab.workflow --write"


# ---- a small runner ----------------------------------------------------------------------------------


@dataclass
class Run:
    """What a job came to."""

    ok: bool = True
    codes: list[int] = field(default_factory=list)
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    uploaded: list[str] = field(default_factory=list)


def resolve(value: str, context: dict[str, str]) -> str:
    return EXPRESSION.sub(lambda m: context[m[1]], value)


def run_job(job: Yaml, root: Path, context: dict[str, str]) -> Run:
    """Runs a job's steps in `root`, as on a runner whose checkout is there."""
    run = Run()
    files = {name: root.parent / f"{root.name}.{name}" for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV")}
    for path in files.values():
        path.write_text("")
    environment = {"PATH": os.environ["PATH"], "HOME": str(root.parent), "LANG": "C.UTF-8", "CI": "true", "GITHUB_ACTIONS": "true"}
    environment |= {name: str(path) for name, path in files.items()}
    environment |= {name: resolve(str(value), context) for name, value in job.get("env", {}).items()}
    for step in job["steps"]:
        if not run.ok and step.get("if") != "${{ !cancelled() }}":
            continue
        if "run" in step:
            script = root.parent / "step.sh"
            script.write_text(step["run"])
            done = subprocess.run([*BASH, str(script)], cwd=root, env=environment, capture_output=True, text=True, timeout=300)
            run.codes.append(done.returncode)
            run.log += done.stdout + done.stderr
            run.ok = run.ok and done.returncode == 0
            if "id" in step:
                for line in files["GITHUB_OUTPUT"].read_text().splitlines():
                    name, _, value = line.partition("=")
                    context[f"steps.{step['id']}.outputs.{name}"] = value
        elif step["uses"].startswith("actions/upload-artifact@"):
            path = root / resolve(step["with"]["path"], context)
            # hidden files are not uploaded
            run.uploaded += sorted(p.relative_to(path).as_posix() for p in path.rglob("[!.]*") if p.is_file())
    run.summary = files["GITHUB_STEP_SUMMARY"].read_text()
    run.outputs = {name: resolve(value, context) for name, value in job.get("outputs", {}).items()}
    return run


def matrix_context(row: dict[str, Any]) -> dict[str, str]:
    return {f"matrix.{name}": str(value) for name, value in row.items()} | {"github.ref": "refs/heads/main"}


def check_files(run: Run, score: int, out_of: int) -> None:
    assert {"junit.xml", "index.html", "table.txt"} <= set(run.uploaded), run.uploaded
    assert re.search(rf"\b{score}\b.*\b{out_of}\b", run.summary), run.summary
    assert run.summary.startswith("### ")


def junit(root: Path, slug: str) -> ElementTree.Element:
    return ElementTree.parse(root / "grades" / slug / "junit.xml").getroot()


# ---- the steps, run ----------------------------------------------------------------------------------


@pytest.fixture
def student(student_export: Path, tmp_path: Path) -> Path:
    work = tmp_path / "student"
    shutil.copytree(student_export, work)
    return work


def test_a_student_who_has_not_begun_sees_red_with_a_table(student: Path) -> None:
    job = load((student / workflow.FILE).read_text())["jobs"]["grade"]
    for row in job["strategy"]["matrix"]["include"]:
        run = run_job(job, student, matrix_context(row))
        assert run.codes == [0, 1, 0], run.log
        assert not run.ok and "Traceback" not in run.log
        assert {"junit.xml", "index.html"} <= set(run.uploaded)
        told = " ".join(run.summary.split())  # the first test of a lab may pass with the skeleton already
        assert any(t.title in told for t in manifest.load_lab(student, row["lab"]).tests[:2]), told
        assert junit(student, row["lab"]).findall(".//failure")


def test_a_student_who_has_done_it_sees_green(student: Path, repo: Path) -> None:
    job = load((student / workflow.FILE).read_text())["jobs"]["grade"]
    rows = job["strategy"]["matrix"]["include"]
    assert [row["lab"] for row in rows] == manifest.slugs(repo)
    for row in rows:
        lab = manifest.load_lab(repo, row["lab"])
        for target in lab.targets:
            for name in target.files:
                shutil.copy(lab.solution / name, student / "skeletons" / lab.slug / name)
        for header in lab.solution.glob("*.h"):  # its own ones
            shutil.copy(header, student / "skeletons" / lab.slug / header.name)
        run = run_job(job, student, matrix_context(row))
        assert run.ok and run.codes == [0, 0, 0], run.log
        check_files(run, row["points"], row["points"])
        root = junit(student, row["lab"])
        cases = root.findall(".//testcase")
        assert len(cases) == len(manifest.load_lab(student, row["lab"]).tests)
        assert not root.findall(".//failure") and not root.findall(".//error")


def test_a_submission_that_does_not_compile_is_red_and_reported(student: Path) -> None:
    job = load((student / workflow.FILE).read_text())["jobs"]["grade"]
    row = job["strategy"]["matrix"]["include"][0]
    for path in (student / "skeletons" / row["lab"]).glob("*.c"):
        path.write_text("int main(void) { return }\n")
    run = run_job(job, student, matrix_context(row))
    assert run.codes == [0, 1, 0], run.log
    assert "junit.xml" in run.uploaded


def test_a_fault_of_the_grader_is_red_and_says_that_nothing_was_graded(student: Path) -> None:
    job = load((student / workflow.FILE).read_text())["jobs"]["grade"]
    row = job["strategy"]["matrix"]["include"][0]
    (student / "labs" / row["lab"] / "lab.toml").write_text("[lab]\n")
    run = run_job(job, student, matrix_context(row))
    assert run.codes == [0, 2, 0], run.log
    assert "Nothing was graded" in run.summary and "junit.xml" not in run.uploaded


def test_the_solutions_of_this_repository_are_green(repo: Path, tmp_path: Path) -> None:
    work = tmp_path / "repository"
    shutil.copytree(repo, work, ignore=shutil.ignore_patterns(".git", "grades", "__pycache__", ".pytest_cache", ".hypothesis"))
    jobs = load((repo / workflow.FILE).read_text())["jobs"]
    found = run_job(jobs["labs"], work, {})
    assert found.ok, found.log
    rows = json.loads(found.outputs["labs"])
    assert [row["lab"] for row in rows] == [lab.slug for lab in manifest.all_labs(repo)]
    for row in rows:
        run = run_job(jobs["grade"], work, matrix_context(row))
        assert run.ok and run.codes == [0, 0, 0], run.log
        bonus = sum(t.points for t in manifest.load_lab(repo, row["lab"]).tests if t.bonus)
        check_files(run, row["points"] + bonus, row["points"])


def test_a_wrong_manifest_stops_the_search_for_labs(tiny_root: Path, repo: Path) -> None:
    (tiny_root / "labs/01-tiny/lab.toml").write_text("[lab]\n")
    environment = os.environ | {"PYTHONPATH": str(repo / "grader")}
    argv = ["/usr/bin/python3", "-m", "ipclab.workflow"]
    done = subprocess.run(argv, cwd=tiny_root, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ipclab: labs/01-tiny/lab.toml:1: ") and done.stderr.count("\n") == 1
