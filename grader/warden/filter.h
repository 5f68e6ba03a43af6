/*
 * The seccomp filter of every student's process (filter.c): what is refused, and at which system calls
 * the witness stops it first (SECCOMP_RET_TRACE in seccomp(2)). Written for the kernel's own headers, without
 * a library.
 */
#ifndef WARDEN_FILTER_H
#define WARDEN_FILTER_H

#include "util.h"

/* What a watched system call means to the witness. */
enum call_kind {
    CALL_NONE,
    CALL_EXIT,       /* exit_group: children and descriptors can be looked at for the last time */
    CALL_PIPE,       /* pipe, pipe2 */
    CALL_FORK,       /* a child was made: ptrace(2) tells, not the filter */
    CALL_SOCKETPAIR, /* socketpair */
    CALL_EXEC,       /* a program was executed: as above */
    CALL_TIMED,      /* a wait with a timeout that the kernel does not take up again by itself (signals.c) */
    CALL_TIMER,      /* something may wake a blocked process later */
    CALL_READ,       /* data calls, argument 0 is a descriptor */
    CALL_WRITE,
    CALL_COPY, /* splice and its kin: reads from one descriptor, writes to another */
    CALL_KINDS,
};

/*
 * Installs the filter in the calling process (which has set PR_SET_NO_NEW_PRIVS); false with errno.
 * witness: stop at the watched calls, which fail with ENOSYS where nobody traces. data: at data calls too.
 */
bool filter_install(bool witness, bool data);

/* What a system call's number means; CALL_NONE if it is not watched. */
enum call_kind filter_kind(long number);
/* The descriptors that a data call reads from and writes to, -1 for none. */
void filter_flow(long number, const uint64_t *args, int *reads, int *writes);
/* The argument of a CALL_TIMED that is its timeout: milliseconds, or a pointer to a timespec. Else -1. */
int filter_timeout(long number, bool *pointer);
/* "pipe", "fork", … as CTL_CALLS names them. */
const char *filter_kind_name(enum call_kind kind);

#endif
