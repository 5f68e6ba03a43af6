/* What the tests of editor share: files, lines, signals and what editor says to them. */
#ifndef EDITING_H
#define EDITING_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "testkit.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* "notes.1f0c22b7": a name that nobody can know beforehand. */
/* Lines of letters and blanks, each with its newline. */
static inline tk_bytes random_lines(int count)
{
    tk_bytes all = tk_zeros(0);
    for (int i = 0; i < count; i++) {
        tk_bytes line = tk_random_text(4 + tk_random() % 40, TK_WORD "    ");
        all = tk_join(all, tk_join(line, tk_bytes_of("\n")));
    }
    return all;
}

/* ---- files ------------------------------------------------------------------------------------------- */

static inline tk_process *start_files(const char *what, const char *path)
{
    const char *const args[] = {what, path, NULL};
    return tk_spawn(&(struct tk_how){.program = "files", .args = args});
}

static inline void put_file(const char *path, tk_bytes content)
{
    tk_process *files = start_files("put", path);
    tk_exchange(files, content.data, content.size);
    if (tk_wait(files) != 0)
        tk_error("the test cannot write a file");
}

static inline void change_files(const char *what, const char *path)
{
    if (tk_wait(start_files(what, path)) != 0)
        tk_error("the test cannot make or remove a file");
}

/* What is in it; nothing if it is absent. */
static inline tk_bytes get_file(const char *path, bool *there)
{
    tk_process *files = start_files("get", path);
    tk_bytes content = tk_exchange(files, "", 0);
    const int status = tk_wait(files);
    *there = status == 0;
    if (!*there && !(WIFEXITED(status) && WEXITSTATUS(status) == 3))
        tk_error("the test cannot read a file");
    return content;
}

static inline void assert_file(const char *path, tk_bytes content, const char *when)
{
    bool there;
    tk_bytes is = get_file(path, &there);
    tk_cause("text_not_saved");
    tk_assert(there || content.size == 0, "FILE is not there, %s", when);
    tk_assert_bytes(is, content.data, content.size, tk_string("what is in FILE, %s", when));
    tk_cause(NULL);
}

/* Nothing has been saved: FILE is as it was before. */
static inline void assert_not_saved(const char *path, tk_bytes before, const char *when)
{
    bool there;
    tk_bytes is = get_file(path, &there);
    tk_cause("saved_unasked");
    tk_assert_bytes(is, before.data, before.size, tk_string("what is in FILE, %s", when));
    tk_cause(NULL);
}

/* ---- editor ------------------------------------------------------------------------------------------ */

static inline tk_process *start_editor(const char *path, const struct tk_fault *faults)
{
    const char *const args[] = {path, NULL};
    return tk_spawn(&(struct tk_how){.program = "editor", .args = args, .faults = faults});
}

/* It has ended, and the test waited for `what`. `number`: the signal that was sent; 0: none. */
static inline _Noreturn void fail_ended(tk_process *p, int number, const char *what)
{
    const int status = tk_wait(p);
    if (number && WIFSIGNALED(status) && WTERMSIG(status) == number)
        tk_cause("signal_not_caught");
    tk_fail("editor %s, and the test waited for %s", tk_describe_status(status), what);
}

static inline void await_ready(tk_process *p)
{
    if (!tk_output_comes(p)) {
        tk_hint("fflush(stdout) after printf(\"ready\\n\"): where stdout is no terminal, printf only fills a "
                "buffer.");
        tk_cause("stdout_not_flushed");
        tk_fail("editor waits for input, and has not printed \"ready\"");
    }
    if (!tk_output_pending(p))
        fail_ended(p, 0, "\"ready\"");
    tk_assert_bytes(tk_receive_line(p, "the first line of editor"), "ready\n", 6, "the first line of editor");
}

static inline tk_process *ready_editor(const char *path)
{
    tk_process *p = start_editor(path, NULL);
    await_ready(p);
    return p;
}

/* Bytes, all at once; editor has read them when this returns. */
static inline void paste(tk_process *p, tk_bytes bytes)
{
    tk_send(p, bytes.data, bytes.size);
    tk_settles(p);
}

