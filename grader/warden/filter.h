/*
 * The seccomp filter of every student's process (filter.c): what is refused, and at which system calls
 * the witness is asked first (seccomp_unotify(2)). Written for the kernel's own headers, without a library.
 */
#ifndef WARDEN_FILTER_H
#define WARDEN_FILTER_H

#include "util.h"

/* What a watched system call means to the witness. */
enum call_kind {
    CALL_NONE,
    CALL_EXIT,       /* exit_group: children and descriptors can be looked at for the last time */
    CALL_PIPE,       /* pipe, pipe2 */
    CALL_FORK,       /* fork, vfork, clone and clone3 of a process (threads are told apart by the witness) */
    CALL_SOCKETPAIR, /* socketpair */
    CALL_EXEC,       /* execve, execveat */
    CALL_TIMER,      /* something may wake a blocked process later */
    CALL_READ,       /* data calls, argument 0 is a descriptor */
    CALL_WRITE,
    CALL_COPY, /* splice and its kin: reads from one descriptor, writes to another */
    CALL_KINDS,
};

/* The channel of a process being set up has this number in it; the filter lets sendmsg(2) on it pass
 * unwatched, since the listener itself travels over it. Above every RLIMIT_NOFILE of a student. */
#define FILTER_CHANNEL_FD 1023

/*
 * Installs the filter in the calling process (which has set PR_SET_NO_NEW_PRIVS).
 * witness: ask for a listener. data: watch the data calls too.
 * Returns the listener (witness), 0 (no witness), or -1 with errno.
 */
int filter_install(bool witness, bool data);

/* What a system call's number means; CALL_NONE if it is not watched. */
enum call_kind filter_kind(long number);
/* The descriptors that a data call reads from and writes to, -1 for none. */
void filter_flow(long number, const uint64_t *args, int *reads, int *writes);
/* "pipe", "fork", … as CTL_CALLS names them. */
const char *filter_kind_name(enum call_kind kind);

#endif
