/* fserver: replies that nobody takes. What one client does never costs another one its reply. */
#include "../public/serving.h"

/* A request whose reply is to go to `reply`, whatever that is; then another client's, which is answered. */
static void assert_dropped(struct client *other, const char *reply)
{
    write_raw(other, request(reply, random_word(30)));
    assert_served(other, random_word(20));
}

TK_TEST(fserver_drops_replies_without_fifo)
{
    const char *path = tk_random_name("server"), *nothing = tk_random_name("nothing"),
               *folder = tk_random_name("folder");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client c = new_client(tester, fserver, 0, path);
    must(ask(tester, "folder", 0, "-", folder, NO_DATA));
    tk_hint("open() fails when nothing is at REPLYPATH: the client is gone, so drop the reply, and go on. Do "
            "not create "
            "anything.");
    assert_dropped(&c, nothing);
    assert_dropped(&c, tk_string("%s/nowhere", nothing));
    assert_dropped(&c, folder);
    assert_dropped(&c, (char *)random_word(600).data); /* longer than a name may be */
    tk_cause("reply_file_made");
    tk_assert(!*look(tester, nothing), "the server has made %s, which no client had made", nothing);
}

TK_TEST(fserver_leaves_other_files_alone)
{
    const char *path = tk_random_name("server"), *file = tk_random_name("thesis");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client c = new_client(tester, fserver, 0, path);
    tk_bytes content = random_word(50);
    must(ask(tester, "file", 0, "-", file, content));
    tk_hint("fstat() and S_ISFIFO() tell what you have opened. Write to a FIFO only, and never open with "
            "O_TRUNC or O_CREAT.");
    assert_dropped(&c, file);
    tk_cause("reply_into_a_file");
    tk_assert_bytes(must(ask(tester, "content", 0, "-", file, NO_DATA)), content.data, content.size,
                    "the file that a request has named for a reply FIFO");
}

TK_TEST(fserver_drops_replies_that_nobody_reads)
{
    const char *path = tk_random_name("server"), *unread = tk_random_name("unread");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client c = new_client(tester, fserver, 0, path);
    make_fifo(tester, unread);
    tk_hint("A client may be gone without having removed its FIFO. open(path, O_WRONLY) waits for a reader, "
            "for ever: with "
            "O_NONBLOCK it fails with ENXIO. Drop the reply then.");
    assert_dropped(&c, unread);
    assert_dropped(&c, unread);
}

TK_TEST(fserver_is_not_held_up_by_a_full_fifo)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = ready_fserver(path);
    struct client lazy = new_client(tester, fserver, 0, path), other = new_client(tester, fserver, 1, path);
    tk_hint("A client may send requests and never read. write() to its full FIFO waits, and the server with "
            "it: leave O_NONBLOCK "
            "on for the reply.");
    for (int i = 0; i < 20; i++) /* the FIFO holds 16 of these */
        send_request(&lazy, random_word(4000));
    assert_served(&other, random_word(20));
}

/* ---- a client that goes just before its reply is written ------------------------------------------- */

/* Each process of it is held before its first write() to any descriptor but 0, 1 and 2. */
static tk_process *start_held_fserver(const char *path)
{
    static struct tk_fault faults[29];
    static int numbers[28];
    const char *const args[] = {path, NULL};
    for (int i = 0; i < 28; i++) {
        numbers[i] = 3 + i;
        faults[i] = (struct tk_fault){.call = "write", .nth = 1, .fd = &numbers[i], .action = TK_HOLD};
    }
    faults[28] = (struct tk_fault){.call = NULL};
    tk_process *fserver =
        tk_spawn(&(struct tk_how){.program = "fserver", .args = args, .in = TK_NULL, .faults = faults});
    await_ready(fserver);
    return fserver;
}

static bool has_open(pid_t pid, const char *reply)
{
    struct tk_fds fds = tk_fds_of(pid);
    for (size_t i = 0; i < fds.count; i++)
        if (fds.list[i].writable && ends_with(fds.list[i].object, reply))
            return true;
    return false;
}

TK_TEST(fserver_survives_a_client_that_dies)
{
    const char *path = tk_random_name("server");
    tk_process *tester = tk_start("tester"), *fserver = start_held_fserver(path);
    struct client dying = new_client(tester, fserver, 0, path), other = new_client(tester, fserver, 1, path);
    tk_bytes word = random_word(20), right = upper_cased(word);
    pid_t pid;
    tk_hint(
        "write() to a FIFO whose reader has just gone brings SIGPIPE: leave it ignored, as main has it, and "
        "take EPIPE for a reply that is dropped.");
    send_request(&dying, random_word(20));
    while (!has_open(pid = tk_wait_held(fserver), dying.reply))
        tk_release(fserver); /* it writes something else */
    must(ask(tester, "close", dying.in, "-", "-", NO_DATA));
    tk_release(fserver);

    send_request(&other, word);
    tell(tester, "read", other.in, tk_string("%zu", right.size), "-", NO_DATA);
    while (tk_held_comes(fserver, tester, &pid)) /* by another process, or on another descriptor */
        tk_release(fserver);
    tk_bytes reply = must(hear(tester, "a reply in the other client's FIFO"));
    if (reply.size < right.size)
        reply = tk_join(reply, receive_reply(&other, right.size - reply.size));
    tk_assert_bytes(reply, right.data, right.size, "the reply to the other client");
}

TK_SUITE(tk_test(fserver_drops_replies_without_fifo), tk_test(fserver_leaves_other_files_alone),
         tk_test(fserver_drops_replies_that_nobody_reads), tk_test(fserver_is_not_held_up_by_a_full_fifo),
         tk_test(fserver_survives_a_client_that_dies))
