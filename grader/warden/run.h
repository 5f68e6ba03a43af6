/*
 * One entry of the plan while it runs. struct run is owned by run.c; the other files of this folder
 * each do one thing with it:
 *
 *   run.c         begin, main loop, end
 *   launch.c      the judge, programs, commands
 *   limits.c      what they use
 *   defences.c    which defences are in force: all of them but in tests
 *   control.c     the judge's requests
 *   witness.c     tracing: the student's system calls that matter, and signals
 *   observe.c     what a call means: into log.c (what was done) and descriptors.c (who made and closed what)
 *   signals.c     signals that come for a traced process
 *   inject.c      faults that a process shall meet (faults.c: which)
 *   stuck.c       proof that nothing can ever run again
 *   postmortem.c  why (from scene.c: the wait-for graph, and waits.c: what each waits for)
 *   sites.c       where in the source: file and line of a stack
 *   leftovers.c   what is still there after the end, and its removal
 *   reports.c     files that are collected, as their writer left them
 */
#ifndef WARDEN_RUN_H
#define WARDEN_RUN_H

#include "blocked.h"
#include "calls.h"
#include "cgroup.h"
#include "control.h"
#include "descriptors.h"
#include "filter.h"
#include "inject.h"
#include "json.h"
#include "level.h"
#include "log.h"
#include "plan.h"
#include "proc.h"
#include "sites.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#define MIB           1048576.0
#define ORPHANS_MAX   64   /* who leaves more has understood by then */
#define PROCESSES_MAX 512  /* that a judge may start */
#define TASKS_MAX     1024 /* threads that a snapshot holds; more are more than any lab's limit */

struct warden {
    struct plan plan;
    struct level_state level;
    struct simulate simulate;
    struct cgroup cgroup;
    struct proc_access access;
    bool witness;  /* we may trace */
    bool no_lines; /* `lines` did not end in time */
    int events_fd, lease_fd, signal_fd;
    int stdio[3]; /* of the user, for entries of the kind run; -1 where none was given */
    char stdio_objects[3][256];
    int64_t started_ns;
};

/* A process that the judge asked for (or the one of a command). */
struct process {
    int number;
    pid_t pid;
    char *program;
    bool ended;
    int status;      /* as of waitpid(2) */
    bool peer;       /* ours, with the student's rights: what it does is no finding */
    bool signalled;  /* by the judge: how it ends is no finding */
    uint64_t ending; /* bits of signals that are meant to end it: bit 0 is signal 1 */
    bool outlives;   /* the record came while it ran: it had no time to clean up */
    enum watching watching;
    uint64_t born; /* descendants so far; counted only where there are faults */
};

struct collector { /* a stream that warden reads itself */
    int fd;
    struct buffer text;
    int64_t total;
    bool flooded;
};

struct waiter {
    uint32_t op, seq;
    int proc;
    int64_t deadline_ns;
    char class[16], object[256];
    pid_t forever; /* BLOCKED: this process, without a timeout and not on `object`; 0: those of proc, on it */
    bool alone;    /* BLOCKED: proc's main process only, whatever its descendants do */
    uint64_t cpu_ticks; /* BLOCKED: given up when proc's processes have used so many, or sleep; 0: never */
};

struct call_count {
    pid_t pid;
    int proc;
    enum call_kind kind;
    uint64_t count;
};

struct flow {
    pid_t pid;
    int proc;
    bool write;
    char object[256];
};

/* A system call at whose entry the caller is stopped (PTRACE_GET_SYSCALL_INFO in ptrace(2)). */
struct entered {
    long number;
    uint64_t args[6], pc, sp;
    site_id site;
    uint32_t object; /* of the descriptor that it is about, a name of the log; 0 none */
};

struct injected {  /* inject.c: what is done to a thread */
    bool held;     /* at the entry of a call */
    bool counted;  /* the call that it is in is one that a fault is about */
    bool repeats;  /* … and was entered before */
    bool replaces; /* … and its result will be replaced at its exit */
    bool shortened;
    int error;             /* … and it fails with it */
    size_t now, most;      /* the fault that happens in it; one that makes it short; 0 none, else one more */
    size_t inside;         /* a fault whose signal comes when it blocks, likewise */
    uint64_t arguments[2]; /* its own second and third */
    struct entered call;   /* it */
    bool again;            /* the next call goes on with the one before if it is the same */
    struct entered before;
    int64_t result; /* … which ended so; 0 it was not made */
};

