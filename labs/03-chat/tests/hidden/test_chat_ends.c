/* How chat ends: who leaves first, with which status, and what stays behind. */
#define _GNU_SOURCE
#include "../public/cast.h"
#include "../public/chatting.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

TK_TEST(chat_answers_nothing_after_bye)
{
    static const char *const lines[] = {"Hello", "bye", NULL}, *const more[] = {"How are you", "Hello", "bye",
                                                                                NULL};
    struct talk t = talk_of(lines);
    t.lines = tk_join(t.lines, talk_of(more).lines);
    tk_assert_exit(talk_all(&t), 0);
}

/* ---- the child leaves first --------------------------------------------------------------------------- */

/* Starts chat, and has a line answered to see who makes the replies. */
static struct cast start_and_watch(tk_process **chat)
{
    *chat = tk_spawn(&(struct tk_how){.program = "chat", .watch_data = true});
    const char *in = tk_object(tk_stdin_fd(*chat)), *out = tk_object(tk_stdout_fd(*chat));
    tk_send(*chat, "Hello\n", 6);
    tk_receive(*chat, 16, "the reply to a line");
    struct cast c = look_at(*chat, in, out);
    tk_wait_blocked(*chat, "read", in);
    return c;
}

/* What comes of a line, and of the end of the input behind it. */
static void assert_notices(tk_process *chat, tk_bytes line)
{
    tk_bytes sent = with_newline(line), out = tk_exchange(chat, sent.data, sent.size);
    int status = tk_wait(chat);
    tk_cause("runs_in_parent");
    tk_assert(out.size == 0,
              "chat printed a reply although the child, which should make it, had been killed");
    tk_cause(WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "error_ignored" : NULL);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE)
        tk_cause("sigpipe_not_ignored");
    tk_assert_exit(chat, 1);
    tk_cause(NULL);
}

TK_TEST(chat_reports_that_its_child_is_gone)
{
    tk_process *chat;
    /* Gone before the line comes; and gone when it has come and the reply has not. */
    struct cast c = start_and_watch(&chat);
    if (signal_makers(chat, &c, SIGKILL) == 0)
        return; /* there is none while chat waits for a line */
    assert_notices(chat, tk_bytes_of("How are you"));

    c = start_and_watch(&chat);
    signal_makers(chat, &c, SIGSTOP);
    tk_send(chat, "How are you\n", 12);
    tk_wait_blocked(chat, "read", NULL);
    signal_makers(chat, &c, SIGKILL);
    assert_notices(chat, tk_bytes_of("How are you"));
}

TK_TEST(chat_notices_it_in_a_long_line)
{
    tk_process *chat;
    struct cast c = start_and_watch(&chat);
    if (signal_makers(chat, &c, SIGKILL) > 0)
        assert_notices(chat, random_line(300000));
}

/* ---- the parent leaves first --------------------------------------------------------------------------- */

TK_TEST(chat_child_ends_with_its_parent)
{
    tk_process *chat = tk_start("chat");
    tk_send(chat, "Hello\n", 6);
    tk_receive(chat, 16, "the reply to a line");
    tk_signal(chat, SIGKILL);
    tk_close_stdin(chat); /* another process than that one may be the reader of it */
    tk_wait(chat);
}

/* ---- stdin and stdout fail ------------------------------------------------------------------------------
 */

static int file_with(const char *string)
{
    const size_t size = strlen(string);
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || write(fd, string, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
        tk_error("cannot make an input: %s", strerror(errno));
    return fd;
}

static int open_or_error(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        tk_error("cannot open %s: %s", path, strerror(errno));
    return fd;
}

/* On two descriptors of ours, which we do not keep. */
static tk_process *chat_between(int in, int out)
{
    tk_process *chat = tk_spawn(&(struct tk_how){
        .program = "chat", .in = TK_GIVEN, .given_in = in, .out = TK_GIVEN, .given_out = out});
    close(in);
    close(out);
    return chat;
}

static int pipe_without_reader(void)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        tk_error("cannot make a pipe: %s", strerror(errno));
    close(ends[0]);
    return ends[1];
}

TK_TEST(chat_reports_that_it_cannot_print)
{
    for (int i = 0; i < 2; i++) {
        int out = i == 0 ? open_or_error("/dev/full", O_WRONLY) : pipe_without_reader();
        tk_process *chat = chat_between(file_with("Hello\nHow are you\n"), out);
        int status = tk_wait(chat);
        tk_cause(WIFEXITED(status) ? "error_ignored" : "sigpipe_not_ignored");
        tk_assert_exit(chat, 1);
    }
}

TK_TEST(chat_reports_unreadable_input)
{
    tk_cause("error_ignored");
    tk_assert_exit(chat_between(open_or_error("/", O_RDONLY), open_or_error("/dev/null", O_WRONLY)), 1);
}

/* ---- nothing to talk through, nobody to talk to ---------------------------------------------------------
 */

static void assert_reports_failure(const struct tk_how *how)
{
    tk_process *chat = tk_spawn(how);
    int status = tk_wait(chat);
    if (how->faults && tk_faults_injected(chat) == 0)
        return; /* it does without that call */
    tk_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1, "%s, but chat %s, not with 1",
              how->faults ? "a pipe could not be made" : "no process could be made",
              tk_describe_status(status));
}

TK_TEST(chat_reports_a_failed_pipe_or_fork)
{
    struct tk_how how = {
        .program = "chat", .in = TK_GIVEN, .given_in = file_with("Hello\n"), .refuse_fork = true};
    tk_cause("error_ignored");
    assert_reports_failure(&how);
    how.refuse_fork = false;
    for (int nth = 1; nth <= 2; nth++) {
        const struct tk_fault faults[] = {
            {.call = "pipe", .nth = nth, .who = TK_MAIN, .action = TK_ERRNO, .value = EMFILE},
            {.call = "socketpair", .nth = nth, .who = TK_MAIN, .action = TK_ERRNO, .value = EMFILE},
            {.call = NULL}};
        how.given_in = file_with("Hello\n");
        how.faults = faults;
        assert_reports_failure(&how);
    }
}

/* ---- what stays behind ----------------------------------------------------------------------------------
 */

TK_TEST(chat_leaves_no_zombie)
{
    static const char *const lines[] = {"Hello", NULL}, *const bye[] = {"Hello", "bye", NULL};
    const struct talk talks[] = {talk_of(lines), talk_of(bye)};
    for (int i = 0; i < 2; i++) {
        tk_process *chat = tk_start("chat");
        tk_exchange(chat, talks[i].lines.data, talks[i].lines.size);
        tk_wait(chat);
    }
}

TK_SUITE(tk_test(chat_answers_nothing_after_bye), tk_test(chat_reports_that_its_child_is_gone),
         tk_test(chat_notices_it_in_a_long_line), tk_test(chat_child_ends_with_its_parent),
         tk_test(chat_reports_that_it_cannot_print), tk_test(chat_reports_unreadable_input),
         tk_test(chat_reports_a_failed_pipe_or_fork), tk_test(chat_leaves_no_zombie))
