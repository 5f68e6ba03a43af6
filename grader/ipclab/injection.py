"""Faults that `ipclab run --fault` injects: reads CALL[:NTH][@WHO][#FD]=ACTION, writes the words of a plan (../PROTOCOL.md)."""

from __future__ import annotations

import errno
import re
import signal
from dataclasses import dataclass

from ipclab.faults import UsageFault
from ipclab.printable import clean

FAULTS_MAX = 32  # as many as warden takes
_NUMBER_MAX = 2**31 - 1
_FD_MAX = 65535

# Classes, system calls and functions of the C library, as ../warden/faults.c knows them: a test holds both together.
CALLS = frozenset(
    """
    action attach bind close close_range connect copy dup exec exit fd fork get kill lock open path pipe poll read remove
    sleep socketpair suspend timer wait write
    accept accept4 alarm brk clock_nanosleep copy_file_range creat dup2 dup3 epoll_create epoll_create1 epoll_pwait
    epoll_pwait2 epoll_wait eventfd eventfd2 execve exit_group fcntl flock ftruncate futex link linkat listen memfd_create
    mkdir mkdirat mknod mknodat mmap mq_open mq_receive mq_send mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv
    msgsnd nanosleep openat pause pipe2 ppoll pread pread64 preadv preadv2 pselect6 pwrite pwrite64 pwritev pwritev2 readv recv
    recvfrom recvmmsg recvmsg rt_sigaction rt_sigprocmask rt_sigqueueinfo rt_sigsuspend rt_sigtimedwait select semctl semget
    semop semtimedop send sendfile sendmmsg sendmsg sendto setitimer setsockopt shmat shmctl shmdt shmget shutdown sigaction
    sigprocmask signalfd signalfd4 sigsuspend socket splice tee tgkill timer_create timerfd_create tkill unlink unlinkat
    vmsplice wait4 waitid waitpid writev
    """.split()
)
# Those whose size is a plain argument or a list of pieces; a message has a frame around it.
SHORT = frozenset("read write recv recvfrom send sendto readv writev preadv pwritev pread pread64 pwrite pwrite64".split())
_SPEC = re.compile(r"([a-z0-9_]+)(?::([1-9][0-9]*))?(?:@(main|child(?:[1-9][0-9]*)?))?(?:#([0-9]+))?=(.+)", re.ASCII)


@dataclass(frozen=True)
class Injection:
    spec: str  # as it was asked for
    words: tuple[str, ...]  # CALL NTH WHO FD ACTION…


def _signal(name: str) -> bool:
    return name in signal.Signals.__members__ and name not in ("SIGRTMIN", "SIGRTMAX")


def _action(call: str, text: str) -> tuple[str, ...] | str:
    """The words, or what is wrong."""
    word, *rest = text.split(":")
    if word == "hold" and not rest:
        return ("hold",)
    if word == "short" and len(rest) == 1:
        if call not in SHORT:
            return f"{call} cannot be short"
        if re.fullmatch(r"[1-9][0-9]*", rest[0], re.ASCII) and int(rest[0]) <= _NUMBER_MAX:
            return ("short", rest[0])
        return "short:N needs a number of bytes from 1 on"
    if word == "signal" and rest and rest[1:] in ([], ["inside"]):
        return ("signal", *rest) if _signal(rest[0]) else f"{clean(rest[0], limit=40)} is no signal"
    if not rest and word.startswith("E") and isinstance(getattr(errno, word, None), int):
        return "exit cannot fail" if call in ("exit", "exit_group") else ("errno", word)
    return "an ACTION is ERRNO, short:N, signal:SIG, signal:SIG:inside or hold"


def read(text: str) -> Injection:
    """One --fault. Raises UsageFault with what is wrong with it."""
    match = _SPEC.fullmatch(text)
    if match is None:
        wrong: tuple[str, ...] | str = "it has to be CALL[:NTH][@main|@child|@childN][#FD]=ACTION"
    else:
        call, nth, who, fd, action = match.groups()
        wrong = _action(call, action) if call in CALLS else f"there is no call {clean(call, limit=40)} here to inject into"
        numbers = [int(n) for n in (nth, (who or "").removeprefix("main").removeprefix("child")) if n]
        if max(numbers, default=0) > _NUMBER_MAX or int(fd or 0) > _FD_MAX:
            wrong = "a number is too large"
        if isinstance(wrong, tuple):
            return Injection(text, (call, nth or "*", who or "any", fd or "*", *wrong))
    raise UsageFault(f"--fault {clean(text, limit=80)}: {wrong}; see ipclab run --help")


def read_all(texts: tuple[str, ...]) -> tuple[Injection, ...]:
    if len(texts) > FAULTS_MAX:
        raise UsageFault(f"at most {FAULTS_MAX} times --fault")
    return tuple(read(text) for text in texts)
