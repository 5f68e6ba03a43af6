/*
 * The shared region: everything that the processes of one run and their host know together.
 *
 * It is a sparse memfd, mapped at the same address by all, so that pointers into it hold everywhere, and
 * inherited over exec. One task runs at a time, the one that holds the baton; whatever has no other rule
 * beside it is written by the holder only. The host writes when the holder is dead (the baton is then its
 * own).
 */
#ifndef WEAVE_REGION_H
#define WEAVE_REGION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WEAVE_BASE       0x100000000000ul /* of the region */
#define WEAVE_ARENA      0x180000000000ul /* where shared mappings are put, in every process */
#define WEAVE_ARENA_SIZE (1ul << 36)
#define WEAVE_GRANULE    65536ul /* of the arena: SHMLBA and pages divide it */

#define WEAVE_TASKS    64   /* processes and threads that are alive or not yet waited for */
#define WEAVE_SPAWNED  1024 /* of a whole run */
#define WEAVE_OBJECTS  8192 /* what synchronises: a semaphore, a pipe, an atomic variable */
#define WEAVE_TOKENS   65536
#define WEAVE_SETS     65536 /* of readers */
#define WEAVE_MEMO     65536
#define WEAVE_SPLITS   (1u << 18) /* cells whose bytes differ */
#define WEAVE_MEMORIES 512        /* shared memories */
#define WEAVE_LOG      65536
#define WEAVE_RACES    256
#define WEAVE_TROUBLES 64
#define WEAVE_PROGRAMS 16
#define WEAVE_HELD     16
#define WEAVE_CREATED  512
#define WEAVE_SENT     2048 /* signals on their way */
#define WEAVE_TIMERS   64
#define WEAVE_TEXT     160
#define WEAVE_PAGE     4096
#define WEAVE_MAGIC    0x6577656176650001ul
#define WEAVE_ENV      "IPCLAB_WEAVE" /* FD:TASK, for what is executed */
#define WEAVE_NO_TASK  UINT32_MAX
#define WEAVE_NO_TIME  UINT64_MAX
#define WEAVE_TIME_ZERO                                                                                      \
    1767225600000000000ul /* where virtual time begins: 2026-01-01, in ns of CLOCK_REALTIME */

/* An epoch: whose clock stood where (FastTrack, Flanagan and Freund 2009). 0: never. */
#define EPOCH_SHIFT 25
#define EPOCH_CLOCK ((1u << EPOCH_SHIFT) - 1)
#define EPOCH_FLAG  (1u << 31) /* what follows is an index, not an epoch and a place */
static inline uint32_t epoch_of(uint32_t task, uint32_t clock)
{
    return task << EPOCH_SHIFT | clock;
}
static inline uint32_t epoch_task(uint32_t epoch)
{
    return (epoch & ~EPOCH_FLAG) >> EPOCH_SHIFT;
}

struct weave_clock {
    uint32_t of[WEAVE_TASKS];
};

/* The last accesses to four bytes. A place is a program counter; its top bit says that the access was atomic.
 */
#define PLACE_ATOMIC (1u << 31)
struct weave_cell {
    uint32_t write, write_place; /* write & EPOCH_FLAG: write_place is the index of a split */
    uint32_t read, read_place;   /* read & EPOCH_FLAG: a generation and the index of a set of readers */
};
/* Readers of a cell as one number: either of the two above. See readers.c. */
static inline uint64_t readers_of(const struct weave_cell *c)
{
    return (uint64_t)c->read_place << 32 | c->read;
}
struct weave_readers { /* several, by task */
    uint32_t generation;
    uint32_t epoch[WEAVE_TASKS], place[WEAVE_TASKS];
};
struct weave_memo { /* the set `from` and a reader more make the set `to` */
    uint64_t from, to;
    uint32_t epoch, place;
};
struct weave_split { /* a cell for each byte */
    struct weave_cell byte[4];
};

/* What a task waits for, and what a clock belongs to. */
enum weave_kind {
    KIND_NONE,
    KIND_MEMORY,  /* a = number of a memory, b = offset */
    KIND_PRIVATE, /* a = address space, b = address */
    KIND_INODE,   /* a = st_dev, b = st_ino: pipes, FIFOs, eventfds, files' locks */
    KIND_STREAM,  /* sockets, by direction: see wrap_socket.c */
    KIND_SEM_SET, /* a = semid, b = number in it */
    KIND_MSG,     /* a = msqid */
    KIND_MQ,      /* a = st_dev, b = st_ino of the queue */
    KIND_CHILD,   /* a = the parent's task: its children's ends */
    KIND_SIGNAL,  /* a = the task that they go to */
    KIND_ANY,     /* some descriptor: whatever happens may end it */
    KIND_TIME,    /* nothing but time */
    KIND_THREAD,  /* a = task: its end, by pthread_join */
    KIND_LOCK,    /* locks of a file: see locks.c */
    KIND_NAME,    /* a name in a folder: see names.c */
};
struct weave_key {
    uint64_t kind, a, b;
};

