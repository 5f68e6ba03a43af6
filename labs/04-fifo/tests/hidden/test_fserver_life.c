/* fserver: its start, its end, and what it has in between. */
#include "../public/serving.h"

TK_TEST(fserver_uses_a_fifo_that_is_there)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester");
    make_fifo(tester, path); /* as a server leaves it that was killed */
    tk_cause("stale_fifo_is_fatal");
    tk_process *fserver = ready_fserver(path);
    tk_cause(NULL);
    struct client c = new_client(tester, fserver, 0, path);
    assert_served(&c, random_word(20));
}

static void assert_refused(tk_process *tester, const char *path)
{
    const char *before = look(tester, path);
    tk_process *fserver = start_fserver(path);
    tk_hint(
        "EEXIST says that something is there, not what: stat() and S_ISFIFO(). Only a FIFO is yours to use.");
    tk_cause("not_a_fifo_accepted");
    tk_assert_eof(fserver);
    tk_assert_exit(fserver, 1);
    tk_cause("not_a_fifo_changed");
    const char *after = look(tester, path);
    tk_assert(strcmp(before, after) == 0, "where there was %s, there is now %s", described(before),
              *after ? tk_string("another file: %s", described(after)) : "nothing");
    tk_cause(NULL);
}

TK_TEST(fserver_refuses_another_file)
{
    const char *file = tk_random_name("file"), *folder = tk_random_name("folder");
    tk_process *tester = tk_start("tester");
    tk_bytes content = random_word(50);
    must(ask(tester, "file", 0, "-", file, content));
    must(ask(tester, "folder", 0, "-", folder, NO_DATA));
    assert_refused(tester, file);
    tk_cause("not_a_fifo_changed");
    tk_assert_bytes(must(ask(tester, "content", 0, "-", file, NO_DATA)), content.data, content.size,
                    "the file at PATH");
    assert_refused(tester, folder);
}

TK_TEST(fserver_reports_a_failure)
{
    tk_process *fserver = start_fserver(tk_string("%s/server", tk_random_name("nowhere")));
    tk_hint(
        "mkfifo() and open() return -1 when they fail: say so on stderr, print no \"ready\", exit with 1.");
    tk_cause("error_ignored");
    tk_assert_eof(fserver);
    tk_assert_exit(fserver, 1);
}

TK_TEST(fserver_reports_wrong_usage)
{
    const char *const two[] = {"one", "two", NULL}, *const none[] = {NULL};
    tk_hint("With a number of arguments other than one: exit with 2, as main does from the start.");
    tk_assert_exit(tk_spawn(&(struct tk_how){.program = "fserver", .args = none, .in = TK_NULL}), 2);
    tk_assert_exit(tk_spawn(&(struct tk_how){.program = "fserver", .args = two, .in = TK_NULL}), 2);
}

TK_TEST(fserver_sets_the_mode)
{
    static const char *const masks[] = {"022", "0"};
    tk_process *tester = tk_start("tester");
    for (size_t i = 0; i < 2; i++) {
        const char *path = tk_random_name("server");
        const char *const args[] = {"umask", masks[i], tk_program_path("fserver"), path, NULL};
        tk_process *fserver = tk_spawn(&(struct tk_how){.program = "tester", .args = args, .in = TK_NULL});
        await_ready(fserver);
        tk_settles(fserver);
        tk_hint("mkfifo(path, 0600), in octal. The umask takes bits away, and here it is %s; or use chmod(), "
                "which no umask "
                "changes.",
                masks[i]);
        assert_mode(tester, path, tk_string("under the umask %s, what is at PATH", masks[i]));
    }
}

TK_TEST(fserver_ends_with_clients)
{
    const char *path = tk_random_name("server"), *old = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client c = new_client(tester, fserver, 0, path);
    tk_hint("SIGTERM ends fserver at once, whoever has the FIFO open, and whoever has made it.");
    assert_served(&c, random_word(20));
    assert_ends(fserver, tester, path);
    leave(&c);

    make_fifo(tester, old);
    fserver = ready_fserver(old);
    c = new_client(tester, fserver, 1, old);
    leave(&c);
    assert_ends(fserver, tester, old);
}

TK_TEST(fserver_leaves_no_descriptor)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client c = new_client(tester, fserver, 0, path);
    assert_served(&c, random_word(20));
    leave(&c);
    tk_settles(fserver);
    struct tk_fds before = tk_fds(fserver);
    for (int i = 1; i <= 20; i++) {
        c = new_client(tester, fserver, i, path);
        assert_served(&c, random_word(20));
        leave(&c);
    }
    tk_settles(fserver);
    tk_hint("close() the reply FIFO after each reply, and whatever else is opened for a request.");
    tk_assert_no_new_fd(before, fserver, "after 20 requests");
}

TK_TEST(fserver_leaves_no_descriptor_after_drops)
{
    const char *path = tk_random_name("server"), *unread = tk_random_name("unread"),
               *file = tk_random_name("file");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client c = new_client(tester, fserver, 0, path), lazy = new_client(tester, fserver, 1, path);
    make_fifo(tester, unread);
    must(ask(tester, "file", 0, "-", file, random_word(10)));
    for (int i = 0; i < 20; i++) /* then its FIFO is full */
        send_request(&lazy, random_word(4000));
    assert_served(&c, random_word(20));
    tk_settles(fserver);
    struct tk_fds before = tk_fds(fserver);
    for (int i = 0; i < 5; i++) {
        send_request(&lazy, random_word(4000));
        write_raw(&c, request(unread, random_word(20)));
        write_raw(&c, request(file, random_word(20)));
        write_raw(&c, request(tk_random_name("nothing"), random_word(20)));
    }
    assert_served(&c, random_word(20));
    tk_settles(fserver);
    tk_hint("close() on every way out of the function that sends a reply, those after an error among them.");
    tk_assert_no_new_fd(before, fserver, "after replies that were dropped");
}

TK_TEST(fserver_has_clean_memory)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client c = new_client(tester, fserver, 0, path);
    for (int i = 0; i < 3; i++)
        assert_served(&c, random_word(20));
    write_raw(&c, tk_bytes_of("nonsense\n text\n"));
    write_raw(&c, request(tk_random_name("nothing"), random_word(20)));
    write_raw(&c, request(c.reply, random_word(5000)));
    assert_served(&c, random_word(PIPE_BUF - strlen(c.reply) - 2));
    tk_settles(fserver);
    tk_signal(fserver, SIGTERM);
    tk_wait(fserver);
}

TK_SUITE(tk_test(fserver_uses_a_fifo_that_is_there), tk_test(fserver_refuses_another_file),
         tk_test(fserver_reports_a_failure), tk_test(fserver_reports_wrong_usage),
         tk_test(fserver_sets_the_mode), tk_test(fserver_ends_with_clients),
         tk_test(fserver_leaves_no_descriptor), tk_test(fserver_leaves_no_descriptor_after_drops),
         tk_test(fserver_has_clean_memory))
