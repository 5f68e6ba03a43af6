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

/* What it leaves is for the supervisor to find. */
static void run_family(void)
{
    const tk_bytes line = random_line(20);
    tk_process *boardd = spawn_family(300, false, false);
    expect_ready(boardd);
    send_line(boardd, line, "ok");
    assert_family_prints(boardd, printed(&line, 1));
    tk_wait(boardd);
}

TK_TEST(boardd_f_waits_for_its_child)
{
    run_family();
}

TK_TEST(boardd_f_removes_the_segment)
{
    run_family();
}

TK_TEST(boardd_f_reports_a_failed_fork)
{
    assert_boardd_refuses(spawn_family(300, false, true), "no process could be made");
}

TK_SUITE(tk_test(boardd_f_shares_a_private_segment), tk_test(boardd_f_waits_for_its_child),
         tk_test(boardd_f_removes_the_segment), tk_test(boardd_f_reports_a_failed_fork))
