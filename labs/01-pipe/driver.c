/*
 * Calls ask_child for the judge, as an ordinary caller would.
 *
 * f, which ask_child is given, knows nothing: it asks the judge over the back channel what to do. The
 * kernel tells the judge which process asks, so the judge knows for certain that f runs, where and how
 * often, and an answer that is not known here cannot be forged here.
 *
 * Nothing that this process says is trusted: it shares its memory with a student's code.
 */
#define _GNU_SOURCE
#include "driver.h"

#include "ask.h"
#include "tests/public/back_channel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child of the caller's own, none of ask_child's business. */
static struct {
    pid_t pid;
    int hold; /* it ends when this pipe is closed; -1: it ends at once */
} other = {.hold = -1};

/* ---- f ----------------------------------------------------------------------------------------- */

static _Noreturn void die(int number)
{
    /* No core file, and no handler or mask that was inherited. */
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    signal(number, SIG_DFL);
    sigset_t mask;
    sigfillset(&mask);
    sigprocmask(SIG_UNBLOCK, &mask, NULL);
    kill(getpid(), number);
    _exit(126); /* not reached */
}

static int64_t ask_the_judge(int64_t x)
{
    const int64_t question[2] = {ASKS, x};
    int64_t order[2] = {0, 0};
    if (td_ask_judge(question, sizeof question, order, sizeof order) != sizeof order)
        _exit(125); /* the judge is gone: nobody looks at what comes now */
    if (order[0] == EXIT)
        _exit((int)order[1]);
    if (order[0] == DIE)
        die((int)order[1]);
    return order[1];
}

/* ---- calls ------------------------------------------------------------------------------------- */

/* in: x, what *result holds before. out: what ask_child returned, what *result holds then. */
static void call_ask_child(td_msg *in, td_msg *out)
{
    int64_t x = td_get_int(in), result = td_get_int(in);
    const int64_t word[2] = {RETURNED, 0};
    pid_t caller = getpid();
    int returned = ask_child(ask_the_judge, x, &result);
    send(TD_BACK_FD, word, sizeof word, MSG_NOSIGNAL);
    if (getpid() != caller)
        _exit(0); /* ask_child has returned in its child too: the judge knows by now, and that is enough */
    td_put_int(out, returned);
    td_put_int(out, result);
}

/* in: text, which stays in stdio's buffer. */
static void call_print(td_msg *in, td_msg *out)
{
    size_t size;
    const void *text = td_get_bytes(in, &size);
    td_put_int(out, fwrite(text, 1, size, stdout) == size);
}

/* From now on no descriptor is left: the first one that is free is not allowed. out: 1 if that is so. */
static void call_use_up_descriptors(td_msg *in, td_msg *out)
{
    (void)in;
    struct rlimit limit;
    int free_one = dup(STDIN_FILENO);
    if (free_one >= 0)
        close(free_one);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = (rlim_t)free_one;
    setrlimit(RLIMIT_NOFILE, &limit);
    td_put_int(out, free_one >= 0 && dup(STDIN_FILENO) < 0 && errno == EMFILE);
}

static void call_give_descriptors_back(td_msg *in, td_msg *out)
{
    (void)in;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    td_put_int(out, setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* From now on fork fails with EAGAIN. out: 1 if that is so; the superuser is exempt from this limit. */
static void call_forbid_processes(td_msg *in, td_msg *out)
{
    (void)in;
    struct rlimit limit;
    getrlimit(RLIMIT_NPROC, &limit);
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_NPROC, &limit);
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    td_put_int(out, pid < 0);
}

static _Noreturn void be_the_other_child(int hold, int code)
{
    char byte;
    /* The judge sees by these two who still lives: this child must not count. */
    close(TD_LINK_FD);
    close(TD_BACK_FD);
    if (hold >= 0)
        while (read(hold, &byte, 1) < 0 && errno == EINTR)
            ;
    _exit(code);
}

/* in: 1 if it shall live until end_child; its exit code. out: its pid. */
static void call_start_child(td_msg *in, td_msg *out)
{
    int64_t lives = td_get_int(in);
    int code = (int)td_get_int(in), ends[2] = {-1, -1};
    siginfo_t info;
    if (lives && pipe2(ends, O_CLOEXEC) < 0)
        exit(119);
    other.pid = fork();
    if (other.pid == 0) {
        close(ends[1]);
        be_the_other_child(ends[0], code);
    }
    if (lives) {
        close(ends[0]);
        other.hold = ends[1];
    } else { /* until it has ended; it stays to be waited for */
        waitid(P_PID, (id_t)other.pid, &info, WEXITED | WNOWAIT);
    }
    td_put_int(out, other.pid);
}

/* out: what waitpid says of it, its wait status; -1 and errno if it is not ours any more. */
static void call_end_child(td_msg *in, td_msg *out)
{
    (void)in;
    int status = 0;
    if (other.hold >= 0)
        close(other.hold);
    pid_t got = waitpid(other.pid, &status, 0);
    td_put_int(out, got == other.pid ? 1 : -1);
    td_put_int(out, got == other.pid ? status : errno);
}

/* Ends the caller as a return from main does: stdio is flushed. No answer. */
static void call_leave(td_msg *in, td_msg *out)
{
    (void)in;
    (void)out;
    exit(0);
}

TD_DRIVER({"ask_child", call_ask_child}, {"print", call_print},
          {"use_up_descriptors", call_use_up_descriptors},
          {"give_descriptors_back", call_give_descriptors_back}, {"forbid_processes", call_forbid_processes},
          {"start_child", call_start_child}, {"end_child", call_end_child}, {"leave", call_leave})
