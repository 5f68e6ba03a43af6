/* What boardd -f shares, and what it leaves. */
#include "../public/family.h"

TK_TEST(boardd_f_shares_a_private_segment)
{
    enum { SIZE = 300 };
    const tk_bytes lines[] = {random_line(20), random_line(9), random_line(33)};
    tk_process *boardd = spawn_family(SIZE, false, false);
    expect_ready(boardd);
    for (int i = 0; i < 3; i++)
        send_line(boardd, lines[i], "ok");
    send_line(boardd, random_line(200), "full");
    const struct seen s = segment_of(boardd);
    tk_cause("not_private");
    tk_assert(s.key == 0, "the segment of the family has the key 0x%08x: anybody can find it", s.key);
    tk_cause(NULL);
    tk_assert_int((int64_t)s.size, SIZE, "the size of the segment");
    assert_notes(s, SIZE, lines, 3);
    assert_family_prints(boardd, printed(lines, 3));
    tk_assert_exit(boardd, 0);
}

TK_TEST(boardd_f_waits_without_spinning)
{
    tk_process *boardd = spawn_family(300, false, false);
    expect_ready(boardd);
    tk_settles(boardd);
    const struct tk_children children = tk_children(boardd);
    for (size_t i = 0; i < children.count; i++)
        tk_assert(
            children.list[i].state == 'Z' || tk_blocks(children.list[i].pid, NULL),
            "while there is no input, the child does not wait in a call that blocks: it spins, or sleeps and "
            "looks again and again");
}

/* The child has to wait before it first prints: the parent is done by then, and waits, or it has ended. Which
 * of both it is the supervisor sees: at the end of the parent a child that it has not waited for is told. */
TK_TEST(boardd_f_waits_for_its_child)
{
    const struct tk_fault *hold =
        TK_FAULTS({.call = "write", .nth = 1, .who = TK_CHILDREN, .fd = TK_FD(1), .action = TK_HOLD});
    const tk_bytes line = random_line(20), expected = printed(&line, 1);
    const char *const args[] = {"-f", "300", NULL};
    tk_process *boardd = tk_spawn(&(struct tk_how){.program = "boardd", .args = args, .faults = hold});
    expect_ready(boardd);
    send_line(boardd, line, "ok");
    tk_close_stdin(boardd);
    tk_wait_held(boardd);
    tk_blocks(tk_pid(boardd), NULL);
    tk_release(boardd);
    tk_assert_bytes(tk_receive_all(boardd), expected.data, expected.size,
                    "what is printed after the last ok");
    tk_wait(boardd);
}

TK_TEST(boardd_f_removes_the_segment)
{
    const tk_bytes line = random_line(20);
    tk_process *boardd = spawn_family(300, false, false);
    expect_ready(boardd);
    send_line(boardd, line, "ok");
    assert_family_prints(boardd, printed(&line, 1));
    tk_wait(boardd); /* what it leaves is for the supervisor to find */
}

TK_TEST(boardd_f_reports_a_failed_fork)
{
    assert_boardd_refuses(spawn_family(300, false, true), "no process could be made");
}

TK_SUITE(tk_test(boardd_f_shares_a_private_segment), tk_test(boardd_f_waits_without_spinning),
         tk_test(boardd_f_waits_for_its_child), tk_test(boardd_f_removes_the_segment),
         tk_test(boardd_f_reports_a_failed_fork))
