/* Students have this file: it shows what is judged first. What a test needs from testkit stands in testkit.h.
 */
#include "testkit.h"

#include <string.h>

static bool has_flow(struct tk_flows flows, pid_t pid, bool write, const char *object)
{
    for (size_t i = 0; i < flows.count; i++) {
        const struct tk_flow *f = &flows.list[i];
        if (f->pid == pid && f->write == write && strcmp(f->object, object) == 0)
            return true;
    }
    return false;
}

/* Does `from` write to a pipe that another process reads, who writes to `out`? */
static bool hands_on(struct tk_flows flows, pid_t from, const char *out)
{
    for (size_t i = 0; i < flows.count; i++) {
        const struct tk_flow *f = &flows.list[i];
        if (f->write || f->pid == from || strncmp(f->object, "pipe:", 5) != 0)
            continue;
        if (has_flow(flows, from, true, f->object) && has_flow(flows, f->pid, true, out))
            return true;
    }
    return false;
}

/* The mechanism is judged by what the kernel saw, never by names in the source. */
TK_TEST(relay_uses_a_pipe_and_a_child)
{
    tk_process *relay = tk_spawn(&(struct tk_how){.program = "relay", .watch_data = true});
    const char *in = tk_object(tk_stdin_fd(relay)), *out = tk_object(tk_stdout_fd(relay));
    tk_bytes line = tk_join(tk_random_text(30, TK_WORD), tk_bytes_of("\n"));
    tk_send(relay, line.data, line.size);
    tk_close_stdin(relay);
    tk_receive(relay, 1, "the first byte that relay prints"); /* the others are for other tests */
    tk_cause("no_fork");
    tk_assert(tk_calls(relay, "fork") > 0, "relay has no child: one process does it all");
    tk_cause("no_pipe");
    tk_assert(tk_calls(relay, "pipe") > 0, "no pipe was made");
    tk_cause("bytes_bypass_pipe");
    struct tk_flows flows = tk_flows(relay);
    bool joined = false;
    for (size_t i = 0; i < flows.count; i++)
        joined |= has_flow(flows, flows.list[i].pid, false, in) && hands_on(flows, flows.list[i].pid, out);
    tk_assert(joined,
              "the process that reads stdin does not hand the bytes on through a pipe to the one that "
              "writes stdout");
}

static void assert_copies(tk_bytes data)
{
    tk_process *relay = tk_start("relay");
    tk_bytes out = tk_exchange(relay, data.data, data.size);
    tk_assert_bytes(out, data.data, data.size, "what relay printed");
    tk_wait(relay);
}

TK_TEST(relay_copies_a_line)
{
    assert_copies(tk_join(tk_random_text(40, TK_WORD), tk_bytes_of("\n")));
}

TK_TEST(relay_copies_nothing)
{
    assert_copies(tk_zeros(0));
}

TK_TEST(relay_ends_with_0)
{
    tk_process *relay = tk_start("relay");
    tk_exchange(relay, "some bytes\n", 11);
    tk_assert_exit(relay, 0);
}

TK_SUITE(tk_test(relay_uses_a_pipe_and_a_child), tk_test(relay_copies_a_line), tk_test(relay_copies_nothing),
         tk_test(relay_ends_with_0))