/* One token, message or range of bytes on its way, with the clock of whoever sent it. */
struct weave_token {
    struct weave_clock clock;
    uint64_t end;   /* of a byte range: offset in the stream of the first byte after it */
    int64_t type;   /* of a message: type or priority */
    uint32_t next;  /* index, 0: none */
    uint32_t place; /* where it was sent */
    uint32_t task;
};

struct weave_object {
    struct weave_key key;
    struct weave_clock clock; /* joined: mutexes, atomics, locks */
    uint32_t next;            /* in its hash chain, 0: none */
    uint32_t first, last;     /* tokens */
    uint64_t sent, received;  /* bytes of a stream */
    uint64_t value, limit;    /* wrappers' own: a barrier's count, waiters of a condition */
    uint64_t note;            /* wrappers' own */
    uint32_t owner;           /* task + 1 that holds it exclusively, 0: none */
    uint32_t made_place, made_program;
    uint32_t last_place; /* of the last operation */
    char name[32];       /* "semaphore", "pipe" */
};

/* A shared memory: one object of the kernel, however often and wherever mapped. */
struct weave_memory {
    uint64_t dev, ino; /* or a number of our own for anonymous ones */
    uint64_t size;     /* bytes that have cells */
    uint64_t cells;    /* address of the first, in the region */
    uint32_t made_place, made_program, made_task;
    uint32_t kind; /* enum weave_memory_kind */
    char name[64];
};
enum weave_memory_kind { MEMORY_ANONYMOUS, MEMORY_FILE, MEMORY_SYSV };

enum weave_state {
    TASK_FREE,
    TASK_STARTING, /* made by a parent; has not run yet */
    TASK_READY,
    TASK_BLOCKED,
    TASK_ENDING, /* of its own will; holds the baton until the host sees it dead */
    TASK_DEAD,   /* a zombie, or a thread that was not joined */
};

struct weave_wait {
    struct weave_key key;
    uint64_t deadline; /* virtual, ns; WEAVE_NO_TIME */
    uint32_t place;
    uint16_t op;
    bool timed_out;
    bool interrupted; /* by a signal with a handler */
    bool granted;     /* by whoever chose this task: a condition's signal, a futex's wake */
};

struct weave_held {
    struct weave_key key;
    uint32_t place;
};

/* A signal that has been sent and did not come yet. */
struct weave_sent {
    struct weave_clock clock; /* of its cause: the sender, the end of a child, the setting of a timer */
    uint32_t next;            /* of the same list, 0: none */
    int32_t number, code, pid, uid, status;
    int64_t value;
    uint32_t timer; /* index + 1 of a POSIX timer */
};
struct weave_signals {    /* of a task, or of a process */
    uint64_t pending;     /* bit number-1 */
    uint32_t first, last; /* in `sent` */
};

/* A timer of timer_create. */
struct weave_timer {
    uint32_t owner; /* leader + 1; 0: free */
    uint32_t to;    /* task + 1: of SIGEV_THREAD_ID */
    int32_t number; /* signal; 0: none */
    int32_t overrun, overrun_told;
    int64_t value;
    int32_t clock_id;
    uint64_t next, interval; /* virtual; WEAVE_NO_TIME: not set */
    struct weave_clock clock;
};

