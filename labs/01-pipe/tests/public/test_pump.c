#include "pumping.h"

#include <string.h>

#define FLOWS_MAX 1024

static bool has_flow(struct tk_flows flows, pid_t pid, bool write, const char *object)
{
    for (size_t i = 0; i < flows.count; i++) {
        const struct tk_flow *f = &flows.list[i];
        if (f->pid == pid && f->write == write && strcmp(f->object, object) == 0)
            return true;
    }
    return false;
}

/* Marks all processes that bytes have reached: those of `reached`, and who read from a pipe that such a
 * process has written. Returns true while there is something new. */
static bool spread(struct tk_flows flows, bool *reached)
{
    bool news = false;
    for (size_t i = 0; i < flows.count; i++) {
        const struct tk_flow *out = &flows.list[i];
        if (!out->write || !reached[i] || strncmp(out->object, "pipe:", 5) != 0)
            continue;
        for (size_t j = 0; j < flows.count; j++) {
            pid_t reader = flows.list[j].pid;
            if (reached[j] || reader == out->pid || !has_flow(flows, reader, false, out->object))
                continue;
            reached[j] = news = true;
        }
    }
    return news;
}

/* Do bytes go from `in` through a pipe, or several, to a process that writes to `out`? */
static bool joined_by_pipe(struct tk_flows flows, const char *in, const char *out)
{
    static bool reached[FLOWS_MAX]; /* by flow: have bytes of `in` reached the process of that flow? */
    bool joined = false;
    flows.count = flows.count < FLOWS_MAX ? flows.count : FLOWS_MAX;
    for (size_t i = 0; i < flows.count; i++)
        reached[i] = has_flow(flows, flows.list[i].pid, false, in);
    while (spread(flows, reached))
        ;
    for (size_t i = 0; i < flows.count; i++) {
        const struct tk_flow *f = &flows.list[i];
        joined |=
            reached[i] && f->write && strcmp(f->object, out) == 0 && !has_flow(flows, f->pid, false, in);
    }
    return joined;
}

TK_TEST(pump_uses_a_pipe_and_a_child)
{
    const struct tk_how how = {.program = "pump", .watch_data = true};
    tk_process *pump = tk_spawn(&how);
    const char *in = tk_object(tk_stdin_fd(pump)), *out = tk_object(tk_stdout_fd(pump));
    tk_send(pump, "one pipe, two processes\n", 24);
    tk_close_stdin(pump);
    /* The first byte has come all the way, whatever happens to the others: that is for other tests. */
    tk_hint("The steps in order: pipe(), fork(), close what each does not use, copy, close, wait.");
    tk_receive(pump, 1, "the first byte that pump prints");

    tk_hint("One process reads stdin and writes into the pipe; the other reads the pipe and writes stdout.");
    tk_cause("no_fork");
    tk_assert(tk_calls(pump, "fork") > 0, "pump has no child: one process does it all");
    if (tk_calls(pump, "pipe") == 0) {
        bool sockets = tk_calls(pump, "socketpair") > 0;
        tk_cause(sockets ? "socketpair_instead_of_pipe" : "no_pipe");
        tk_fail("no pipe was made%s", sockets ? ": socketpair() makes sockets" : "");
    }
    struct tk_flows flows = tk_flows(pump);
    tk_cause("one_process_does_both");
    for (size_t i = 0; i < flows.count; i++) {
        pid_t pid = flows.list[i].pid;
        bool both = has_flow(flows, pid, false, in) && has_flow(flows, pid, true, out);
        tk_assert(!both, "process %d reads stdin and writes stdout as well", (int)pid);
    }
    tk_cause("bytes_bypass_pipe");
    tk_assert(joined_by_pipe(flows, in, out),
              "the bytes do not go through a pipe from the process that reads stdin to "
              "the one that writes stdout");
}

TK_TEST(pump_copies_a_line)
{
    static const char line[] = "Hello, Pipe! 1 + 2 = {3} @ [az] `AZ` ~\n";
    tk_assert_exit(pump_bytes(line, sizeof line - 1), 0);
}

TK_TEST(pump_copies_nothing)
{
    tk_assert_exit(pump_bytes("", 0), 0);
}

TK_SUITE(tk_test(pump_uses_a_pipe_and_a_child), tk_test(pump_copies_a_line), tk_test(pump_copies_nothing))