/* Lines, with their newlines, one after the other. */
static inline void type(tk_process *p, tk_bytes lines)
{
    for (size_t at = 0, end = 0; at < lines.size; at = end) {
        while (end < lines.size && lines.data[end++] != '\n')
            ;
        paste(p, tk_copy(lines.data + at, end - at));
    }
}

static inline void type_word(tk_process *p, const char *string)
{
    type(p, tk_bytes_of(string));
}

/* Has it closed its stdout, as who has ended has? */
static inline bool has_ended(tk_process *p)
{
    struct pollfd out = {.fd = tk_stdout_fd(p)};
    return poll(&out, 1, 0) > 0;
}

static inline const char *signal_name(int number)
{
    return tk_string("SIG%s", sigabbrev_np(number));
}

/* The test has done with it. One that spins would take the processor from those who come after it. */
static inline void put_away(tk_process *p)
{
    if (!has_ended(p))
        tk_signal(p, SIGKILL);
}

/* Sends it to one who waits. `ends`: it should end on it. */
static inline void notify_to(tk_process *p, int number, bool ends)
{
    tk_settles(p);
    if (has_ended(p)) {
        const int status = tk_wait(p);
        if (WIFSIGNALED(status))
            tk_cause("signal_not_caught"); /* an earlier one */
        tk_fail("editor %s before the test sent it %s", tk_describe_status(status), signal_name(number));
    }
    if (ends)
        tk_signal_to_end(p, number);
    else
        tk_signal(p, number);
}

static inline void notify(tk_process *p, int number)
{
    notify_to(p, number, false);
}

/* The next line, after a signal. `silence`: the cause if none comes; NULL: nobody looks at the flag. */
static inline tk_bytes hear(tk_process *p, int number, const char *expected, const char *silence)
{
    if (!tk_output_comes(p)) {
        tk_cause(silence ? silence : "signal_unanswered");
        tk_fail("%s has come, and editor waits for something else: nothing like \"%s\" is printed",
                signal_name(number), expected);
    }
    if (!tk_output_pending(p))
        fail_ended(p, number, tk_string("\"%s\"", expected));
    return tk_receive_line(p, tk_string("the answer to %s", signal_name(number)));
}

static inline void assert_line(tk_bytes line, const char *expected, const char *what)
{
    tk_bytes right = tk_bytes_of(tk_string("%s\n", expected));
    tk_assert_bytes(line, right.data, right.size, what);
}

/* Sends a signal to one who waits, and expects this line. */
static inline void assert_answer(tk_process *p, int number, const char *expected)
{
    notify(p, number);
    assert_line(hear(p, number, expected, NULL), expected,
                tk_string("the answer to %s", signal_name(number)));
}

static inline const char *status_line(int lines, int unsaved)
{
    return tk_string("lines %d unsaved %d", lines, unsaved);
}

static inline void assert_status(tk_process *p, int lines, int unsaved)
{
    assert_answer(p, SIGUSR1, status_line(lines, unsaved));
}

#define QUESTION "save before exiting?"

static inline void assert_asks(tk_process *p)
{
    assert_answer(p, SIGINT, QUESTION);
}

/* It prints nothing more, and exits with `code`. `why`: what should make it do so. */
static inline void assert_ends(tk_process *p, int code, const char *why)
{
    tk_assert(tk_output_comes(p), "editor goes on waiting, %s", why);
    tk_assert_eof(p);
    tk_assert_exit(p, code);
}

/* SIGTERM, and what follows. */
static inline void assert_terminates(tk_process *p, int code)
{
    notify_to(p, SIGTERM, true);
    if (!tk_output_comes(p)) {
        tk_cause("signal_unanswered");
        tk_fail("SIGTERM has come, and editor goes on waiting");
    }
    if (!tk_output_pending(p) && WIFSIGNALED(tk_wait(p)) && WTERMSIG(tk_wait(p)) == SIGTERM)
        fail_ended(p, SIGTERM, "an exit after it has saved");
    tk_assert_eof(p);
    tk_assert_exit(p, code);
}

static inline void assert_saves_at_the_end(tk_process *p)
{
    tk_cause("stdin_eof_ignored");
    tk_close_stdin(p);
    tk_assert(tk_output_comes(p), "stdin has ended, and editor goes on waiting");
    tk_cause(NULL);
    tk_assert_eof(p);
    tk_assert_exit(p, 0);
}

#endif