struct weave_task {
    _Atomic uint32_t go; /* futex: 1 = the baton is yours; set by the one who had it */
    uint32_t state;
    struct weave_clock clock;
    uint64_t priority;
    int32_t pid, tid;
    uint32_t parent;    /* task */
    int32_t parent_pid; /* that the task had: its number may be another's now */
    uint32_t space;     /* address space: threads share it */
    uint32_t program;   /* index */
    uint32_t born;      /* index into spawned */
    bool thread;        /* made by pthread_create */
    bool detached;
    uint32_t vfork_parent; /* task + 1 that waits until this one executes or ends */
    uint32_t end_code;     /* as wait reports it, when known */
    bool end_known;
    struct weave_wait wait;
    uint32_t leader;            /* of a thread: its process's first task */
    struct weave_signals own;   /* sent to this thread */
    struct weave_signals group; /* sent to its process; in the leader's task */
    uint64_t mask;              /* of blocked signals, bit number-1 */
    uint64_t waiting_for;       /* signals that sigwait takes, whether blocked or not */
    uint64_t signal_files;      /* signals that a signalfd of this process reads; in the leader's task */
    uint32_t signal_delay;      /* points until signals come (config.signals_anywhere) */
    uint32_t timer_delay;       /* points until its timer is due at the latest; 0: by its time */
    bool no_zombies; /* it ignores SIGCHLD, or has SA_NOCLDWAIT: its children leave nothing to wait for */
    struct weave_clock gone;        /* of such children, when they ended */
    struct weave_clock timer_clock; /* of whoever set `timer` */
    uint64_t timer;                 /* ITIMER_REAL and alarm: next, virtual; WEAVE_NO_TIME */
    uint64_t timer_interval;
    struct weave_key queue; /* where it stands in line (queue.c) */
    uint64_t queue_order;   /* its number in it; 0: it stands in none, or somebody has chosen it */
    uint32_t queue_bits;    /* of FUTEX_WAIT_BITSET */
    uint32_t patience;      /* doublings of the spin limit since its last operation */
    uint32_t spins;         /* accesses since it came to run or gave way */
    uint32_t n_held;
    struct weave_held held[WEAVE_HELD];
    uint64_t crash_pc;
    int32_t crash_signal;
    uint8_t handled[8]; /* bit number-1: signals that have a handler in it; written by itself */
    uint8_t ignored[8];
    uint64_t canary; /* WEAVE_MAGIC; last */
};

/* Which process a clock value belonged to: tasks' numbers are used again, and exec changes the program. */
struct weave_spawned {
    uint32_t task, first_clock;
    int32_t pid;
    uint32_t program, parent_born, place; /* where it was made */
    bool thread;
    uint32_t end_code;
    bool end_known;
};

enum weave_what {            /* of a log entry */
                  LOG_OP,    /* an operation done */
                  LOG_BLOCK, /* an operation that has to wait */
                  LOG_READ,  /* of a watched cell */
                  LOG_WRITE,
                  LOG_SWITCH, /* it gave way at a change point */
                  LOG_START,
                  LOG_END,
                  LOG_SIGNAL, /* a handler ran; value is the signal */
};
struct weave_log {
    uint64_t step;
    struct weave_key key;
    int64_t value;
    uint32_t place, task, born;
    uint16_t what, op;
};

struct weave_access {
    uint32_t epoch, place;
    uint32_t born;
    bool write, atomic;
    uint32_t n_held;
    struct weave_held held[WEAVE_HELD];
};
struct weave_race {
    uint32_t memory; /* number, 0: private memory of `space` */
    uint64_t offset;
    uint32_t size;
    uint64_t step;
    struct weave_access first, second;
};

enum weave_verdict {
    VERDICT_RUNNING,
    VERDICT_DONE,
    VERDICT_DEADLOCK,
    VERDICT_STEPS,        /* the limit of steps was reached */
    VERDICT_TIME,         /* the host's limit of real time */
    VERDICT_UNCONTROLLED, /* something that weave cannot schedule or see */
    VERDICT_TASKS,        /* more than WEAVE_TASKS or WEAVE_SPAWNED */
    VERDICT_MEMORY,       /* a table of the region is full */
    VERDICT_TAMPER,       /* the region was written by somebody else */
};

/* What else a run found: code is a word, the rest depends on it. */
struct weave_trouble {
    char code[32];
    uint32_t place, place2;
    uint32_t born;
    int64_t value;
    char text[WEAVE_TEXT];
    uint64_t step;
};

/* What the host removes after a run, should it still be there. */
enum weave_created_kind {
    CREATED_PATH,
    CREATED_SHM,
    CREATED_SEM,
    CREATED_MQ,
    CREATED_SYSV_SHM,
    CREATED_SYSV_SEM,
    CREATED_SYSV_MSG
};
struct weave_created {
    uint32_t kind, id;
    char name[384];
};

enum weave_strategy { STRATEGY_PCT, STRATEGY_WALK };

