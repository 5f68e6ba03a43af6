#include "../public/post.h"

TK_TEST(mb_create_keeps_what_is_there)
{
    struct clerk a = start("the process"), b = start("another process");
    const char *name = some_name();
    create(&a, name, 3, 100);
    open_as(&a, name, 0);
    tk_bytes first = some_bytes(), second = some_bytes();
    send_it(&a, 0, first);
    tk_hint("O_EXCL, or IPC_EXCL: then nothing is made, or changed, if there is one of that name.");
    assert_refused(try_create(&b, name, 5, 200), EEXIST, "mb_create", "there is a mailbox of that name");
    tk_cause("existing_one_changed");
    assert_refused(try_create(&a, name, 3, 100), EEXIST, "mb_create", "there is a mailbox of that name");
    send_it(&a, 0, second);
    open_as(&b, name, 0);
    tk_bytes *sent[] = {&first, &second};
    for (int i = 0; i < 2; i++) {
        struct letter l = try_recv(&b, 0, 100, 0);
        tk_assert(l.end.returned >= 0,
                  "mb_create found a mailbox of that name, and now a message in it is gone");
        assert_letter(l, *sent[i], "mb_recv", &b);
    }
    tk_cause(NULL);
    delete_it(&a, name);
}

static void assert_nonsense(const struct clerk *a, int cap, size_t max)
{
    const char *name = some_name();
    struct end e = try_create(a, name, cap, max);
    tk_cause("nonsense_accepted");
    tk_assert(e.returned == -1, "mb_create with cap %d and max %zu returned %lld, not -1", cap, max,
              (long long)e.returned);
    e = try_open(a, name, 0);
    tk_assert(e.returned == -1, "mb_create with cap %d and max %zu failed, but there is a mailbox now", cap,
              max);
    tk_cause(NULL);
}

TK_TEST(mb_create_refuses_nonsense)
{
    struct clerk a = start("the process");
    tk_hint("cap is from 0 to 10 (or -1, where that is offered), max at most 1024. Test that first.");
    assert_nonsense(&a, 11, 100);
    assert_nonsense(&a, -2, 100);
    assert_nonsense(&a, 5, 1025);
    assert_nonsense(&a, 5, (size_t)-1);
}

TK_TEST(mb_open_finds_nothing)
{
    struct clerk a = start("the process");
    const char *name = some_name();
    tk_hint("mb_open makes nothing: without O_CREAT (IPC_CREAT) it fails, with ENOENT.");
    assert_refused(try_open(&a, name, 0), ENOENT, "mb_open", "there is no mailbox of that name");
    assert_refused(try_delete(&a, name), ENOENT, "mb_delete", "there is no mailbox of that name");
    create(&a, name, 1, 10);
    delete_it(&a, name);
    tk_hint("After mb_delete there is none any more.");
    assert_refused(try_open(&a, name, 0), ENOENT, "mb_open", "the mailbox has been deleted");
    assert_refused(try_delete(&a, name), ENOENT, "mb_delete", "the mailbox has been deleted");
}

TK_TEST(mb_outlives_its_makers)
{
    struct clerk maker = start("the one who makes it"), sender = start("the sender"),
                 killed = start("one who is killed");
    const char *name = some_name();
    tk_bytes b[3];
    create(&maker, name, 5, 100);
    leave(&maker);
    open_as(&sender, name, 0);
    open_as(&killed, name, 0);
    for (int i = 0; i < 2; i++) {
        b[i] = some_bytes();
        send_it(&sender, 0, b[i]);
    }
    close_it(&sender, 0);
    leave(&sender);
    b[2] = some_bytes();
    send_it(&killed, 0, b[2]);
    tk_signal(killed.p, SIGKILL);
    tk_wait(killed.p);
    struct clerk receiver = start("the receiver");
    tk_hint("A mailbox belongs to no process: it is there until mb_delete, and so are the messages in it, "
            "whoever has "
            "closed it, or ended.");
    tk_cause("gone_with_its_maker");
    open_as(&receiver, name, 0);
    for (int i = 0; i < 3; i++) {
        struct letter l = try_recv(&receiver, 0, 100, 0);
        tk_assert(l.end.returned >= 0,
                  "mb_recv returned -1 (errno: %s): the sender has ended, and its message is gone",
                  errno_name(l.end.error));
        assert_letter(l, b[i], "mb_recv", &receiver);
    }
    tk_cause(NULL);
    delete_it(&receiver, name);
}

