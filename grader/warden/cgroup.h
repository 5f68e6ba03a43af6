/*
 * The control group of everything that a student's code starts (cgroup.c; cgroups(7)). Works with
 * version 1 (memory, pids, cpuacct) and version 2; where there is none that we may write, limits hold
 * by rlimits and by sampling instead. A container's own group can only be read: it tells what no process
 * shows, memory in files that nobody has mapped, and what the kernel ended for memory.
 *
 * warden is in the group itself, once and for all: to move each new process there costs milliseconds
 * (the kernel waits for all its CPUs), to be born there costs nothing. So its own use is subtracted, and
 * it is the last that the kernel would end for memory (oom_score_adj).
 */
#ifndef WARDEN_CGROUP_H
#define WARDEN_CGROUP_H

#include "util.h"

enum cgroup_kind { CGROUP_NONE, CGROUP_V1, CGROUP_V2 };

/* Files are opened before the root changes and used by descriptor afterwards; -1 = not there. */
struct cgroup {
    enum cgroup_kind kind;
    int memory_max, pids_max, cpu_usage, memory_events, memory_stat, pids_events;
    int procs[3];    /* a process joins by writing 0 to each */
    char *folder[3]; /* to be removed at the end by the process outside of our pid namespace */
    int root[3];     /* where the folders lie */
};

/* root: "auto" (look for a mounted one), "none", or a folder (tests: laid out like /sys/fs/cgroup). */
void cgroup_open(struct cgroup *c, const char *root);
/* For a container: opens what its own group tells (CGROUP_NONE: no limit of an entry can be set there). */
void cgroup_watch(struct cgroup *c);
/* Sets the limits of the next entry; 0 = none. */
void cgroup_limit(const struct cgroup *c, int64_t memory, int64_t processes);
/* Moves the calling process into the group. Returns -1 with errno. */
int cgroup_join(const struct cgroup *c);
/* CPU time used by the group so far, nanoseconds; -1 if unknown. */
int64_t cgroup_cpu_ns(const struct cgroup *c);
/* How often the kernel killed for memory, or refused a fork, so far; 0 if unknown. */
int64_t cgroup_oom_kills(const struct cgroup *c);
int64_t cgroup_refused_forks(const struct cgroup *c);
/* Bytes in tmpfs, memfds and shared memory, whether mapped or not; 0 where it is not told (watched groups
 * only). */
int64_t cgroup_file_memory(const struct cgroup *c);
/* Closes everything and says CGROUP_NONE from now on. */
void cgroup_forget(struct cgroup *c);
/* Removes the folders; all processes must be gone. */
void cgroup_remove(struct cgroup *c);
const char *cgroup_name(const struct cgroup *c);

#endif
