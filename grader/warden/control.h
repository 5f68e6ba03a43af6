/*
 * The control socket between a judge and warden: the only way to a student's process.
 *
 * One SOCK_SEQPACKET datagram is one message: struct ctl_message, then `length` bytes of payload
 * (text, "\n" after each line, words percent-encoded as in a plan). Both ends run on one machine and
 * are built together, so integers are in host order. See ../PROTOCOL.md for the table of requests.
 */
#ifndef IPCLAB_CONTROL_H
#define IPCLAB_CONTROL_H

#include <stdint.h>

/* Where a judge finds its end of the control socket. */
#define CTL_FD 3

/* The largest message, header included, and the most descriptors that one SPAWN may pass. */
#define CTL_MESSAGE_MAX 65536u
#define CTL_FDS_MAX     16

enum ctl_op {
    CTL_HELLO = 1, /* who am I: name, seed, deadlines */
    CTL_SPAWN,     /* start a student's program; descriptors come by SCM_RIGHTS */
    CTL_SIGNAL,    /* arg = signal number, to `proc` (arg2 = 1: it is meant to end it), or to the pid in `arg2`
                      when proc is -1 */
    CTL_WAIT,      /* answered when `proc` has ended, or with ETIMEDOUT at `deadline_ns` */
    CTL_BLOCKED,   /* answered when a process is blocked in the named operation, or with ETIMEDOUT */
    CTL_FDS,       /* open descriptors of `proc`, or of the process `arg` */
    CTL_CHILDREN,  /* children of `proc`, zombies among them */
    CTL_CALLS,     /* watched control calls so far, of `proc` and its descendants, or of all (-1) */
    CTL_FLOWS,     /* watched data calls so far (SPAWN with `watch data`) */
    CTL_STATE,     /* what every process of the test is doing, for people */
    CTL_IDLE,      /* the judge waits and only a student's process can wake it; no answer */
    CTL_EXPLAIN,   /* post-mortem now */
    CTL_RECORD,    /* the verdict, last */
    CTL_FAULTS,    /* how often the faults of `proc`, or of all (-1), happened so far */
    CTL_HELD,      /* answered when `proc` or a descendant is held by a fault; ESRCH: all of them have ended */
    CTL_RELEASE,   /* all of them that are held go on */
    CTL_LEFT = 30, /* `proc` has left something, a descriptor or a child: warden tells where from */
    CTL_OPS,       /* one more than the last */
    /* from warden, unasked */
    CTL_STUCK = 100, /* seq = that of the IDLE: no student process can ever run again */
    CTL_LIMIT,       /* a limit ended the processes; payload: its name */
};

struct ctl_message {
    uint32_t op;
    uint32_t seq;        /* chosen by the judge, repeated in the answer */
    int32_t proc;        /* proc number as SPAWN returned it; -1 = all of the test */
    int32_t error;       /* answers: 0 or an errno */
    int64_t arg;         /* SIGNAL: the signal. Answers: the value */
    int64_t arg2;        /* SIGNAL with proc -1: a pid. Answers: the second value */
    int64_t deadline_ns; /* CLOCK_MONOTONIC, 0 = the test's own */
    uint32_t length;     /* bytes of payload that follow */
    uint32_t reserved;   /* 0 */
};

#endif
