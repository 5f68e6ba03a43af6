/*
 * What testkit's files share: the judge, one process that runs one test. Not for labs.
 *
 *   main.c            greets warden, finds the test, runs it through cmocka, hands in the record
 *   control_client.c  the control socket, and the one place where a judge sleeps
 *   record.c          the verdict
 *   process.c         start, end and signals of a student's process
 *   stream.c          its stdin and stdout
 *   observe.c         what warden sees of it
 *   fault.c           what shall go wrong in it
 *   call.c            the driver link (with codec.c)
 *   pipe.c            pipes of the judge's own, alone and during a call
 *   datagram.c        UDP sockets of the judge's own
 *   backchannel.c     questions from the student's side
 *   socket.c          stream sockets of the judge's own
 *   random.c, text.c
 */
#ifndef TESTKIT_JUDGE_H
#define TESTKIT_JUDGE_H

#include "testkit.h"

#include "../warden/control.h"
#include "text.h"

#include <poll.h>

#define TK_NS_PER_MS INT64_C(1000000)

struct tk_process {
    struct tk_process *next;
    int proc; /* warden's number */
    pid_t pid;
    const char *program;
    int in_fd, out_fd;     /* our ends, -1 once closed */
    uint64_t received;     /* bytes of stdout so far */
    bool ended, signalled; /* signalled: by the judge, so that such an end is no crash */
    int status;            /* valid when ended */
    uint32_t wait_seq;     /* of the CTL_WAIT that is not answered yet, 0 none */
    int link;              /* driver link, -1 none */
    bool calling;          /* a call has begun and not ended */
    bool never_idle;       /* tk_settles() has found that out */
    const char *function;  /* of the last call */
};

struct tk_record {
    bool set; /* the first verdict counts */
    struct tk_text json;
};

struct tk_judge {
    bool greeted, in_test, leaving;
    /* from HELLO */
    char *greeting, *name;
    uint64_t seed;
    int64_t slow, wall_ms, output;
    int64_t deadline_ns; /* of every wait: warden's, minus what a judge needs to explain and record */
    bool witness;

    const char *hint, *cause;
    struct tk_record record;
    struct tk_process *processes;

    /* control_client.c */
    uint32_t seq, awaited_seq, stuck_seq;
    struct tk_answer *answer;
};

/* The judge that this process is. */
struct tk_judge *tk_judge(void);

/* ---- control_client.c ---------------------------------------------------------------------------- */

struct tk_answer {
    int error;
    int64_t value, value2;
    char *text; /* NUL-terminated */
};

struct tk_request {
    enum ctl_op op;
    int proc; /* -1: all */
    int64_t arg, arg2;
    const char *text; /* NULL: none */
    const int *fds;
    size_t fds_count;
    int64_t deadline_ns; /* of a wait in warden; 0: the test's own */
};

/* Sends, and returns the sequence number. */
uint32_t tk_control_send(const struct tk_request *q);
/* Sends; the answer becomes tk_judge()->answer, which is NULL until then. */
void tk_control_begin(const struct tk_request *q);
/* Sends and waits for the answer: for requests that warden answers at once. */
struct tk_answer *tk_control_ask(const struct tk_request *q);
/* Reads an answer's decimal number and moves behind it; ends the test as an error if there is none. */
int64_t tk_control_number(const char **at);
/* Leaves a judge that has nothing more to say: warden tells what there is to tell. */
_Noreturn void tk_leave(int code);

int64_t tk_now_ns(void);

enum tk_event {
    TK_READY,  /* a descriptor has revents */
    TK_ANSWER, /* something came from warden: look at what you waited for */
    TK_STUCK,  /* proven: nothing will come */
    TK_LATE,   /* the deadline passed */
};
/* Sleeps until one of these. Never returns without reason; `fds` may be NULL. `idle`: tell warden that
 * only a student's process can wake us, so that TK_STUCK can come. */
enum tk_event tk_sleep(struct pollfd *fds, size_t count, int64_t deadline_ns, bool idle);

/* Whom and what a wait waited for. */
struct tk_waiting {
    tk_process *p;          /* may be NULL */
    const char *what;       /* "end-of-file on pump's stdout" */
    const tk_bytes *so_far; /* what came of it; NULL: says nothing */
};
/* The end of a wait that found no end: asks warden why, and fails the test. */
_Noreturn void tk_fail_waiting(const struct tk_waiting *w, enum tk_event event);
/* tk_sleep up to the test's deadline; returns when there is something to look at, fails otherwise. */
void tk_wait_for(struct pollfd *fds, size_t count, const struct tk_waiting *w);

/* ---- record.c ------------------------------------------------------------------------------------ */

struct tk_failure {
    const char *file; /* NULL: no place in the test is to blame */
    int line;
    const char *kind;  /* NULL: wrong_output */
    const char *cause; /* NULL: what tk_cause said */
    const char *message;
    struct tk_text expected, actual; /* JSON; empty: null */
    bool awaited;                    /* expected says in words what did not come: nothing to compare */
    bool proven;                     /* the cause was found by warden: the test's own hint does not fit */
};
/* Records and ends the test. */
_Noreturn void tk_fail_with(const struct tk_failure *f);
/* Only records, unless there is a verdict already: for main.c, outside of a test. */
void tk_record_failure(const struct tk_failure *f);
void tk_record_error(const char *message);
void tk_record_pass(void);

/* ---- process.c ----------------------------------------------------------------------------------- */

/* Makes sure that p->ended will be set when it happens. */
void tk_watch_end(tk_process *p);
/* Waits a little (and not at all if it is stuck) for the end; returns p->ended. */
bool tk_settle(tk_process *p);
/* "pump exited with 3", "pump is still running". Call tk_settle before. */
const char *tk_how_it_is(const tk_process *p);
/* Fails the test because `p` ended (or closed an end) too early; `where` as in struct tk_failure. */
_Noreturn void tk_fail_early(tk_process *p, const char *message, const struct tk_waiting *w);
/* Kind and cause of a failure that comes from how `p` ended: a crash, unless we caused it. */
void tk_blame_end(const tk_process *p, struct tk_failure *f);
/* tk_spawn with a further descriptor, -1 none. */
tk_process *tk_spawn_with(const struct tk_how *how, int further_fd, int further_number);
/* "SIGSEGV", or "signal 35". */
const char *tk_signal_name(int signal_number);

/* ---- fault.c --------------------------------------------------------------------------------------- */

/* Its line of a SPAWN; ends the test as an error if it makes no sense. */
void tk_fault_write(struct tk_text *t, const struct tk_fault *f);

/* ---- call.c --------------------------------------------------------------------------------------- */

/* No more calls: the driver sees end-of-file and returns from main. */
void tk_link_finish(tk_process *p);

/* ---- stream.c --------------------------------------------------------------------------------------- */

/* Fails the test: more has come than a program may print. */
_Noreturn void tk_fail_flood(const tk_process *p, const char *where);

/* ---- random.c -------------------------------------------------------------------------------------- */

void tk_random_seed(uint64_t seed);

#endif
