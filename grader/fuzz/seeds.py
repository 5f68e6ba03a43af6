#!/usr/bin/python3
"""Writes the inputs that the search begins with: seeds.py DIR makes DIR/TARGET/N for each target.

They are made here, and not kept as files, so that one can read what they are; binaries are compiled from a few lines.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

PLAN = b"""plan 1
# a comment
work /work
uid student 20000
uid judge 20001
limit memory 268435456
program pump bin/pump.O0
program pump.O2 bin/pump.O2
peer client bin/client
wrapper memcheck /usr/bin/valgrind --xml-file=%25t/vg.%25p.xml
test a.O0
judge judge/a
name reads%20all
use pump pump.O2
seed 00ff00ff00ff00ff
slow 20
collect vg.*.xml
end
test a.memcheck
judge judge/a
name reads%20all
pass memcheck
after a.O0
end
test a.O0.again
judge judge/a
name reads%20all
explains a.O0
end
command build
argv gcc -o x x.c
input src/x.c
collect x
limit wall_ms 30000
end
run r
start pump =a = =%20
trace
fault read 2 main * errno EINTR
fault write * any 1 short 1
end
"""

FAULTS = [
    b"read 2 main * errno EINTR", b"write * any 1 short 1", b"pause * any * signal SIGUSR1", b"read 1 child2 * hold", b"fork 1 main * errno EAGAIN",
    b"accept 3 child * errno ECONNABORTED", b"sleep * any * signal SIGALRM inside", b"mmap 1 any 5 errno ENOMEM", b"waitpid * any * errno ECHILD",
]  # fmt: skip

STAT = b"%d (a) b\n(c) %c 1 7 7 0 -1 4194304 100 0 0 0 12 3 4 5 20 0 2 0 4711 1000000 250 18446744073709551615 1 1 0 0 0"
MAPS = b"""00400000-00401000 r-xp 00000000 fe:01 12345                              /work/bin/pump.O0
00601000-00602000 rw-p 00001000 fe:01 12345                              /work/bin/a b\\012c (deleted)
7f0000000000-7f0000020000 r-xp 00000000 fe:01 99                         /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]
"""
STATUS = b"Name:\ta\\nTgid: 9\nTgid:\t700\nTracerPid:\t0\nSigPnd:\t0000000000000000\nShdPnd:\t0000000000004000\nSigBlk:\t0000000000010000\nSigIgn:\t0000000000001000\nSigCgt:\t0000000180014002\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t7\nPss:\t 1234 kB\n"
TCP = b"""  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 01 00000005:00000000 01:00000014 00000000     0        0 4712 1
"""

SOURCE = """
struct point { int x, y; struct point *next; };
static inline __attribute__((always_inline)) int in(int a) { return a * 3; }
static int add(int a, int b) { volatile int c = in(a) + b; return c; }
int global;
__attribute__((noinline)) int twice(struct point *p) { global += add(p->x, p->y); return global; }
#line 7 "a\\n0 1 f b.c"
void _start(void) { struct point p = {1, 2, &p}; for (;;) twice(&p); }
"""
BUILDS = ["-O0 -g", "-O1 -g", "-O2 -g3", "-O0 -gdwarf-4", "-O1 -gdwarf-3", "-O0 -g -gz", "-O1 -g -fdebug-types-section", "-O0"]


def integer(value: int) -> bytes:
    return b"i" + struct.pack(">q", value)


def counted(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack(">I", len(data)) + data


def message(*fields: bytes) -> bytes:
    body = b"".join(fields)
    return struct.pack(">I", len(body)) + body


ANSWERS = [
    message(integer(42), counted(b"b", b"bytes"), integer(-1), integer(0)), message(counted(b"s", b"returned-in-child")),
    message(), b"\xff\xff\xff\xff", message(b"b\xff\xff\xff\xff"), message(integer(1))[:-3], message(counted(b"b", b"")), b"\0\x10\0\0",
]  # fmt: skip
CALLS = [message(counted(b"s", b"twice"), integer(21)), message(counted(b"s", b"echo"), counted(b"b", b"hello")), message(counted(b"s", b"nobody"))]


def part(data: bytes) -> bytes:
    """As fuzz_part takes it."""
    assert len(data) < 256
    return bytes([len(data)]) + data


def text(data: bytes) -> bytes:
    """As proc.c's files are."""
    return struct.pack("<H", len(data)) + data


def request(op: int, payload: bytes = b"", *, proc: int = 0, shape: int = 7, fds: int = 0) -> bytes:
    """As control.c's send_one takes it."""
    return bytes([shape, fds, op, 1, proc & 255, 0, 0]) + struct.pack("<H", len(payload)) + payload


def control() -> Iterator[bytes]:
    wish = b"program pump\narg a%20b\nenv A=1\nin null\nout closed\nwatch data\nrefuse fork\nfault read%201%20any%20*%20errno%20EIO\n"
    yield b"\x03" + request(1) + request(2, wish) + request(2, wish + b"fd 5\nfd 9\n", fds=2) + request(13, b'{"status":"pass"}')
    yield b"\xff" + b"".join(request(op, proc=p) for op in range(1, 18) for p in (0, -1))
    blocked = (b"op read\nobject pipe:[812]\n", b"op any\nalone\n", b"op idle\ncpu 500\n", b"op any\nforever 700001\n", b"op any\ncpu 9223372036854775807\n")
    yield b"\x00" + b"".join(request(5, b, proc=p) for b in blocked for p in (0, -1))
    left = (b"fd 3", b"fd 3 700001", b"child 700000", b"closed 700000", b"nonsense")
    yield b"\x0c" + b"".join(request(30, w) for w in left) + request(3, shape=1, proc=-1)


