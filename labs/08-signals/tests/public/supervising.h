/* What the tests of supervisor share: its lines, and the workers' reports. */
#ifndef SUPERVISING_H
#define SUPERVISING_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "testkit.h"
#include "worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS_MAX 32
#define REPORTS_MAX 200

/* What has been told of one worker. */
struct worker {
    pid_t pid; /* of the last start */
    int starts, ends;
    bool by_signal; /* its last end */
    int value;      /* exit status, or number of the signal */
};

struct report {
    char text[REPORT_SIZE + 1];
};

struct supervisor {
    tk_process *p;
    tk_pipe *pipe; /* from all workers */
    int count;
    bool starts_are_optional;
    const char *silence,
        *why; /* what it means if nothing comes: a cause and a sentence; NULL: the supervisor says */
    struct worker workers[WORKERS_MAX + 1]; /* from 1 on */
    struct report reports[REPORTS_MAX];
    size_t reports_count;
};

/* ---- starting ---------------------------------------------------------------------------------------- */

/* Starts `program`, which is supervisor or executes it, with these arguments. */
static inline struct supervisor *start_by(const char *program, const char *const *args, int count,
                                          const struct tk_fault *faults)
{
    static struct supervisor all[12];
    static size_t used;
    if (used == sizeof all / sizeof *all)
        tk_error("too many supervisors");
    struct supervisor *s = &all[used++];
    s->pipe = tk_pipe_from();
    s->count = count;
    s->silence = "worker_end_untold";
    s->why = "supervisor waits";
    const int fds[] = {tk_pipe_theirs(s->pipe), -1}, numbers[] = {REPORT_FD, -1};
    s->p = tk_spawn(&(struct tk_how){.program = program,
                                     .args = args,
                                     .in = TK_NULL,
                                     .fds = fds,
                                     .fd_numbers = numbers,
                                     .faults = faults});
    tk_pipe_given(s->pipe, s->p);
    return s;
}

/* supervisor COUNT worker HOW ARG */
static inline struct supervisor *start_supervisor(int count, const char *how, const char *arg,
                                                  const struct tk_fault *faults)
{
    const char *const args[] = {tk_string("%d", count), tk_program_path("worker"), how, arg, NULL};
    return start_by("supervisor", args, count, faults);
}

/* ---- lines ------------------------------------------------------------------------------------------- */

static inline void note_start(struct supervisor *s, int i, int pid)
{
    struct worker *w = &s->workers[i];
    if (w->pid == pid)
        tk_cause("doubled_stdio");
    tk_assert(s->starts_are_optional || w->starts == w->ends,
              "supervisor tells %s start of worker %d, whose last end it has not told",
              w->pid == pid ? "the same" : "another", i);
    tk_cause(NULL);
    tk_assert(pid > 0, "supervisor tells that worker %d has the pid %d", i, pid);
    w->pid = pid;
    w->starts++;
}

static inline void note_end(struct supervisor *s, int i, bool by_signal, int value)
{
    struct worker *w = &s->workers[i];
    tk_cause("end_before_start");
    tk_assert(s->starts_are_optional || w->starts == w->ends + 1,
              "supervisor tells an end of worker %d, whose start it has not told", i);
    tk_cause(NULL);
    w->ends++;
    w->by_signal = by_signal;
    w->value = value;
}

/* Reads the next line and notes what it says. */
static inline void take_line(struct supervisor *s)
{
    char again[64] = "";
    int i, value;
    tk_bytes line = tk_receive_line(s->p, "a line of supervisor's");
    const char *text = (char *)line.data;
    if (sscanf(text, "start %d %d", &i, &value) == 2)
        snprintf(again, sizeof again, "start %d %d\n", i, value);
    else if (sscanf(text, "exit %d %d", &i, &value) == 2)
        snprintf(again, sizeof again, "exit %d %d\n", i, value);
    else if (sscanf(text, "signal %d %d", &i, &value) == 2)
        snprintf(again, sizeof again, "signal %d %d\n", i, value);
    tk_cause("line_of_another_form");
    tk_assert(tk_same(line, tk_bytes_of(again)),
              "this is no line \"start I PID\", \"exit I STATUS\" or \"signal I NUMBER\": %s", text);
    tk_cause(NULL);
    tk_assert(i >= 1 && i <= s->count, "there is no worker %d of %d: %s", i, s->count, text);
    if (*text == 's' && text[1] == 't')
        note_start(s, i, value);
    else
        note_end(s, i, *text == 's', value);
}

