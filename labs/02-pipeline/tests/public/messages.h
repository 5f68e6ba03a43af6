/* For tests that look at pipeline's stderr, too: it is a pipe of ours there. */
#ifndef MESSAGES_H
#define MESSAGES_H

#include "staging.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct with_stderr {
    tk_process *p;
    int err;
};

static inline struct with_stderr run_with_stderr(const struct line *l)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
        tk_error("cannot make a pipe: %s", strerror(errno));
    const int fds[] = {ends[1], -1}, numbers[] = {STDERR_FILENO, -1};
    struct with_stderr w = {.err = ends[0]};
    w.p = tk_spawn(&(struct tk_how){
        .program = "pipeline", .args = l->args, .in = TK_NULL, .fds = fds, .fd_numbers = numbers});
    close(ends[1]);
    return w;
}

/* A command could not be executed: pipeline, which has ended, has said so on stderr, and not on stdout, where
 * `out` came. */
static inline void assert_failure_told(const struct with_stderr *w, tk_bytes out)
{
    char byte;
    tk_hint("When execvp() returns, it has failed: perror() writes to stderr, which is never a pipe between "
            "two stages.");
    tk_cause("exec_error_on_stdout");
    tk_assert_bytes(out, "", 0, "what came out of a pipeline whose command could not be executed");
    tk_cause("exec_failure_untold");
    tk_assert(read(w->err, &byte, 1) == 1, "the command could not be executed, but nothing came on stderr");
    tk_cause(NULL);
}

static inline void assert_status_127(tk_process *p)
{
    tk_hint("When execvp() returns: a message on stderr, then _exit(127), or the child goes on with the "
            "parent's code. The parent hands the last stage's status on.");
    tk_cause("exec_failure_wrong_status");
    tk_assert_exit(p, 127);
    tk_cause(NULL);
}

#endif