struct tracee { /* a traced thread */
    pid_t tid, tgid;
    int proc;          /* whose process it is or descends from; -1 unknown */
    bool starting;     /* not yet at its exec */
    bool stopped;      /* by a stop signal */
    bool was_stopped;  /* and no SIGCONT has come to it yet */
    bool reaps_itself; /* SA_NOCLDWAIT: nobody has to wait for its children */
    bool borrows;      /* its parent's memory: a child of vfork before its exec */
    /* the call that it is in, from its entry until its exit is seen */
    bool leaves;   /* it is to be stopped at the exit */
    bool observed; /* observe.c knows it */
    struct entered entered;
    size_t event, interrupted; /* of the log: that call; one that a signal interrupted a moment ago */
    size_t handling;           /* of the log: one whose interrupting handler runs */
    /* signals.c: a call with a timeout that an ignored signal interrupted */
    bool again; /* it is taken up again */
    int64_t entered_ns, timeout_ns;
    bool put_back;
    int changed; /* which argument has another value until the exit, and its own one */
    uint64_t original;
    struct injected injected;
};

#define FORKS_KEPT  4096
#define DEADLY_KEPT 1024

/* Kept apart from the log, which may be full: by pid, the last one of its place in the table. */
struct fork_seen {
    pid_t child;
    site_id site;
};
struct deadly_signal {
    pid_t pid;
    int signal;
    bool own_doing; /* a fault of its own, not a signal that somebody sent */
    site_id site;
};

struct task { /* a thread in a snapshot */
    pid_t pid, tid;
    uint64_t switches;
    struct proc_syscall call;
};

struct snapshot {
    bool valid, all_blocked;
    int64_t taken_ns;
    size_t count;
    uint64_t judge_switches;
    struct task tasks[TASKS_MAX];
};

struct run {
    struct warden *w;
    struct entry *e;
    char *cwd;
    int64_t began_ns, wall_end_ns;
    const char *limit_hit; /* the outcome, once a limit ended it */
    bool pinned;           /* to one processor; its own ones: */
    cpu_set_t processors;
    bool silent;         /* leftovers are removed without a word */
    bool stuck;          /* proven, in a run: nobody will run again */
    int64_t recorded_ns; /* when the record came; 0 not yet */

    struct process *procs;
    int procs_count;
    pid_t judge;
    bool judge_gone;
    int judge_status;
    int control;
    struct collector student_err, judge_err;
    int student_err_write; /* given to each student's process */
    int records;
    pid_t left[ORPHANS_MAX]; /* who was left behind at the record, if a main process went on */
    size_t left_count;
    bool left_known;

    struct waiter waiters[32];
    size_t waiters_count;
    uint32_t idle_seq; /* 0: the judge is not idle */
    struct snapshot before, now;
    int64_t next_look_ns;
    int64_t still_since_ns; /* the first of the snapshots that are all the same */

    struct call_count *calls;
    size_t calls_count;
    struct flow *flows;
    size_t flows_count;
    struct tracee *tracees;
    size_t tracees_count, tracees_room;
    bool look_for_ended; /* a signal told of children that were not looked at yet */
    pid_t *unwaited;     /* children of whom that was told */
    size_t unwaited_count;
    struct fork_seen forks[FORKS_KEPT];
    struct deadly_signal deadly[DEADLY_KEPT];
    struct sites sites;
    struct log log;
    struct ownership owned;
    struct faults faults;
    bool timer_seen; /* something may wake a blocked process */
    char **taken;    /* names of files that were collected at their writers' ends */
    size_t taken_count;
    int64_t taken_bytes;

    int64_t cpu_base_ns; /* of the group, when the entry began */
    int64_t cpu_reaped_ns, cpu_judge_ns, oom_base, forks_base, file_memory_base;
    int64_t next_sample_ns, peak_rss;
};

