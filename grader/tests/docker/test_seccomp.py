"""The seccomp profile refuses what reaches the kernel's dark corners and lets the labs, warden and valgrind work.

A refusal proves something only if the same call gets further without the profile; so each probe also runs without it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

Probe = Callable[..., dict[str, str]]

REFUSED = {
    "io_uring_setup", "bpf", "keyctl", "add_key", "userfaultfd", "perf_event_open", "unshare", "setns", "clone_new_user", "mount", "fsopen",
    "kexec_load", "finit_module", "name_to_handle_at", "kcmp", "process_vm_writev", "af_vsock", "af_alg", "personality",
}  # fmt: skip
ALLOWED = {
    "fork", "posix_spawn", "pthread_create", "mq_open", "shm_open", "shmget", "semget", "msgget", "mkfifo", "ptrace", "process_vm_readv", "pidfd",
    "seccomp", "memfd_create", "tcp", "socketpair", "getifaddrs",
}  # fmt: skip
# Calls of the i386 and x32 tables, where a filter for x86-64 would see other numbers. The kernel may lack them.
LEGACY = {"i386", "x32"}
# What EPERM alone would not tell apart from the profile on every kernel: these need a capability as well, or may be configured away.
ALSO_REFUSED_OTHERWISE = {"fsopen", "bpf", "perf_event_open", "userfaultfd", "unshare", "clone_new_user"}


def test_the_profile_refuses_and_allows_what_it_says(probe: Probe) -> None:
    said = probe()
    assert {name: said[name] for name in REFUSED} == dict.fromkeys(REFUSED, "EPERM")
    assert {name: said[name] for name in ALLOWED} == dict.fromkeys(ALLOWED, "ok")
    assert said["clone3"] == "ENOSYS"  # so that the C library falls back to clone, whose flags the filter sees
    for name in LEGACY & said.keys():
        assert said[name].startswith("killed "), (name, said[name])
    assert said.keys() - LEGACY == REFUSED | ALLOWED | {"clone3"}


def test_without_the_profile_the_same_calls_get_further(probe: Probe) -> None:
    said = probe(without="--security-opt=seccomp", extra=("--security-opt=seccomp=unconfined",))
    not_by_us = {name for name in REFUSED if said[name] == "EPERM"}
    assert not_by_us <= ALSO_REFUSED_OTHERWISE, said
    assert said["clone3"] == "ok"
    # some of the attacks do not only get further, they succeed
    assert {"keyctl", "add_key", "kcmp", "process_vm_writev", "personality"} <= {name for name in REFUSED if said[name] == "ok"}


def test_each_call_is_listed_once_and_each_group_says_why(repo: Path) -> None:
    profile = json.loads((repo / "docker" / "seccomp.json").read_text(encoding="utf-8"))
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    assert all(not arch["subArchitectures"] for arch in profile["archMap"])
    seen: set[str] = set()
    for group in profile["syscalls"]:
        assert len(group["comment"]) > 10
        if "args" not in group:
            assert not seen & set(group["names"]), seen & set(group["names"])
            seen |= set(group["names"])
    conditional = {name for group in profile["syscalls"] if "args" in group for name in group["names"]}
    assert not conditional & seen, "a call with a condition is also allowed without"