/* Those whom supervisor has left: they are the tests' own, and nobody else will. */
static inline void end_those_left(const struct supervisor *s)
{
    for (int i = 1; i <= s->count; i++) {
        const struct worker *w = &s->workers[i];
        if (w->starts > w->ends && tk_blocks(w->pid, NULL)) {
            tk_signal_pid(w->pid, SIGKILL);
            tk_wait_gone(w->pid);
        }
    }
}

/* Nothing comes, and it is proven that nothing will. */
static inline _Noreturn void explain_silence(struct supervisor *s, const char *what)
{
    if (!tk_blocks(tk_pid(s->p), NULL)) { /* it has ended, and its workers have its stdout */
        end_those_left(s);
        tk_cause(strcmp(s->silence, "ends_after_a_stop") == 0 ? s->silence : "ends_before_its_workers");
        tk_fail("supervisor %s, while workers run: there is not %s", tk_describe_status(tk_wait(s->p)), what);
    }
    tk_cause(s->silence);
    tk_fail("%s: there is not %s", s->why, what);
}

/* A line comes, and is noted; or it never will. */
static inline void need_line(struct supervisor *s, const char *what)
{
    if (!tk_output_comes(s->p))
        explain_silence(s, what);
    if (!tk_output_pending(s->p)) {
        tk_cause(s->silence);
        tk_fail("supervisor %s, and has not told %s", tk_describe_status(tk_wait(s->p)), what);
    }
    take_line(s);
}

/* Until worker i has been started so many times. */
static inline void await_start(struct supervisor *s, int i, int times)
{
    while (s->workers[i].starts < times)
        need_line(s, tk_string("\"start %d PID\" (number %d)", i, times));
}

static inline void await_end(struct supervisor *s, int i, int times)
{
    while (s->workers[i].ends < times)
        need_line(s, tk_string("the end of worker %d", i));
}

static inline void assert_end(struct supervisor *s, int i, int times, bool by_signal, int value)
{
    const struct worker *w = &s->workers[i];
    await_end(s, i, times);
    const char *expected = tk_string("%s %d %d\n", by_signal ? "signal" : "exit", i, value);
    tk_assert_bytes(tk_bytes_of(tk_string("%s %d %d\n", w->by_signal ? "signal" : "exit", i, w->value)),
                    expected, strlen(expected),
                    tk_string("what supervisor tells of the end of worker %d", i));
}

/* Nothing more comes, and it ends, with whatever status. */
static inline void assert_silent_end(struct supervisor *s)
{
    if (!tk_output_comes(s->p))
        explain_silence(s, "the end of supervisor");
    tk_assert_eof(s->p);
    tk_wait(s->p);
}

/* Nothing more comes, and it exits with `code`. */
static inline void assert_over(struct supervisor *s, int code)
{
    assert_silent_end(s);
    tk_assert_exit(s->p, code);
}

/* ---- reports ------------------------------------------------------------------------------------------ */

static inline struct report *next_report(struct supervisor *s, const char *what)
{
    if (s->reports_count == REPORTS_MAX)
        tk_error("too many reports");
    tk_bytes b = tk_pipe_receive(s->pipe, REPORT_SIZE, what);
    struct report *r = &s->reports[s->reports_count++];
    memcpy(r->text, b.data, REPORT_SIZE);
    r->text[REPORT_SIZE] = '\0';
    return r;
}

static inline bool is_report(const struct report *r, const char *kind, int number)
{
    int n;
    char word[32];
    return sscanf(r->text, "%31s %d", word, &n) == 2 && strcmp(word, kind) == 0 &&
           (number < 0 || n == number);
}

