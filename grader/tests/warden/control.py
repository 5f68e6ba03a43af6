"""A judge written in Python: speaks the control socket (grader/warden/control.h) so that warden can be
tested alone, without testkit. It is copied into the sandbox and runs there as the judge's uid."""

import json
import os
import socket
import struct
import sys
import time

HELLO, SPAWN, SIGNAL, WAIT, BLOCKED, FDS, CHILDREN, CALLS, FLOWS, STATE, IDLE, EXPLAIN, RECORD, FAULTS, HELD, RELEASE = range(1, 17)
LEFT = 30
STUCK, LIMIT = 100, 101
HEADER = struct.Struct("=IIiiqqqII")


def encode(word):
    return "".join(c if 0x21 <= ord(c) <= 0x7E and c != "%" else f"%{ord(c):02X}" for c in word)


class Judge:
    def __init__(self):
        self.socket = socket.socket(fileno=3)
        self.seq = 0
        self.unasked = []
        self.answers = {}

    def send(self, op, payload="", proc=-1, arg=0, arg2=0, deadline_s=10.0, fds=()):
        self.seq += 1
        data = payload.encode()
        deadline = int((time.clock_gettime(time.CLOCK_MONOTONIC) + deadline_s) * 1e9)
        head = HEADER.pack(op, self.seq, proc, 0, arg, arg2, deadline, len(data), 0)
        socket.send_fds(self.socket, [head + data], list(fds))
        return self.seq

    def receive(self, seconds=10.0):
        self.socket.settimeout(seconds)
        data = self.socket.recv(65536)
        op, seq, _, error, arg, arg2, _, length, _ = HEADER.unpack(data[: HEADER.size])
        return {"op": op, "seq": seq, "error": error, "value": arg, "value2": arg2,
                "text": data[HEADER.size : HEADER.size + length].decode()}

    def answer(self, seq, seconds=30.0):
        while seq not in self.answers:
            got = self.receive(seconds)
            if got["op"] >= 100:
                self.unasked.append(got)
            else:
                self.answers[got["seq"]] = got
        return self.answers.pop(seq)

    def ask(self, op, payload="", **more):
        return self.answer(self.send(op, payload, **more))

    def hello(self):
        return dict(line.split(" ", 1) for line in self.ask(HELLO)["text"].splitlines())

    def spawn(self, program, args=(), fds=(), lines=()):
        """fds: (ours, number in the new process)."""
        text = [f"program {encode(program)}"] + [f"arg {encode(a)}" for a in args]
        text += [f"fd {number}" for _, number in fds] + list(lines)
        got = self.ask(SPAWN, "\n".join(text) + "\n", fds=[ours for ours, _ in fds])
        if got["error"]:
            raise OSError(got["error"], os.strerror(got["error"]))
        return got["value"], got["value2"]

    def spawn_piped(self, program, args=(), lines=()):
        """Returns proc, pid, our end of its stdin, our end of its stdout."""
        in_r, in_w = os.pipe()
        out_r, out_w = os.pipe()
        proc, pid = self.spawn(program, args, [(in_r, 0), (out_w, 1)], lines)
        os.close(in_r)
        os.close(out_w)
        return proc, pid, in_w, out_r

    def wait(self, proc, seconds=10.0):
        return self.ask(WAIT, proc=proc, deadline_s=seconds)

    def blocked(self, op, obj="", proc=-1, seconds=10.0):
        text = f"op {op}\n" + (f"object {encode(obj)}\n" if obj else "")
        return self.ask(BLOCKED, text, proc=proc, deadline_s=seconds)

    def idle_until_told(self, seconds=10.0):
        """Sleeps as testkit does, in one receive; returns the STUCK, or None after `seconds`."""
        seq = self.send(IDLE)
        try:
            got = self.receive(seconds)
        except TimeoutError:
            return None
        return got if got["op"] == STUCK and got["seq"] == seq else got

    def lines(self, op, proc=-1):
        return [line.split(" ") for line in self.ask(op, proc=proc)["text"].splitlines()]

    def record(self, **values):
        """Ends the test; `values` come back to pytest as the record."""
        got = self.ask(RECORD, json.dumps({"status": "pass", **values}, separators=(",", ":")))
        assert got["error"] == 0
        sys.exit(0)


def object_of(fd):
    return os.readlink(f"/proc/self/fd/{fd}")
