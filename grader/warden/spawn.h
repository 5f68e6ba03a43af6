/*
 * Starting a process under supervision (spawn.c): a judge, a student's program, or a command.
 *
 * Theory of operation. The child prepares itself between fork and exec: descriptors, uid, limits, and
 * last the seccomp filter. It talks to warden over the *channel*, a close-on-exec socket at descriptor
 * FILTER_CHANNEL_FD: first it passes the filter's listener, then either exec closes the channel (all is
 * well) or an errno comes (it is not). Meanwhile warden serves the listener, since exec is watched too.
 */
#ifndef WARDEN_SPAWN_H
#define WARDEN_SPAWN_H

#include "plan.h"

struct spawn_fd {
    int from, to; /* from = -1: `to` is left closed */
};

struct spawn {
    const char *path; /* absolute */
    char *const *argv, *const *env;
    const char *cwd;
    uid_t uid;
    bool change_uid;
    const struct limits *limits;
    bool no_more_processes; /* RLIMIT_NPROC 1: every fork fails with EAGAIN */
    bool limit_processes;   /* RLIMIT_NPROC: right only where the uid is this run's alone */
    const struct spawn_fd *fds;
    size_t fds_count;
    bool filter, witness, data;
    bool victim; /* first to go when memory is short */
    /* Serves one notification of the listener; needed with `witness`. */
    void (*serve)(void *context, int listener);
    void *context;
};

/*
 * Starts the process and returns after its exec. Returns its pid, or -1 with errno (exec failed, no
 * process to be had). *listener is the caller's to close, -1 without a witness.
 */
pid_t spawn_process(const struct spawn *s, int *listener);

#endif