/* The report of that kind about that number (-1: any), which has come or is awaited. It is given once. */
static inline const struct report *await_report(struct supervisor *s, const char *kind, int number,
                                                const char *what)
{
    static struct report found;
    for (size_t i = 0;; i++) {
        struct report *r = i < s->reports_count ? &s->reports[i] : next_report(s, what);
        if (is_report(r, kind, number)) {
            found = *r;
            r->text[0] = '\0';
            return &found;
        }
    }
}

static inline bool has_report(const struct supervisor *s, const char *kind, int number)
{
    for (size_t i = 0; i < s->reports_count; i++)
        if (is_report(&s->reports[i], kind, number))
            return true;
    return false;
}

/* False if it is proven that there will be none. */
static inline bool report_comes(struct supervisor *s, const char *kind, int number, const char *what)
{
    while (!has_report(s, kind, number)) {
        if (!tk_pipe_comes(s->pipe))
            return false;
        next_report(s, what);
    }
    return true;
}

/* Has a child of that process reported? */
static inline bool has_child_that_works(const struct supervisor *s, int parent)
{
    int pid, ppid;
    for (size_t i = 0; i < s->reports_count; i++)
        if (sscanf(s->reports[i].text, "report %d %d", &pid, &ppid) == 2 && ppid == parent)
            return true;
    return false;
}

/* Worker i has been started so many times, and waits for orders. */
static inline const struct report *await_work(struct supervisor *s, int i, int times)
{
    await_start(s, i, times);
    const pid_t pid = s->workers[i].pid;
    const char *what = tk_string("worker %d, process %d", i, (int)pid);
    tk_cause("worker_does_not_run");
    if (!report_comes(s, "report", pid, what)) {
        if (has_child_that_works(s, pid))
            tk_cause("not_a_child");
        tk_fail("worker %d was told to run as process %d, and %s", i, (int)pid,
                has_child_that_works(s, pid) ? "a child of that process executes CMD"
                                             : "that does not execute CMD");
    }
    const struct report *r = await_report(s, "report", pid, what);
    tk_cause(NULL);
    return r;
}

static inline void await_all(struct supervisor *s)
{
    for (int i = 1; i <= s->count; i++)
        await_work(s, i, 1);
}

/* A supervisor whose workers all wait for orders. */
static inline struct supervisor *working_supervisor(int count, const char *how)
{
    struct supervisor *s = start_supervisor(count, how, "here", NULL);
    await_all(s);
    return s;
}

/* ---- orders ------------------------------------------------------------------------------------------- */

/* Worker i exits with that status; supervisor waits by then, so all that comes before is done. */
static inline void order_exit(struct supervisor *s, int i, int status)
{
    tk_settles_alone(s->p);
    tk_signal_pid(s->workers[i].pid, SIGRTMIN + status);
}

static inline void kill_worker(struct supervisor *s, int i, int number)
{
    tk_settles_alone(s->p);
    tk_signal_pid(s->workers[i].pid, number);
}

/* SIGTERM for supervisor itself, when it waits. */
static inline void send_sigterm(struct supervisor *s)
{
    tk_settles_alone(s->p);
    tk_cause("ends_before_its_workers"); /* if it has ended by now */
    tk_signal(s->p, SIGTERM);
    tk_cause(NULL);
}

/* Has the SIGTERM, which supervisor got, come to worker i? */
static inline void await_sigterm(struct supervisor *s, int i)
{
    const pid_t pid = s->workers[i].pid;
    const char *what = tk_string("a SIGTERM for worker %d", i);
    if (!report_comes(s, "term", pid, what)) {
        if (!tk_blocks(tk_pid(s->p), NULL)) { /* it has ended */
            const int status = tk_wait(s->p);
            end_those_left(s);
            tk_cause(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM ? "signal_not_caught"
                                                                        : "ends_before_its_workers");
            tk_fail("after a SIGTERM supervisor %s, and worker %d got none", tk_describe_status(status), i);
        }
        tk_cause("signal_unanswered");
        tk_fail("SIGTERM has come, and supervisor goes on waiting: worker %d got none", i);
    }
    await_report(s, "term", pid, what);
}

#endif
