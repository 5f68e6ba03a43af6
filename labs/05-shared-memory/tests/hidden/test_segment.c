/* The life of boardd's segment. */
#include "../public/boards.h"

#include <errno.h>
#include <signal.h>

TK_TEST(boardd_gives_the_mode)
{
    const char *const modes[] = {"0640", "666", "0604", "0622"};
    for (int i = 0; i < 4; i++) {
        tk_process *boardd = spawn_boardd(new_segment(), 100, modes[i], NULL, false);
        expect_ready(boardd);
        const struct seen s = segment_of(boardd);
        tk_cause("other_mode");
        tk_assert(s.mode == strtoul(modes[i], NULL, 8),
                  "MODE is %s, but the segment has the permissions %04o", modes[i], s.mode);
        tk_cause(NULL);
        end_boardd(boardd);
    }
}

/* Somebody's board with the key of that place. */
static tk_bytes somebodys(size_t size)
{
    const tk_bytes lines[] = {random_line(20), random_line(9)};
    return plain_board(size, lines, 2);
}

TK_TEST(boardd_refuses_an_existing_segment)
{
    const size_t sizes[] = {200, 100, 500}; /* as large as that one, smaller, larger */
    for (int i = 0; i < 3; i++) {
        const struct place p = new_segment();
        struct made m = make_at(p, somebodys(200), "0600");
        tk_cause("existing_taken");
        assert_boardd_refuses(spawn_boardd(p, sizes[i], "0600", NULL, false),
                              "there was a segment with that key already");
        remove_made(m);
    }
}

TK_TEST(boardd_leaves_an_existing_segment_alone)
{
    const struct place p = new_segment();
    const tk_bytes image = somebodys(200);
    struct made m = make_at(p, image, "0600");
    const struct seen before = look_at(p);
    tk_process *boardd = spawn_boardd(p, 200, "0600", NULL, false);
    tk_exchange(boardd, "a line\n", 7);
    tk_wait(boardd);
    const struct seen after = look_at(p);
    tk_cause("existing_removed");
    tk_assert(after.found && after.id == before.id,
              "boardd could not use the segment that was there, but has removed it");
    tk_cause("existing_changed");
    tk_assert_bytes(after.bytes, image.data, image.size, "the segment that was there before");
    tk_cause(NULL);
    remove_made(m);
}

TK_TEST(boardd_reports_a_missing_path)
{
    const struct place p = {.first = tk_string("no-file-%d", (int)tk_random_between(0, 9999)),
                            .second = random_id()};
    tk_process *boardd = spawn_boardd(p, 100, "0600", NULL, false);
    tk_bytes out = tk_exchange(boardd, "", 0);
    tk_cause("ftok_unchecked");
    tk_assert(out.size == 0, "%s does not exist, so there is no key, but boardd printed \"%.*s\"", p.first,
              first_line(out), (char *)out.data);
    tk_cause(NULL);
    tk_assert_exit(boardd, 1);
}

TK_TEST(boardd_reports_a_small_size)
{
    const size_t sizes[] = {15, (size_t)tk_random_between(1, 14), 0};
    for (int i = 0; i < 3; i++)
        assert_boardd_refuses(spawn_boardd(new_segment(), sizes[i], "0600", NULL, false),
                              tk_string("a board of %zu bytes has no room for its header", sizes[i]));
}

static void assert_removed(struct seen s, const char *when)
{
    tk_cause("sysv_shm");
    tk_assert(!look("id", tk_string("%d", s.id), NULL).found,
              "%s the segment (id %d, key 0x%08x) is still there", when, s.id, s.key);
    tk_cause(NULL);
}

TK_TEST(boardd_removes_the_segment_on_sigterm)
{
    tk_process *boardd = start_boardd(new_segment(), 300);
    send_line(boardd, random_line(20), "ok");
    const struct seen s = segment_of(boardd);
    tk_signal(boardd, SIGTERM);
    tk_assert_eof(boardd);
    tk_assert_exit(boardd, 0);
    assert_removed(s, "boardd has ended after a SIGTERM, and");
}

TK_TEST(boardd_detaches_before_it_ends)
{
    const struct tk_fault *hold = TK_FAULTS({.call = "exit", .nth = 1, .who = TK_MAIN, .action = TK_HOLD});
    tk_process *boardd = spawn_boardd(new_segment(), 300, "0600", hold, false);
    expect_ready(boardd);
    send_line(boardd, random_line(20), "ok");
    const struct seen s = segment_of(boardd);
    tk_close_stdin(boardd);
    tk_wait_held(boardd);
    const struct seen after = listed_segment(boardd);
    tk_release(boardd);
    tk_assert_exit(boardd, 0);
    tk_cause("not_detached");
    tk_assert(!after.found, "boardd is about to exit, and the segment (id %d) is still attached %lu time%s",
              s.id, after.attached, after.attached == 1 ? "" : "s");
}

TK_TEST(boardd_lets_readers_go_on)
{
    const struct place p = new_segment();
    tk_process *boardd = start_boardd(p, 300);
    send_line(boardd, random_line(20), "ok");
    const struct seen s = segment_of(boardd);
    const char *const args[] = {"id", tk_string("%d", s.id), "hold", NULL};
    tk_process *reader = tk_spawn(&(struct tk_how){.program = "reader", .args = args});
    tk_receive_line(reader, "the answer of the peer reader");
    tk_receive(reader, s.size, "the segment");

    end_boardd(boardd);
    tk_assert(!look_at(p).found, "boardd has ended, and its segment can still be found by its key");
    tk_close_stdin(reader);
    tk_assert_bytes(tk_receive_all(reader), s.bytes.data, s.size,
                    "what a reader sees that was attached when boardd ended");
    peer_ends(reader, "the peer reader");
}

TK_TEST(boardd_reports_a_failed_attach)
{
    const struct tk_fault *fails =
        TK_FAULTS({.call = "shmat", .who = TK_ANYONE, .action = TK_ERRNO, .value = ENOMEM});
    tk_hint("shmat() returns (void *)-1 when it fails, not NULL: compare with that. The segment is there "
            "then: remove it "
            "before you exit with 1.");
    assert_boardd_refuses(spawn_boardd(new_segment(), 300, "0600", fails, false), "shmat() failed (ENOMEM)");
}

TK_SUITE(tk_test(boardd_gives_the_mode), tk_test(boardd_refuses_an_existing_segment),
         tk_test(boardd_leaves_an_existing_segment_alone), tk_test(boardd_reports_a_missing_path),
         tk_test(boardd_reports_a_small_size), tk_test(boardd_removes_the_segment_on_sigterm),
         tk_test(boardd_detaches_before_it_ends), tk_test(boardd_lets_readers_go_on),
         tk_test(boardd_reports_a_failed_attach))
