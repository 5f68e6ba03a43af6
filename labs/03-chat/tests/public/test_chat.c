#define _GNU_SOURCE
#include "cast.h"
#include "chatting.h"

#include <unistd.h>

/* ---- the mechanism ------------------------------------------------------------------------------------ */

static pid_t the_reader(const struct cast *c)
{
    pid_t reader = 0;
    tk_cause("two_processes_read_stdin");
    for (size_t i = 0; i < c->count; i++) {
        if (!reads_stdin(c, c->pids[i]))
            continue;
        tk_assert(!reader, "two processes read stdin (%d and %d): one takes lines that the other waits for",
                  (int)reader, (int)c->pids[i]);
        reader = c->pids[i];
    }
    tk_cause(NULL);
    tk_assert(reader, "something was printed before a line had been read");
    return reader;
}

/* True if the process that was started has one pipe, and nothing else that bytes could come and go by. */
static bool has_a_single_pipe(tk_process *chat, const char *in, const char *out)
{
    struct tk_fds fds = tk_fds(chat);
    const char *pipe = NULL;
    for (size_t i = 0; i < fds.count; i++) {
        const char *object = fds.list[i].object;
        if (fds.list[i].number <= 2 || strcmp(object, in) == 0 || strcmp(object, out) == 0)
            continue;
        if (strncmp(object, "pipe:", 5) != 0 || (pipe && strcmp(object, pipe) != 0))
            return false;
        pipe = object;
    }
    return pipe && tk_calls(chat, "pipe") == 1 && tk_calls(chat, "socketpair") == 0;
}

static void assert_two_processes(tk_process *chat)
{
    tk_cause("no_fork");
    tk_assert(tk_calls(chat, "fork") > 0, "chat has no child: one process does it all");
    tk_cause("no_pipe");
    tk_assert(tk_calls(chat, "pipe") + tk_calls(chat, "socketpair") > 0, "no pipe was made");
    tk_cause(NULL);
}

/* Is that text among what has been printed up to now? */
static bool is_printed(int fd, const char *word)
{
    char text[4096];
    ssize_t n = read(fd, text, sizeof text);
    return n > 0 && memmem(text, (size_t)n, word, strlen(word));
}

static void assert_made_by_a_child(const struct cast *c, pid_t reader)
{
    size_t makers = 0;
    bool child_prints = false;
    for (size_t i = 0; i < c->count; i++) {
        makers += makes_replies(c, reader, i);
        child_prints |= c->pids[i] != reader && prints(c, c->pids[i]) && passes_on(c, reader, c->pids[i]);
    }
    tk_cause(child_prints ? "child_prints_itself" : "bytes_bypass_pipe");
    tk_assert(makers > 0, "%s",
              child_prints ? "the child prints its reply itself: nothing comes back through a pipe"
                           : "the line does not go to a child, and its reply back from there, through pipes");
    tk_cause(NULL);
}

/* Stopped, the child makes no reply. If one comes all the same, somebody else has made it. */
static void assert_needs_the_child(tk_process *chat, const struct cast *c)
{
    if (signal_makers(chat, c, SIGSTOP) == 0)
        return;
    tk_cause("runs_in_parent");
    tk_send(chat, "How are you\n", 12);
    tk_wait_blocked(chat, "read", NULL);
    tk_assert(!is_printed(tk_stdout_fd(chat), "I am fine"),
              "a reply is printed although the child, which should make it, is stopped");
    tk_cause(NULL);
}

TK_TEST(chat_talks_through_two_pipes)
{
    tk_process *chat = tk_spawn(&(struct tk_how){.program = "chat", .watch_data = true});
    const char *in = tk_object(tk_stdin_fd(chat)), *out = tk_object(tk_stdout_fd(chat));
    tk_wait_blocked(chat, "read", in);
    tk_cause("one_pipe_both_ways");
    tk_assert(
        !has_a_single_pipe(chat, in, out),
        "there is one pipe for both directions: who writes into it and then reads may get its own words");
    tk_cause(NULL);
    tk_send(chat, "Hello\n", 6);
    /* Whether a reply comes at once, or only at the end, is for another test. */
    const bool at_once = tk_output_comes(chat);
    if (at_once) {
        tk_wait_blocked(chat, "read", in);
    } else {
        tk_close_stdin(chat);
        tk_receive_all(chat);
    }
    assert_two_processes(chat);
    struct cast c = look_at(chat, in, out);
    const pid_t reader = the_reader(&c);
    assert_made_by_a_child(&c, reader);
    if (at_once)
        assert_needs_the_child(chat, &c);
}

/* ---- the conversation --------------------------------------------------------------------------------- */

/* Nothing has come for a line, and nothing will. Perhaps it waits in a buffer until the input ends. */
static _Noreturn void fail_silent(tk_process *chat, tk_bytes reply)
{
    tk_close_stdin(chat);
    tk_bytes late = tk_receive_all(chat);
    bool buffered = late.size >= reply.size && memcmp(late.data, reply.data, reply.size) == 0;
    tk_cause(buffered ? "reply_not_flushed" : NULL);
    tk_fail(buffered ? "the reply comes only when the input has ended, not when its line has come"
                     : "no reply comes for a line");
}

static void converse(tk_process *chat, const char *string)
{
    tk_bytes line = tk_bytes_of(string), reply = reply_to(line), sent = with_newline(line);
    tk_send(chat, sent.data, sent.size);
    if (!tk_output_comes(chat))
        fail_silent(chat, reply);
    tk_bytes got = tk_receive(chat, reply.size, "the reply to a line");
    tk_assert_bytes(got, reply.data, reply.size, "the reply to a line");
}

TK_TEST(chat_replies)
{
    tk_process *chat = tk_start("chat");
    converse(chat, "Hello");
    converse(chat, "How are you");
    converse(chat, "It rains in Berlin, and in Paris too");
    converse(chat, "How are you");
    converse(chat, "Hello");
}

TK_TEST(chat_says_bye)
{
    tk_process *chat = tk_start("chat");
    converse(chat, "Hello");
    converse(chat, "bye");
    tk_assert_eof(chat);
    tk_assert_exit(chat, 0);
}

/* Lines that come at once: here it shows if two processes take lines from the same stdin. */
TK_TEST(chat_ends_with_its_input)
{
    static const char *const lines[] = {"Hello", "How are you", "Hello again", NULL};
    const struct talk some = talk_of(lines), none = talk_of(lines + 3);
    tk_process *chat = tk_spawn(&(struct tk_how){.program = "chat", .watch_data = true});
    const char *in = tk_object(tk_stdin_fd(chat)), *out = tk_object(tk_stdout_fd(chat));
    tk_bytes printed = tk_exchange(chat, some.lines.data, some.lines.size);
    if (printed.size != some.replies.size) {
        struct cast c = look_at(chat, in, out);
        the_reader(&c);
    }
    assert_printed(printed, some.replies);
    tk_assert_exit(chat, 0);
    tk_assert_exit(talk_all(&none), 0);
}

TK_SUITE(tk_test(chat_talks_through_two_pipes), tk_test(chat_replies), tk_test(chat_says_bye),
         tk_test(chat_ends_with_its_input))