def proc() -> Iterator[bytes]:
    for call in (b"0 0x3 0x0 0x10 0x0 0x0 0x0", b"7 0x7ffe 0x2 0xffffffff 0x0 0x0 0x0", b"23 0x8 0x7ffe 0x7fff 0x0 0x0 0x0", b"232 0x4 0x0 0x0 0xffffffff 0x0 0x0"):
        texts = (STAT % (7, b"S"), call + b" 0x7ffe00 0x401000\n", b"pipe:[812]", b"tfd:        5 events:       19 data: 5\ntfd: 6 events: 4\n", b"socket:[9]", b"x")
        yield b"\x00" + b"".join(map(text, texts))
    for state in (b"T", b"t", b"D", b"R", b"Z"):
        yield b"\xc0" + text(STAT % (7, state)) + text(b"58 0 0 0 0 0 0 0x7ffe 0x401000")
    yield b"\x01" + text(STAT % (7, b"S"))
    yield b"\x02" + text(MAPS)
    for which in range(8):
        files = {4: b"8 9 10\n", 5: b"pos:\t0\nflags:\t02000002\nmnt_id:\t9\n", 7: b"running\n"}
        yield bytes([which << 2 | 3]) + text(files.get(which, STATUS))


def sockets() -> Iterator[bytes]:
    answer = struct.pack("=IHHII", 16 + 16 + 8, 20, 0, 0, 0) + struct.pack("=BBBBIII", 1, 1, 1, 0, 4711, 0, 0) + struct.pack("=HHI", 8, 2, 4712)
    for which in (1, 2):
        yield bytes([which]) + part(answer)
        yield bytes([which]) + part(b"") + part(TCP[:250]) + part(TCP[98:340])
    # the text of a descriptor at the front, which is the first answer's too
    row = b"   1: 0100007F:1F90 0100007F:C350 01 00000005:00000000 01:00000014 00000000     0        0 4712 1\n"
    yield b"socket:[4712]".ljust(2 + ord("o"), b"x") + 2 * part(row)


def region() -> Iterator[bytes]:
    yield b"\x02"
    for field in range(30):
        yield bytes([3, field * 4, 70]) + bytes([field * 4, 255]) + b"\xff" * 8
        yield bytes([4, field * 4 + 1, 0, 1]) + bytes([field * 4 + 1, 1, 255]) + b"\xff" * 8
    yield bytes([0, 10 * 4 + 0, 1, 11 * 4, 1]) + b"\x03\x00" + part(b"x" * 250)


def binaries() -> Iterator[bytes]:
    with tempfile.TemporaryDirectory() as name:
        source, out = Path(name) / "a.c", Path(name) / "a"
        source.write_text(SOURCE)
        for options in BUILDS:
            how = "-w -nostdlib -no-pie -static -Wl,-z,noseparate-code -Wl,--build-id=none"
            subprocess.run(["gcc", *options.split(), *how.split(), "-o", out, "a.c"], cwd=name, check=True, timeout=60)
            yield out.read_bytes()


def all_seeds() -> dict[str, list[bytes]]:
    pieces = [m[i : i + 200] for m in ANSWERS for i in range(0, len(m), 200)]
    made = list(binaries())
    names = b"\x29SITE"
    return {
        "codec": [*ANSWERS, *CALLS, b"\x10\x10" + integer(5)],
        "call": [*(bytes([5, 0]) + part(p) for p in pieces), b"\x01\x01" + part(ANSWERS[0]) + part(ANSWERS[0]), b"\x05\x00" + part(ANSWERS[0][:7]) + part(ANSWERS[0][7:])],
        "driver": [b"\x00" + b"".join(CALLS[:2]), *(b"\x03" + c for c in CALLS)],
        "plan": [PLAN, *(b"plan 1\n" + p for p in PLAN.split(b"end\n"))],
        "faults": [bytes(8) + f for f in FAULTS],
        "events": [b"text \xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80", b"\xff\xfe\x00", b'"\\\n\t\x7f', bytes([4, 3]) + b"a\"b" + bytes([6, 0]) + bytes(8) + bytes([7])],
        "control": list(control()),
        "sites": [b"1 41 main pump.c\n1 20 twice a b.c\n3 7 f x.c\n0 1 f g\n2 1 f g\n99999999999999999999 1 f g\n4 -1 f g\n", MAPS, names],
        "proc": list(proc()),
        "sockets": list(sockets()),
        "region": list(region()),
        "lines": made,
        "names": made,
    }  # fmt: skip


def write(folder: Path) -> None:
    for target, seeds in all_seeds().items():
        (folder / target).mkdir(parents=True, exist_ok=True)
        for n, seed in enumerate(seeds):
            (folder / target / f"{n:02}").write_bytes(seed)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
