#include "boards.h"

/* Have bytes gone through a call that reads or writes that object? */
static bool used_as_file(tk_process *p, const char *name, bool write)
{
    struct tk_flows flows = tk_flows(p);
    bool used = false;
    for (size_t i = 0; i < flows.count; i++)
        used |= flows.list[i].write == write && strstr(flows.list[i].object, name) != NULL;
    return used;
}

TK_TEST(boardd_m_makes_an_object)
{
    const struct place p = new_object();
    const size_t size = (size_t)tk_random_between(200, 9000);
    const tk_bytes line = random_line((size_t)tk_random_between(9, 60));
    tk_process *boardd = spawn_boardd(p, size, "0600", NULL, true);
    expect_ready(boardd);
    send_line(boardd, line, "ok");
    struct seen s = look_at(p);
    tk_cause("no_shared_object");
    tk_assert(s.found, "boardd has made no POSIX shared memory object \"%s\"", p.second);
    tk_cause("object_used_as_file");
    tk_assert(!used_as_file(boardd, p.second, true), "boardd stores the board with write()");
    tk_cause(NULL);
    tk_assert_int((int64_t)s.size, (int64_t)size, "the size of the object");
    assert_one_note(s, size, line);
}

TK_TEST(board_m_prints_the_notes)
{
    const struct place p = new_object();
    const tk_bytes lines[] = {random_line(8), random_line(13), random_line(30)};
    struct made m = make_at(p, plain_board(400, lines, 3), "0600");
    const char *const args[] = {p.first, p.second, "400", NULL};
    const tk_bytes expected = printed(lines, 3);
    tk_process *board =
        tk_spawn(&(struct tk_how){.program = "board", .args = args, .in = TK_NULL, .watch_data = true});
    tk_assert_bytes(tk_receive_all(board), expected.data, expected.size, "what board printed");
    tk_assert_exit(board, 0);
    tk_cause("object_used_as_file");
    tk_assert(!used_as_file(board, p.second, false), "board reads the object with read()");
    tk_cause(NULL);
    remove_made(m);
}

TK_SUITE(tk_test(boardd_m_makes_an_object), tk_test(board_m_prints_the_notes))
