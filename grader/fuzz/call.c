/*
 * The judge's end of the driver link (testkit/call.c) over a real socket pair: a hostile driver has written
 * the input, in pieces, and ended or not. Whatever it says, the call returns, or the test ends with a failure
 * that blames the driver; the judge never reads beyond it and never waits for what cannot come.
 */
#include "fuzz.h"

#include "../testkit/call.c"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

static jmp_buf ended; /* the test */
static struct tk_judge judge;
static int far_end = -1;   /* the driver's */
static bool blames_driver; /* how the test ended */
static struct fuzz_input left;

static _Noreturn void end_test(bool driver)
{
    blames_driver = driver;
    longjmp(ended, 1);
}

struct tk_judge *tk_judge(void)
{
    return &judge;
}

void *tk_alloc(size_t size)
{
    return fuzz_alloc(size);
}

char *tk_format(const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return fuzz_text(text, strlen(text));
}

/* The test's author, or the grader, is to blame: never what a driver sends. */
void tk_error(const char *format, ...)
{
    (void)format;
    end_test(false);
}

void tk_fail_with(const struct tk_failure *f)
{
    FUZZ_CHECK(f->message && f->proven);
    end_test(true);
}

void tk_fail_early(tk_process *p, const char *message, const struct tk_waiting *w)
{
    FUZZ_CHECK(p && message && w);
    end_test(true);
}

tk_process *tk_spawn_with(const struct tk_how *how, int further_fd, int further_number)
{
    (void)how;
    (void)further_fd;
    (void)further_number;
    abort();
}

const char *tk_describe_status(int status)
{
    (void)status;
    return "ended";
}

bool tk_settle(tk_process *p)
{
    return p->ended;
}

void tk_watch_end(tk_process *p)
{
    (void)p;
}

/* The driver writes its next piece; when there is none left it ends. */
static void go_on(void)
{
    size_t n;
    if (far_end < 0)
        return;
    if (left.size) {
        const uint8_t *part = fuzz_part(&left, &n);
        FUZZ_CHECK(!n || send(far_end, part, n, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n);
        return;
    }
    close(far_end);
    far_end = -1;
}

/* A wait of the judge's. One for what has come already, or without anybody who could answer, would last. */
void tk_wait_for(struct pollfd *fds, size_t count, const struct tk_waiting *w)
{
    FUZZ_CHECK(w->p && count == 1 && far_end >= 0);
    while (poll(fds, 1, 0) == 0)
        go_on();
}

static void touch(tk_bytes b)
{
    fuzz_touch(b.data, b.size);
    FUZZ_CHECK(((const char *)b.data)[b.size] == '\0'); /* as testkit.h promises */
}

static void read_answer(tk_msg *m, uint8_t kinds)
{
    for (int i = 0; i < 4; i++)
        if (kinds >> i & 1)
            tk_get_int(m);
        else
            touch(tk_get_bytes(m));
}

static void one_call(tk_process *d, uint8_t kinds)
{
    tk_msg *question = tk_msg_new("twice");
    tk_put_int(question, 21);
    tk_put_bytes(question, "bytes", kinds % 6);
    if (kinds & 16)
        go_on(); /* unasked */
    tk_call_begin(d, question);
    read_answer(tk_call_end(d), kinds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int link[2];
    left = (struct fuzz_input){data, size};
    const uint8_t kinds = fuzz_byte(&left), ends = fuzz_byte(&left) & 1;
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link) == 0);
    FUZZ_CHECK(fcntl(link[0], F_SETFL, O_NONBLOCK) == 0);
    tk_process driver = {.program = "driver", .link = link[0]};
    far_end = link[1];
    driver.ended = ends && size < 64; /* its death may be seen before what it has sent */
    while (driver.ended && far_end >= 0)
        go_on();
    if (setjmp(ended) == 0) {
        one_call(&driver, kinds);
        one_call(&driver, kinds);
    } else {
        FUZZ_CHECK(blames_driver);
    }
    close(link[0]);
    if (far_end >= 0)
        close(far_end);
    fuzz_forget();
    return 0;
}