/* run.c */
void run_entry(struct warden *w, struct entry *e);
void run_reap(struct run *r); /* handles what wait(2) has: stops of tracees, ends */
/* Lets go of its children that have ended, so that it can wait for them. */
void run_reap_children(struct run *r, pid_t parent);
void run_event_begin(struct run *r, struct buffer *b, const char *name); /* an event of this entry */
void warden_event(struct warden *w, struct buffer *b); /* ends the object, writes and frees it */
double warden_ms(const struct warden *w);
/* Begins a finding event; the caller adds members to args, closes it with run_finding_end. */
void run_finding_begin(struct run *r, struct buffer *b, const char *kind, const char *cause);
void run_finding_end(struct run *r, struct buffer *b);
/* Every live process of the test but the judge. */
size_t run_tree(const struct run *r, pid_t *list, size_t room);
struct process *run_process(struct run *r, pid_t pid);
/* Is it a peer, or a process that a peer has made? */
bool run_is_peers(struct run *r, pid_t pid);
/* Is it the user's terminal, or whatever else the run was given? Its other end is out of our sight. */
bool run_is_outside(const struct run *r, const char *object);
/* "SIGTERM". The buffer is the caller's. */
const char *run_signal_name(int number, char *text, size_t room);
/* How a process is called in sentences: "pump", "a child of pump". The buffer is the caller's. */
const char *run_role(struct run *r, pid_t pid, char *text, size_t room);

/* launch.c */
void launch_judge(struct run *r);
void launch_command(struct run *r);
void launch_run(struct run *r);
/* What a judge may ask for besides descriptors. */
struct spawn_wish {
    enum watching watching;
    bool err_given;         /* stderr is among the descriptors */
    bool no_more_processes; /* every fork fails */
    bool peer;              /* launch_program knows */
    const struct fault *faults;
    size_t faults_count;
};
#define LAUNCH_NULL (-2) /* instead of a descriptor: /dev/null */
/* The path of the binary that NAME stands for in this entry, and whether it is a peer's; NULL if there is
 * none. Owned by the caller. */
char *launch_path(const struct run *r, const char *name, bool *peer);
/* Starts a student's program, or a peer, as the judge asked; NULL with errno. A descriptor of -1 is left
 * closed. */
struct process *launch_program(struct run *r, const char *program, char **args, size_t args_count, char **env,
                               const int *fds, const int *numbers, size_t fds_count,
                               const struct spawn_wish *wish);

/* limits.c */
void limits_judge_lost(struct run *r); /* was it ended for the memory of a student's process? */
void limits_sample(struct run *r);     /* looks at CPU, memory and processes, and when to look next */
/* A limit was reached: the outcome is its name; the finding says it as people do (20 "s"). */
void limits_hit(struct run *r, const char *limit, const char *unit, double value);
void limits_finding(struct run *r, const char *kind, const char *cause, const char *unit, double value);
int64_t limits_rusage_ns(const struct rusage *use);
int64_t
limits_group_cpu_ns(const struct run *r); /* of the control group without warden; -1 where there is none */
/* CPU time of the entry's processes so far: those in the list and those that have ended. */
int64_t limits_cpu_ns(struct run *r, const pid_t *tree, size_t n);

/* control.c */
void control_serve(struct run *r);
void control_answer(struct run *r, uint32_t op, uint32_t seq, int error, int64_t value, int64_t value2,
                    const char *text);
void control_check_waiters(struct run *r);

/* witness.c */
bool witness_probe(void);
bool witness_seize(struct run *r, int proc, pid_t pid); /* false with errno */
bool witness_serve_one(struct run *r, pid_t tid);       /* a stop of this one; false if there is none */
void witness_stop(struct run *r, pid_t tid, int status);
/* It has ended. Was it a process (and not a thread of one)? */
bool witness_ends(struct run *r, pid_t tid);
/* Need nobody wait for its children, because it ignores SIGCHLD or said SA_NOCLDWAIT? */
bool witness_reaps_itself(struct run *r, pid_t pid);
/* Whose process it is or descends from; -1 unknown. */
int witness_whose(const struct run *r, pid_t pid);
/* Where the process was when a signal killed it; 0 if that was not seen. */
site_id witness_death(const struct run *r, pid_t pid, int number);
/* Where a running thread is at this moment: it is stopped for that (PTRACE_INTERRUPT); 0 if it is not to be
 * had. Not for a thread that waits in a call, which it might interrupt. */
