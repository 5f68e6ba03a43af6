/*
 * Starting a process under supervision (spawn.c): a judge, a student's program, or a command.
 *
 * Theory of operation. The child prepares itself before its exec: descriptors, uid, limits, and last the
 * seccomp filter. It talks to warden over the *channel*, a close-on-exec socket at SPAWN_CHANNEL_FD: it
 * hears there that it is traced now, and then either exec closes the channel (all is well) or an errno
 * comes (it is not).
 */
#ifndef WARDEN_SPAWN_H
#define WARDEN_SPAWN_H

#include "calls.h"
#include "plan.h"

/* The channel's number in the new process: above every RLIMIT_NOFILE of a student. */
#define SPAWN_CHANNEL_FD 1023

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
    bool filter, witness;
    enum watching watching; /* with `witness` */
    const long *further;    /* calls to be stopped at besides */
    size_t further_count;
    bool victim; /* first to go when memory is short */
    /* Needed with `witness`: begins to trace the new process; handles one stop of it, before its exec or just
     * after. Not all that there are: a program that makes one watched call after the other is stopped again
     * by the time we look, and nobody else, its children among them, would ever have a turn. */
    bool (*seize)(void *context, pid_t pid);
    void (*serve)(void *context, pid_t pid);
    int signal_fd; /* tells of SIGCHLD, that is of stops */
    void *context;
};

/* Starts the process and returns after its exec: its pid, or -1 with errno (exec failed, no process to be
 * had). What signal_fd told meanwhile is read and forgotten: the caller looks for ended children afterwards.
 */
pid_t spawn_process(const struct spawn *s);

#endif