struct weave_config { /* written by the host before anything starts */
    uint64_t seed;
    uint32_t strategy;
    uint32_t depth;      /* PCT's d: d-1 change points */
    uint64_t steps;      /* PCT's k: an estimate */
    uint64_t step_limit; /* points; five accesses count as one, a give-way as ten */
    uint32_t spin_limit; /* accesses or points in a row without giving way */
    bool fine;           /* accesses to shared memory are points too */
    bool detect;
    bool signals_anywhere;  /* one signal, asked for by the seed, comes at any point */
    bool watching;          /* the log has accesses of `watched` */
    uint32_t watched[4][2]; /* pairs of places */
    uint32_t n_watched;
    int32_t fd, host_fd; /* of the region, and the eventfd that wakes the host, in every process */
    uint64_t size;
};

#define WEAVE_DEPTH_MAX 16
struct weave_region {
    uint64_t magic;
    struct weave_config config;
    _Alignas(WEAVE_PAGE) char guard_config[WEAVE_PAGE]; /* programs read what is before it, and never touch
                                                           guards */
    /* ---- the schedule */
    _Atomic uint32_t holder;  /* task, or WEAVE_NO_TASK: the host */
    _Atomic uint32_t verdict; /* enum weave_verdict; the first one stays */
    uint64_t step;            /* points, and accesses where they count */
    uint64_t accesses, switches, points;
    uint64_t idle;     /* turns in which tasks only gave way, since one of them did something else */
    uint64_t gave_way; /* how often a task fell back because it got nowhere */
    uint64_t change[WEAVE_DEPTH_MAX]; /* steps at which the running task falls back, ascending */
    uint32_t n_change, next_change;
    uint64_t lowest; /* the next priority below all others */
    uint64_t random; /* state of the generator */
    uint64_t now;    /* virtual time since the start, ns */
    uint64_t clock_reads;
    uint32_t n_tasks_high; /* clocks are in use below it */
    uint32_t n_alive, n_alive_high;
    struct weave_task task[WEAVE_TASKS];
    struct weave_spawned spawned[WEAVE_SPAWNED];
    uint32_t n_spawned;
    char program[WEAVE_PROGRAMS][WEAVE_TEXT]; /* paths */
    uint32_t n_programs;
    struct weave_clock
        ended;             /* joined: of processes that ended or executed, and so closed what they had open */
    uint64_t connections;  /* of sockets, ever made */
    _Atomic int32_t dying; /* the holder has killed this process and lets the host wait for its end */
    int32_t ending_pid,
        ending_tid;  /* a thread that gave the baton away for good: the next waits until it is gone */
    uint64_t queued; /* ever, in any line (queue.c) */
    uint32_t n_created;
    struct weave_created created[WEAVE_CREATED];
    uint64_t canary_schedule; /* canaries: WEAVE_MAGIC, written by the host before anything starts */
    _Alignas(WEAVE_PAGE) char guard_tables[WEAVE_PAGE];
    /* ---- the tables: index 0 is never used */
    struct weave_access seen[WEAVE_TASKS]
                            [8]; /* the last access at each of config.watched's places, in their order */
    uint32_t n_objects, n_tokens, free_token, n_sets, n_splits, free_split, n_memories, n_races, n_troubles;
    uint64_t n_log;     /* ever; the table keeps the last WEAVE_LOG */
    uint64_t next_cell; /* address */
    uint32_t spaces;
    uint64_t anonymous;
    uint64_t next_timer; /* no timer of the run is due before it */
    uint32_t n_sent, free_sent;
    struct weave_sent sent[WEAVE_SENT];
    struct weave_timer timer[WEAVE_TIMERS];
    uint32_t hash[WEAVE_OBJECTS];
    uint64_t canary_hash;
    struct weave_memory memory[WEAVE_MEMORIES];
    struct weave_race race[WEAVE_RACES];
    struct weave_trouble trouble[WEAVE_TROUBLES];
    uint64_t canary_object;
    struct weave_object object[WEAVE_OBJECTS];
    uint64_t canary_log;
    struct weave_log log[WEAVE_LOG];
    uint64_t canary_token;
    struct weave_token token[WEAVE_TOKENS];
    struct weave_readers readers[WEAVE_SETS];
    struct weave_memo memo[WEAVE_MEMO];
    struct weave_split split[WEAVE_SPLITS];
    uint64_t end_magic;
    _Alignas(WEAVE_PAGE) char guard_cells[WEAVE_PAGE]; /* the cells of memory come behind it */
};

#define REGION ((struct weave_region *)WEAVE_BASE)

/* Operations that a task can be at: the word for people is in ops.def. */
enum weave_op {
#define OP(id, word) OP_##id,
#include "ops.def"
#undef OP
    OP_COUNT
};

#endif