/* Names that have much in common, and as many as may be there. */
TK_TEST(mb_are_independent)
{
    enum { COUNT = 12 };
    static const char *const ends[COUNT] = {"",     "0",    "1",  "_", "-", "ack",
                                            "-ack", "_ack", "-1", "A", "a", "aa"};
    struct clerk a = start("the process"), b = start("another process");
    char name[COUNT][40];
    tk_bytes sent[COUNT];
    tk_cause("buffers_not_independent");
    tk_hint("Each name stands for a mailbox of its own: the whole name, each letter as it is.");
    const char *random = some_name() + 11; /* six digits */
    for (int i = 0; i < COUNT; i++) {
        snprintf(name[i], sizeof name[i], "mailbox-%s-inbox-number-%s", random, ends[i]);
        create(&a, name[i], 1 + i % 3, 20 + (size_t)i);
    }
    for (int i = 0; i < COUNT; i++) {
        open_as(&a, name[i], i);
        open_as(&b, name[i], i);
        sent[i] = text_of(20 + (size_t)i);
        assert_done(try_send(&a, i, sent[i], 0), "mb_send", &a);
    }
    delete_it(&a, name[0]);
    for (int i = COUNT - 1; i > 0; i--)
        assert_letter(try_recv(&b, i, 20 + (size_t)i, 0), sent[i], "mb_recv", &b);
    for (int i = 1; i < COUNT; i++)
        delete_it(&b, name[i]);
}

TK_TEST(mb_delete_makes_room)
{
    struct clerk a = start("the process"), b = start("another process");
    const char *name = some_name();
    create(&a, name, 3, 100);
    open_as(&a, name, 0);
    send_it(&a, 0, some_bytes());
    send_it(&a, 0, some_bytes());
    tk_hint("mb_delete removes the mailbox and what is in it, whoever calls it. The next one of that name is "
            "a new one: "
            "empty, and with its own cap and max.");
    delete_it(&b, name);
    tk_cause("not_deleted");
    struct end e = try_create(&b, name, 2, 200);
    tk_assert(e.returned == 0,
              "mb_create returned -1 (errno: %s), although the mailbox of that name has been deleted",
              errno_name(e.error));
    tk_cause("old_messages_first");
    open_as(&b, name, 0);
    assert_empty(&b, 0, 200,
                 "the mailbox has just been made: messages of an earlier one of that name are in it");
    tk_cause("not_deleted");
    tk_bytes c = text_of(200);
    assert_done(try_send(&b, 0, c, 0), "mb_send", &b);
    tk_cause(NULL);
    close_it(&a, 0);
    recv_it(&b, 0, 200, c);
    close_it(&b, 0);
    delete_it(&a, name);
}

/* Whoever waits gets EIDRM, or goes on waiting: it must not get what is meant for the next mailbox. */
static void look_at_waiter(const struct clerk *c, const char *call)
{
    if (!tk_call_returned(c->p)) {
        tk_signal(c->p, SIGKILL);
        tk_wait(c->p);
        return;
    }
    struct end e = get_end(tk_call_end(c->p));
    tk_cause("not_deleted");
    tk_assert(e.returned == -1,
              "%s returned %lld in a process that waited when the mailbox was deleted, not -1", call,
              (long long)e.returned);
    tk_cause(NULL);
}

