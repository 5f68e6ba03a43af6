/* What the parts of the host offer each other. */
#ifndef WEAVE_HOST_H
#define WEAVE_HOST_H

#include "region.h"
#include <stdio.h>

enum { STARTS_MAX = 16 };

struct host_options {
    uint64_t first_seed, last_seed;
    uint64_t steps, step_limit;
    uint32_t depth, strategy, spin_limit;
    bool fine, detect, signals_anywhere, log;
    bool aslr;          /* addresses differ from run to run, as they do without weave */
    const char *told;   /* file for what is told, made when no program of a run is left; NULL: stdout */
    bool until_endless; /* the first schedule that does not end is the last */
    bool full;          /* tell every schedule in full, also when it shows nothing new */
    uint32_t watched[4][2], n_watched;
    int cpu_ms;         /* of one process between two points */
    bool explore;       /* depth is the greatest one; seeds 1 to 100 are coarse, to 200 fine, and so on */
    uint64_t until_ns;  /* CLOCK_MONOTONIC: a schedule that is not done by then is given up; 0: none */
    int budget_ms;      /* for all of it, real time; 0: none */
    const char *input;  /* file that the first program reads; NULL: nothing */
    const char *folder; /* where each run gets a fresh folder */
    bool new_pids;      /* name spaces of its own, where it is allowed */
    char **start[STARTS_MAX]; /* argv of each */
    char *path[STARTS_MAX];   /* what is executed: argv[0], absolute */
    int n_starts;
};

/* One schedule, from the start of its programs until nothing is left of it. Ends the host where it cannot go
 * on. */
struct host_run {
    uint64_t seed;
    int out, err; /* files with what was printed */
    int32_t first_pid;
    uint32_t first_code; /* of the first program, as wait tells it */
    bool first_known;
    uint64_t wall_ns;
    bool given_up; /* the time was over: it says nothing */
};
void host_run_one(const struct host_options *options, struct host_run *run);

/* ---- host_region.c */

/* A new region for a run; returns the eventfd that wakes the host. */
int host_region_make(const struct host_options *options, uint64_t seed);
int host_region_fd(void);
void host_region_drop(void);
/* The region of a run whose host has died. */
void host_region_adopt(int fd);
/* Nothing in it shows that a program has written there. Only then may the host follow what it says. */
bool host_region_intact(void);
/* And its lists and timers lead nowhere but into its tables: before the host acts on the schedule. */
bool host_region_sound(void);
/* Tells of the run what only the host sees. */
void host_trouble(const char *code, int64_t value, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- host_clean.c */

/* Removes what a run has left outside its processes, its folder, and its region. */
void host_clean(const struct host_options *options);
/* The folder of a run: made empty before it, and where its programs start. */
void host_folder_make(const struct host_options *options);
void host_folder_enter(const struct host_options *options);
/* Ends all processes that this one started or that came to it; false: they did not end in that time. */
bool host_kill_all(int ms);

/* ---- host_space.c */

/* Goes on in a process that is to be the host, in name spaces of its own if it is asked for and allowed. The
 * caller's process waits for it, and cleans up after it should a program kill it. */
void host_space_enter(const struct host_options *options);
/* Before each run: the same process numbers, and no System V objects of others. */
void host_space_fresh(void);
bool host_space_own(void);
bool host_space_own_memory(void); /* /dev/shm */
/* A run has begun, or has been told: whom to blame if the host is killed. */
void host_guard_begin(uint64_t seed);
void host_guard_end(void);
/* Tells of it: one JSON object on one line. `brief`: there was nothing in it that had not been told before.
 */
void host_tell(const struct host_options *options, const struct host_run *run, bool brief, FILE *out);

/* From here on stdout is what --out says. */
void host_out_begin(const struct host_options *options);

/* Runs all schedules that the options ask for. */
void host_explore(const struct host_options *options);
uint64_t host_now_ns(void);

_Noreturn void host_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
