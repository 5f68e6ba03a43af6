/* What is different about POSIX objects. */
#include "../public/boards.h"

#include <errno.h>

TK_TEST(boardd_m_gives_the_mode)
{
    const char *const modes[] = {"0666", "0600", "622"};
    for (int i = 0; i < 3; i++) {
        const struct place p = new_object();
        tk_process *boardd = spawn_boardd(p, 100, modes[i], NULL, false);
        expect_ready(boardd);
        const struct seen s = look_at(p);
        tk_cause("other_mode");
        tk_assert(s.mode == strtoul(modes[i], NULL, 8), "MODE is %s, but the object has the permissions %04o",
                  modes[i], s.mode);
        tk_cause(NULL);
        end_boardd(boardd);
    }
}

TK_TEST(boardd_m_refuses_an_existing_object)
{
    const struct place p = new_object();
    const tk_bytes line = random_line(30), image = plain_board(200, &line, 1);
    struct made m = make_at(p, image, "0600");
    tk_cause("existing_taken");
    assert_boardd_refuses(spawn_boardd(p, 200, "0600", NULL, false),
                          "there was an object of that name already");
    const struct seen after = look_at(p);
    tk_cause("existing_removed");
    tk_assert(after.found, "boardd could not use the object that was there, but has removed it");
    tk_cause("existing_changed");
    tk_assert_bytes(after.bytes, image.data, image.size, "the object that was there before");
    tk_cause(NULL);
    remove_made(m);
}

static void assert_removed(struct place p, const char *when)
{
    tk_cause("posix_shm");
    tk_assert(!look_at(p).found, "%s the object \"%s\" is still there", when, p.second);
    tk_cause(NULL);
}

TK_TEST(boardd_m_removes_the_object)
{
    const struct place p = new_object();
    tk_process *boardd = start_boardd(p, 300);
    send_line(boardd, random_line(20), "ok");
    end_boardd(boardd);
    assert_removed(p, "boardd has ended, and");
}

TK_TEST(boardd_m_reports_a_failed_ftruncate)
{
    const struct tk_fault *fails =
        TK_FAULTS({.call = "ftruncate", .who = TK_ANYONE, .action = TK_ERRNO, .value = ENOSPC});
    const struct place p = new_object();
    tk_process *boardd = spawn_boardd(p, 300, "0600", fails, false);
    tk_bytes out = tk_exchange(boardd, "", 0);
    int status = tk_wait(boardd);
    if (tk_faults_injected(boardd) == 0)
        return; /* it has given the size in another way */
    tk_hint("ftruncate() returns -1 when it fails: the object is there then, and has no bytes. Unlink it, "
            "and exit with 1.");
    tk_assert(out.size == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 1,
              "ftruncate() failed (ENOSPC), but boardd %s, not with 1, and printed \"%.*s\"",
              tk_describe_status(status), first_line(out), (char *)out.data);
    assert_removed(p, "boardd has failed, and");
}

TK_TEST(board_m_opens_read_only)
{
    const struct place p = new_object();
    const tk_bytes line = random_line(20);
    struct made m = make_at(p, plain_board(200, &line, 1), "0400");
    tk_cause("wants_to_write");
    tk_process *board = spawn_board(p, 200);
    tk_bytes out = tk_receive_all(board), expected = printed(&line, 1);
    tk_assert_bytes(out, expected.data, expected.size, "what board printed of an object of mode 0400");
    tk_cause(NULL);
    tk_assert_exit(board, 0);
    remove_made(m);
}

TK_TEST(board_m_reports_what_it_cannot_open)
{
    const struct place absent = new_object(), forbidden = new_object();
    const tk_bytes line = random_line(30);
    tk_hint("shm_open() returns -1 when it fails, and mmap() MAP_FAILED, which is not NULL. Exit with 1.");
    assert_board_refuses(absent, 200, true, "there is no object of that name");
    const struct seen s = look_at(absent);
    tk_cause("reader_makes_it");
    tk_assert(!s.found && !s.refused, "there was no object of that name, and board has made one");
    tk_cause(NULL);
    struct made m = make_at(forbidden, plain_board(200, &line, 1), "0200");
    if (!m.readable)
        assert_board_refuses(forbidden, 200, true,
                             "the object has mode 0200, so it cannot be opened (EACCES)");
    remove_made(m);
}

TK_TEST(board_m_reports_a_small_object)
{
    const struct place p = new_object(), empty = new_object();
    const tk_bytes line = random_line(30);
    struct made m = make_at(p, plain_board(200, &line, 1), "0600"),
                none = make_at(empty, tk_bytes_of(""), "0600");
    tk_hint("fstat() tells how many bytes the object has: fewer than SIZE, and you exit with 1. mmap() does "
            "not mind, but the "
            "access behind the end is a SIGBUS.");
    assert_board_refuses(p, 201, true, "the object has 200 bytes and SIZE is 201");
    assert_board_refuses(empty, 200, true, "the object has no bytes and SIZE is 200");
    remove_made(m);
    remove_made(none);
}

TK_SUITE(tk_test(boardd_m_gives_the_mode), tk_test(boardd_m_refuses_an_existing_object),
         tk_test(boardd_m_removes_the_object), tk_test(boardd_m_reports_a_failed_ftruncate),
         tk_test(board_m_opens_read_only), tk_test(board_m_reports_what_it_cannot_open),
         tk_test(board_m_reports_a_small_object))