TK_TEST(mb_delete_does_not_wait)
{
    struct clerk maker = start("the one who deletes"), receiver = start("a receiver that waits"),
                 sender = start("a sender that waits"), other = start("another process");
    const char *empty = some_name(), *full = some_name();
    create(&maker, empty, 1, 100);
    create(&maker, full, 1, 100);
    open_as(&receiver, empty, 0);
    open_as(&sender, full, 0);
    begin_recv(&receiver, 0, 100, FOR_EVER);
    assert_waits(&receiver, "mb_recv", "the mailbox is empty");
    fill(&sender, 0);
    begin_send(&sender, 0, text_of(100), FOR_EVER);
    assert_waits(&sender, "mb_send", "the mailbox is full");
    tk_hint("mb_delete waits for nobody: those who wait in the mailbox may get EIDRM, or wait on.");
    delete_it(&maker, empty);
    delete_it(&maker, full);
    create(&other, empty, 1, 100);
    create(&other, full, 1, 100);
    open_as(&other, empty, 0);
    open_as(&other, full, 1);
    tk_cause("old_messages_first");
    assert_empty(&other, 1, 100,
                 "the mailbox has just been made: there is a message that was sent to an earlier one");
    tk_cause("not_deleted");
    tk_bytes b = some_bytes();
    assert_done(try_send(&other, 0, b, 0), "mb_send", &other);
    assert_letter(try_recv(&other, 0, 100, 0), b, "mb_recv", &other);
    tk_cause(NULL);
    look_at_waiter(&receiver, "mb_recv");
    look_at_waiter(&sender, "mb_send");
    delete_it(&other, empty);
    delete_it(&other, full);
}

struct seen {
    int64_t mappings, files;
};

static struct seen look(const struct clerk *c)
{
    tk_msg *answer = tk_call(c->p, tk_msg_new("look"));
    struct seen s = {.mappings = tk_get_int(answer)};
    s.files = tk_get_int(answer);
    return s;
}

static void use(const struct clerk *c, const char *name, int handle)
{
    tk_bytes b = some_bytes();
    open_as(c, name, handle);
    send_it(c, handle, b);
    recv_it(c, handle, 100, b);
    assert_refused(try_recv(c, handle, 100, 0).end, 0, "mb_recv", "nothing is there and ms is 0");
}

/* Another process than the one that has made it deletes it, with messages in it. */
TK_TEST(mb_delete_leaves_nothing)
{
    struct clerk a = start("the process"), b = start("another process");
    const int64_t before = look(&a).files;
    const char *bounded = some_name(), *rendezvous = some_name();
    create(&a, bounded, 3, 100);
    create(&a, rendezvous, 0, 100);
    use(&a, bounded, 0);
    use(&b, bounded, 0);
    send_it(&b, 0, some_bytes());
    open_as(&a, rendezvous, 1);
    close_it(&a, 0);
    close_it(&a, 1);
    close_it(&b, 0);
    delete_it(&b, bounded);
    delete_it(&b, rendezvous);
    const int64_t after = look(&a).files;
    leave(&a);
    leave(&b);
    tk_cause("files_not_deleted");
    tk_assert(after <= before, "%lld names are left in the working directory after mb_delete",
              (long long)(after - before));
}

TK_TEST(mb_close_leaves_nothing)
{
    struct clerk a = start("the process");
    const char *bounded = some_name(), *rendezvous = some_name();
    create(&a, bounded, 3, 100);
    create(&a, rendezvous, 0, 100);
    use(&a, bounded, 0); /* what a library keeps for good is there after the first time */
    open_as(&a, rendezvous, 1);
    close_it(&a, 0);
    close_it(&a, 1);
    const struct tk_fds before = tk_fds(a.p);
    const struct seen first = look(&a);
    for (int i = 0; i < 5; i++) {
        use(&a, bounded, 0);
        open_as(&a, bounded, 1);
        open_as(&a, rendezvous, 2);
        close_it(&a, 2);
        close_it(&a, 0);
        close_it(&a, 1);
    }
    tk_hint("mb_close gives back each descriptor (mq_close, close) that mb_open has got.");
    tk_assert_no_new_fd(before, a.p, "after mb_close");
    tk_hint("mb_close unmaps what mb_open has mapped: munmap, shmdt, sem_close.");
    tk_cause("shared_mapping_left");
    const int64_t more = look(&a).mappings - first.mappings;
    tk_assert(more <= 0, "%lld mappings of shared memory are left after mb_close", (long long)more);
    tk_cause(NULL);
    delete_it(&a, bounded);
    delete_it(&a, rendezvous);
}

TK_SUITE(tk_test(mb_create_keeps_what_is_there), tk_test(mb_create_refuses_nonsense),
         tk_test(mb_open_finds_nothing), tk_test(mb_outlives_its_makers), tk_test(mb_are_independent),
         tk_test(mb_delete_makes_room), tk_test(mb_delete_does_not_wait), tk_test(mb_delete_leaves_nothing),
         tk_test(mb_close_leaves_nothing))
