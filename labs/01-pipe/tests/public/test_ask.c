#include "asking.h"

/* Did another process write into a pipe from which the caller read? */
static bool answer_came_by_pipe(struct tk_flows flows, pid_t caller)
{
    for (size_t i = 0; i < flows.count; i++) {
        const struct tk_flow *in = &flows.list[i];
        if (in->write || in->pid != caller || strncmp(in->object, "pipe:", 5) != 0)
            continue;
        for (size_t j = 0; j < flows.count; j++) {
            const struct tk_flow *out = &flows.list[j];
            if (out->write && out->pid != caller && strcmp(out->object, in->object) == 0)
                return true;
        }
    }
    return false;
}

/* A child that wrote to an object of that kind; 0 if there is none. */
static pid_t child_that_wrote_to(struct tk_flows flows, pid_t caller, const char *kind)
{
    for (size_t i = 0; i < flows.count; i++) {
        const struct tk_flow *f = &flows.list[i];
        if (f->write && f->pid != caller && strncmp(f->object, kind, strlen(kind)) == 0)
            return f->pid;
    }
    return 0;
}

/* There is a pipe, but no answer came through it. What went wrong? */
static _Noreturn void fail_bypassed(const struct caller *c, struct tk_flows flows)
{
    pid_t caller = tk_pid(c->driver);
    pid_t child = child_that_wrote_to(flows, caller, "closed:");
    if (child) {
        tk_blame_closed(child);
        tk_cause("write_to_closed_fd");
        tk_fail("the child writes to a descriptor that is closed: nothing gets into the pipe");
    }
    if (tk_calls(c->driver, "pipe") > 1 && child_that_wrote_to(flows, caller, "pipe:")) {
        tk_cause("pipe_after_fork");
        tk_fail("the child wrote into another pipe than the one that the parent reads");
    }
    tk_cause("bytes_bypass_pipe");
    tk_fail("there is a pipe, but the child wrote nothing into it that the parent has read");
}

TK_TEST(ask_uses_a_pipe_and_a_child)
{
    struct caller c = start_caller_how(true);
    struct outcome o = ask_for(&c, tk_random_between(1, 100), tk_random_between(1, 100));

    tk_hint("The steps in order: pipe(), fork(), and in the child's branch f(x).");
    tk_assert(o.calls > 0, "f was never called (ask_child returned %d)", (int)o.returned);
    tk_cause("runs_in_parent");
    tk_assert(o.where != tk_pid(c.driver),
              "f ran in the process that called ask_child, not in a child of it");
    tk_cause(NULL);

    tk_hint("Use pipe() or pipe2(). The child writes the answer into it, the parent reads it.");
    if (tk_calls(c.driver, "pipe") == 0) {
        bool sockets = tk_calls(c.driver, "socketpair") > 0;
        tk_cause(sockets ? "socketpair_instead_of_pipe" : "no_pipe");
        tk_fail("no pipe was made%s", sockets ? ": socketpair() makes sockets" : "");
    }
    struct tk_flows flows = tk_flows(c.driver);
    if (!answer_came_by_pipe(flows, tk_pid(c.driver)))
        fail_bypassed(&c, flows);
}

TK_TEST(ask_returns_the_answer)
{
    struct caller c = start_caller();
    for (int i = 0; i < 3; i++) {
        /* Small numbers: what is larger than 8, or 32, bits is a test of its own. */
        int64_t x = tk_random_between(1, 100), answer = tk_random_between(1, 100);
        struct outcome o = ask_for(&c, x, answer);
        tk_assert_int(o.returned, 0, "what ask_child returned");
        tk_assert_int(o.x, x, "x, as f got it");
        tk_assert_int(o.result, answer, "*result");
    }
}

TK_TEST(ask_reports_a_child_without_answer)
{
    struct caller c = start_caller();
    tk_hint("When the child has ended, read() returns 0, provided that nobody holds the write end any more.");
    for (int code = 0; code < 2; code++) {
        struct outcome o = ask(&c, 1, 2, (struct order_to_f){EXIT, code});
        tk_assert_int(o.returned, -1,
                      "what ask_child returned after its child had called _exit without an answer");
    }
    tk_hint("A failed call must not spoil the next one.");
    tk_assert_int(ask_for(&c, 1, 3).returned, 0, "what ask_child returned in the call after that");
}

TK_SUITE(tk_test(ask_uses_a_pipe_and_a_child), tk_test(ask_returns_the_answer),
         tk_test(ask_reports_a_child_without_answer))
