#include "family.h"

/* Has another process than the first one written to that object? */
static bool a_child_printed(tk_process *boardd, const char *out)
{
    struct tk_flows flows = tk_flows(boardd);
    bool printed = false;
    for (size_t i = 0; i < flows.count; i++) {
        const struct tk_flow *f = &flows.list[i];
        printed |= f->write && f->pid != tk_pid(boardd) && strcmp(f->object, out) == 0;
    }
    return printed;
}

TK_TEST(boardd_f_prints_in_a_child)
{
    const tk_bytes line = random_line((size_t)tk_random_between(9, 60));
    tk_process *boardd = spawn_family(400, true, false);
    const char *out = tk_object(tk_stdout_fd(boardd));
    expect_ready(boardd);
    tk_settles(boardd); /* that it prints ready a moment before it makes the child costs elsewhere */
    const bool has_child = tk_children(boardd).count > 0;
    if (tk_calls(boardd, "fork") == 0)
        tk_cause("forked_too_late");
    tk_assert(has_child, "boardd has printed ready, but has no child");
    tk_cause(NULL);
    send_line(boardd, line, "ok");
    assert_family_prints(boardd, printed(&line, 1));
    tk_assert_exit(boardd, 0);
    tk_cause("child_does_not_print");
    tk_assert(a_child_printed(boardd, out), "the notes were printed by the parent, not by its child");
}

TK_SUITE(tk_test(boardd_f_prints_in_a_child))