site_id witness_where(struct run *r, pid_t tid);
/* A thread that inject.c held at the entry of a call goes on. */
void witness_goes_on(struct run *r, pid_t tid);
/* Does inject.c hold it? */
bool witness_watches(const struct run *r, int proc); /* it, or one that it has left */
bool witness_holds(const struct run *r, pid_t tid);
/* Is it stopped by a stop signal (and not by us)? */
bool witness_stopped(const struct run *r, pid_t tid);
/* Is its memory its parent's, or was it made so lately that nobody knows yet? */
bool witness_borrows_memory(const struct run *r, pid_t pid);

/* observe.c */
/* Tells of a child that was never waited for, once; false if it is none any more. */
bool observe_unwaited(struct run *r, struct process *p, pid_t child);
/* At the entry of a call; true if it is to be stopped at its exit. */
bool observe_entry(struct run *r, struct tracee *t, struct entered *e);
void observe_exit(struct run *r, struct tracee *t, int64_t result);
/* Did a signal interrupt the call that returns this? */
bool observe_is_interrupted(int64_t result);
void observe_fork(struct run *r, const struct tracee *parent, pid_t child, uint64_t pc, uint64_t sp);
void observe_exec(struct run *r, const struct tracee *t);
/* A signal came that is not ignored; pc 0: where it is does not matter. */
void observe_signal(struct run *r, const struct tracee *t, const siginfo_t *info, uint64_t pc, uint64_t sp,
                    bool deadly);
/* The process has ended; number: of the signal that killed it, or 0. */
void observe_end(struct run *r, pid_t pid, int number);

/* signals.c */
bool signals_stops(int number); /* is it a stop signal? */
/* What the process shall be given of a signal that has come for it: the signal or 0. *deadly: it ends it. */
int signals_come(struct run *r, struct tracee *t, int number, bool *deadly);
/* At the entry of a call with a timeout; true if it has to be stopped at its exit again. */
bool signals_timed_call(struct run *r, struct tracee *t, const struct entered *e);
void signals_call_ends(struct tracee *t); /* at that exit */

/* stuck.c */
void stuck_look(struct run *r);
/* One snapshot of all student's tasks (and the judge while it lives). */
void stuck_snapshot(struct run *r, struct snapshot *s);
bool stuck_same(const struct snapshot *a, const struct snapshot *b);

/* postmortem.c: emits the finding; the caller may want it too (else NULL). */
struct verdict {
    const char *kind, *cause;
    char sentence[600];
};
void postmortem(struct run *r, struct verdict *v);
void postmortem_state(struct run *r, struct buffer *b);

/* leftovers.c */
void leftovers_note(struct run *r);   /* at the record: who is left behind already */
void leftovers_settle(struct run *r); /* orphans: wait until they are gone or proven to stay */
void leftovers_kill(struct run *r);   /* ends and reaps everything */
void leftovers_remove(struct run *r); /* IPC objects and files */
char *leftovers_make_cwd(struct warden *w);
void leftovers_as_student(const struct warden *w,
                          bool on); /* file access with the student's rights, and back */
void leftovers_collect(struct run *r);
void leftovers_remove_cwd(struct run *r);

/* reports.c */
/* A process stands at its exit_group(2): tells what it has written into a file that is collected. */
void reports_take(struct run *r, pid_t pid, pid_t tid);
bool reports_wanted(const struct run *r, const char *name); /* are files of this name collected? */
bool reports_taken(const struct run *r, const char *name);  /* was one told by reports_take? */
/* Adds to a `file` event what can be read there, or why it is refused. */
void reports_content(const struct run *r, struct buffer *b, int fd);
void reports_free(struct run *r);

#endif
