/* A driver with a student's functions, right and wrong, in one file. */
#include "driver.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

static void call_add(td_msg *in, td_msg *out)
{
    int64_t a = td_get_int(in), b = td_get_int(in);
    td_put_int(out, a + b);
}

static void call_reverse(td_msg *in, td_msg *out)
{
    size_t size;
    const char *data = td_get_bytes(in, &size);
    char *turned = malloc(size + 1);
    for (size_t i = 0; i < size; i++)
        turned[i] = data[size - 1 - i];
    td_put_bytes(out, turned, size);
    free(turned);
}

static void call_crash(td_msg *in, td_msg *out)
{
    (void)in, (void)out;
    raise(SIGSEGV);
}

static void call_exit(td_msg *in, td_msg *out)
{
    (void)out;
    exit((int)td_get_int(in));
}

/* Killed, while a child that inherited everything lives on: no end-of-file tells of it. */
static void call_crash_with_child(td_msg *in, td_msg *out)
{
    (void)in, (void)out;
    if (fork() == 0) {
        pause();
        _exit(0);
    }
    raise(SIGABRT);
}

static void call_await_event(td_msg *in, td_msg *out)
{
    struct pollfd p = {.fd = eventfd(0, 0), .events = POLLIN};
    (void)in;
    td_put_int(out, poll(&p, 1, -1));
}

static void call_spin(td_msg *in, td_msg *out)
{
    (void)in;
    (void)out;
    for (volatile int i = 0;; i++)
        ;
}

static void call_hang(td_msg *in, td_msg *out)
{
    (void)in, (void)out;
    pause();
}

static void call_close_all(td_msg *in, td_msg *out)
{
    (void)in, (void)out;
    for (int fd = 0; fd < 256; fd++)
        close(fd);
    pause();
}

static void call_forge(td_msg *in, td_msg *out)
{
    (void)out;
    size_t size;
    const char *data = td_get_bytes(in, &size);
    if (write(TD_LINK_FD, data, size) != (ssize_t)size)
        exit(1);
    pause();
}

/* Two answers in one write, so that the second is there as soon as the first is. */
static void call_answer_twice(td_msg *in, td_msg *out)
{
    (void)in, (void)out;
    static const char answers[] = {0, 0, 0, 9, 'i', 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 9, 'i', 0, 0, 0, 0, 0, 0, 0, 1};
    if (write(TD_LINK_FD, answers, sizeof answers) != sizeof answers)
        exit(1);
    pause();
}

static void call_return_in_child(td_msg *in, td_msg *out)
{
    (void)in;
    if (fork() == 0)
        return;
    wait(NULL);
    td_put_int(out, 1);
}

static void call_print(td_msg *in, td_msg *out)
{
    size_t size;
    const char *data = td_get_bytes(in, &size);
    fwrite(data, 1, size, stdout); /* flushed by main's return only */
    td_put_int(out, 0);
}

static int64_t ask(char letter)
{
    char answer[8] = "";
    size_t n = td_ask_judge(&letter, 1, answer, sizeof answer);
    return n == 1 ? answer[0] : -1;
}

/* Asks here, then in a child; returns both answers and the child's pid. */
static void call_ask(td_msg *in, td_msg *out)
{
    (void)in;
    int64_t here = ask('p');
    pid_t pid = fork();
    if (pid == 0)
        _exit((int)ask('c'));
    int status;
    waitpid(pid, &status, 0);
    td_put_int(out, here);
    td_put_int(out, WEXITSTATUS(status));
    td_put_int(out, pid);
    close(TD_BACK_FD);
}

static void call_ask_strangely(td_msg *in, td_msg *out)
{
    char question[64] = "", answer[8];
    int64_t size = td_get_int(in);
    td_put_int(out, (int64_t)td_ask_judge(question, (size_t)size, answer, sizeof answer));
}

static void call_many_answers(td_msg *in, td_msg *out)
{
    for (int64_t n = td_get_int(in); n > 0; n--)
        td_put_int(out, n);
}

static void call_exec_keeps_nothing(td_msg *in, td_msg *out)
{
    (void)in;
    td_put_int(out, system("test ! -e /proc/self/fd/200 -a ! -e /proc/self/fd/201"));
}

/* Copies bytes from descriptor 10 to 11. in: how many, with how many threads. out: how many it were. */
static int64_t copied, copy_most;

static void *copy_bytes(void *unused)
{
    char data[1000];
    ssize_t n;
    (void)unused;
    while (copied < copy_most && (n = read(10, data, sizeof data)) > 0) {
        copied += n;
        if (write(11, data, (size_t)n) != n)
            break;
    }
    return NULL;
}

static void call_copy(td_msg *in, td_msg *out)
{
    pthread_t thread;
    copied = 0;
    copy_most = td_get_int(in);
    if (td_get_int(in) == 0)
        copy_bytes(NULL);
    else if (pthread_create(&thread, NULL, copy_bytes, NULL) == 0)
        pthread_join(thread, NULL);
    td_put_int(out, copied);
}

/* Moves bytes from descriptor 10 to 11 until there are no more. out: how many. */
static void call_splice(td_msg *in, td_msg *out)
{
    ssize_t n;
    int64_t moved = 0;
    (void)in;
    while ((n = splice(10, NULL, 11, NULL, 65536, 0)) > 0)
        moved += n;
    td_put_int(out, moved);
}

static void call_drop(td_msg *in, td_msg *out)
{
    (void)in, (void)out;
    close(10);
    close(11);
    pause();
}

TD_DRIVER({"copy", call_copy}, {"drop", call_drop}, {"splice", call_splice}, {"add", call_add}, {"reverse", call_reverse}, {"crash", call_crash}, {"exit", call_exit},
          {"crash_with_child", call_crash_with_child}, {"hang", call_hang}, {"await_event", call_await_event}, {"spin", call_spin}, {"close_all", call_close_all},
          {"forge", call_forge}, {"answer_twice", call_answer_twice}, {"return_in_child", call_return_in_child},
          {"print", call_print}, {"ask", call_ask}, {"ask_strangely", call_ask_strangely},
          {"many_answers", call_many_answers}, {"exec_keeps_nothing", call_exec_keeps_nothing})
