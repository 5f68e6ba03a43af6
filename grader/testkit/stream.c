/* stdin and stdout of a student's process: our ends never block, every wait is control_client.c's. */
#include "judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CHUNK     65536u
#define LINE_MOST 65536u
#define QUIET_MS  50 /* between two looks at a process of which nothing can be proven */

int tk_stdin_fd(const tk_process *p)
{
    return p->in_fd;
}

int tk_stdout_fd(const tk_process *p)
{
    return p->out_fd;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void tk_close_stdin(tk_process *p)
{
    close_end(&p->in_fd);
}

void tk_close_stdout(tk_process *p)
{
    close_end(&p->out_fd);
}

static void need(int fd, const tk_process *p, const char *name)
{
    if (fd < 0)
        tk_error("the test uses %s of %s, which is no pipe of ours, or closed", name, p->program);
}

/* ---- sending ------------------------------------------------------------------------------------ */

/* Writes what the pipe takes now. Returns false when the reader is gone. */
static bool send_some(const tk_process *p, const unsigned char *data, size_t size, size_t *sent)
{
    while (*sent < size) {
        ssize_t n = write(p->in_fd, data + *sent, size - *sent);
        if (n >= 0) {
            *sent += (size_t)n;
            continue;
        }
        if (errno == EPIPE)
            return false;
        if (errno == EAGAIN)
            return true;
        if (errno != EINTR)
            tk_error("write to %s: %s", p->program, strerror(errno));
    }
    return true;
}

static _Noreturn void fail_reader_gone(tk_process *p, size_t sent, size_t size)
{
    const struct tk_waiting w = {.p = p,
                                 .what = tk_format("%s, which reads all %zu bytes", p->program, size)};
    tk_settle(p);
    const char *how = p->ended ? tk_how_it_is(p) : tk_format("%s closed its stdin", p->program);
    tk_fail_early(
        p,
        tk_format("%s before it had read its input (the pipe had taken %zu of %zu bytes)", how, sent, size),
        &w);
}

void tk_send(tk_process *p, const void *data, size_t size)
{
    const struct tk_waiting w = {.p = p, .what = tk_format("%s, which reads its stdin", p->program)};
    size_t sent = 0;
    need(p->in_fd, p, "stdin");
    for (;;) {
        if (!send_some(p, data, size, &sent))
            fail_reader_gone(p, sent, size);
        if (sent == size)
            return;
        struct pollfd fd = {.fd = p->in_fd, .events = POLLOUT};
        tk_wait_for(&fd, 1, &w);
    }
}

/* For a machine, or a program (one that set a timer), of which warden cannot prove that nothing will go
 * on: true if every process is asleep, and not for a set time. `before` is the last such look. */
static bool all_asleep(char **before)
{
    struct tk_answer *a = tk_control_ask(&(struct tk_request){.op = CTL_STATE, .proc = -1});
    char *now = tk_format("%s", a->text);
    bool same = *before && strcmp(*before, now) == 0, asleep = a->error == 0;
    *before = now;
    for (char *save = NULL, *line = strtok_r(a->text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        const char *doing = strstr(line, ") is blocked in ");
        asleep &= doing && !strstr(doing, "nanosleep") && !strstr(doing, "with a timeout");
    }
    return asleep && same;
}

size_t tk_send_until_full(tk_process *p, const void *data, size_t size)
{
    const struct tk_judge *j = tk_judge();
    const struct tk_waiting w = {.p = p, .what = tk_format("%s, asleep with a full stdin", p->program)};
    size_t sent = 0;
    char *before = NULL;
    need(p->in_fd, p, "stdin");
    for (;;) {
        if (!send_some(p, data, size, &sent))
            fail_reader_gone(p, sent, size);
        if (sent == size)
            return sent;
        struct pollfd fd = {.fd = p->in_fd, .events = POLLOUT};
        int64_t quiet = tk_now_ns() + QUIET_MS * j->slow * TK_NS_PER_MS;
        enum tk_event event = tk_sleep(&fd, 1, quiet < j->deadline_ns ? quiet : j->deadline_ns, true);
        if (event == TK_STUCK)
            return sent;
        if (event != TK_LATE)
            before = NULL;
        else if (tk_now_ns() >= j->deadline_ns)
            tk_fail_waiting(&w, event);
        else if (all_asleep(&before))
            return sent;
    }
}

/* ---- receiving ---------------------------------------------------------------------------------- */

void tk_fail_flood(const tk_process *p, const char *where)
{
    struct tk_failure f = {.kind = "output_flood", .cause = "stdout_flood", .proven = true};
    f.message =
        tk_format("%s wrote more than %lld bytes %s", p->program, (long long)tk_judge()->output, where);
    tk_json_int(&f.expected, tk_judge()->output);
    /* It is still writing, and when we leave it gets SIGPIPE. Signal 0 does nothing to it, but tells
     * warden that how it ends is the judge's doing. */
    tk_control_ask(&(struct tk_request){.op = CTL_SIGNAL, .proc = p->proc, .arg = 0});
    tk_fail_with(&f);
}

/* Reads at most `most` bytes that are there now. Returns false at end-of-file. */
static bool receive_some(tk_process *p, struct tk_text *t, size_t most)
{
    size_t room = most < CHUNK ? most : CHUNK;
    char *at = tk_text_room(t, room);
    ssize_t n = read(p->out_fd, at, room);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        tk_error("read from %s: %s", p->program, strerror(errno));
    if (n <= 0)
        return n < 0;
    t->size += (size_t)n;
    t->data[t->size] = '\0';
    p->received += (uint64_t)n;
    if (p->received > (uint64_t)tk_judge()->output)
        tk_fail_flood(p, "to stdout");
    return true;
}

static tk_bytes bytes_of(struct tk_text *t)
{
    tk_text_add(t, "", 0); /* so that there is a NUL to point at */
    return (tk_bytes){.data = (unsigned char *)t->data, .size = t->size};
}

static void wait_for_output(tk_process *p, struct tk_text *t, struct tk_waiting *w)
{
    tk_bytes so_far = bytes_of(t);
    struct pollfd fd = {.fd = p->out_fd, .events = POLLIN};
    w->so_far = &so_far;
    tk_wait_for(&fd, 1, w);
    w->so_far = NULL;
}

static _Noreturn void fail_early_end(tk_process *p, tk_bytes got, size_t size, const char *what)
{
    const struct tk_waiting w = {.p = p, .what = tk_format("%s: %zu bytes", what, size), .so_far = &got};
    tk_settle(p);
    const char *how = p->ended ? tk_how_it_is(p) : tk_format("%s closed its stdout", p->program);
    tk_fail_early(
        p, tk_format("%s before it had printed %s (%zu of %zu bytes came)", how, what, got.size, size), &w);
}

tk_bytes tk_receive(tk_process *p, size_t size, const char *what)
{
    struct tk_text t = {0};
    struct tk_waiting w = {.p = p, .what = tk_format("%s: %zu bytes", what, size)};
    need(p->out_fd, p, "stdout");
    while (t.size < size) {
        wait_for_output(p, &t, &w);
        if (!receive_some(p, &t, size - t.size))
            fail_early_end(p, bytes_of(&t), size, what);
    }
    return bytes_of(&t);
}

static _Noreturn void fail_in_line(tk_process *p, tk_bytes got, const char *what)
{
    const struct tk_waiting w = {.p = p, .what = tk_format("%s: a line", what), .so_far = &got};
    if (got.size == LINE_MOST)
        tk_fail_early(p, tk_format("%s: %u bytes came, and no newline", what, LINE_MOST), &w);
    tk_settle(p);
    const char *how = p->ended ? tk_how_it_is(p) : tk_format("%s closed its stdout", p->program);
    tk_fail_early(
        p, tk_format("%s before it had printed %s (%zu bytes came, and no newline)", how, what, got.size),
        &w);
}

tk_bytes tk_receive_line(tk_process *p, const char *what)
{
    struct tk_text t = {0};
    struct tk_waiting w = {.p = p, .what = tk_format("%s: a line", what)};
    need(p->out_fd, p, "stdout");
    /* Byte by byte: what has been read too much cannot be put back for whoever reads next. */
    while (t.size == 0 || t.data[t.size - 1] != '\n') {
        wait_for_output(p, &t, &w);
        if (!receive_some(p, &t, 1) || t.size == LINE_MOST)
            fail_in_line(p, bytes_of(&t), what);
    }
    return bytes_of(&t);
}

bool tk_output_comes(tk_process *p)
{
    const struct tk_waiting w = {.p = p, .what = tk_format("something on stdout of %s", p->program)};
    need(p->out_fd, p, "stdout");
    for (;;) {
        struct pollfd fd = {.fd = p->out_fd, .events = POLLIN};
        enum tk_event event = tk_sleep(&fd, 1, tk_judge()->deadline_ns, true);
        if (event == TK_READY || event == TK_STUCK)
            return event == TK_READY;
        if (event == TK_LATE)
            tk_fail_waiting(&w, event);
    }
}

static size_t bytes_in(int fd)
{
    int n;
    if (ioctl(fd, FIONREAD, &n) < 0)
        tk_error("FIONREAD: %s", strerror(errno));
    return (size_t)n;
}

size_t tk_output_pending(const tk_process *p)
{
    need(p->out_fd, p, "stdout");
    return bytes_in(p->out_fd);
}

size_t tk_input_unread(const tk_process *p)
{
    need(p->in_fd, p, "stdin");
    return bytes_in(p->in_fd);
}

void tk_assert_eof(tk_process *p)
{
    struct tk_text t = {0};
    struct tk_waiting w = {.p = p, .what = tk_format("end-of-file on stdout of %s", p->program)};
    need(p->out_fd, p, "stdout");
    do
        wait_for_output(p, &t, &w);
    while (receive_some(p, &t, CHUNK) && t.size == 0);
    if (t.size == 0)
        return;
    struct tk_failure f = {.message = tk_format("%s printed more than it should", p->program)};
    struct tk_excerpt e = tk_excerpt(t.data, t.size, 0, t.size);
    tk_json_string(&f.expected, w.what, strlen(w.what), TK_EXCERPT);
    tk_json_bytes(&f.actual, t.data + e.start, e.size);
    tk_fail_with(&f);
}

tk_bytes tk_receive_all(tk_process *p)
{
    struct tk_text t = {0};
    struct tk_waiting w = {.p = p, .what = tk_format("end-of-file on stdout of %s", p->program)};
    need(p->out_fd, p, "stdout");
    do
        wait_for_output(p, &t, &w);
    while (receive_some(p, &t, CHUNK));
    return bytes_of(&t);
}

tk_bytes tk_exchange(tk_process *p, const void *data, size_t size)
{
    struct tk_text t = {0};
    struct tk_waiting w = {.p = p, .what = tk_format("end-of-file on stdout of %s", p->program)};
    size_t sent = 0;
    need(p->in_fd, p, "stdin");
    need(p->out_fd, p, "stdout");
    for (;;) {
        if (p->in_fd >= 0 && (!send_some(p, data, size, &sent) || sent == size))
            tk_close_stdin(p);
        tk_bytes so_far = bytes_of(&t);
        /* ppoll ignores a descriptor of -1 */
        struct pollfd fds[2] = {{.fd = p->out_fd, .events = POLLIN}, {.fd = p->in_fd, .events = POLLOUT}};
        w.so_far = &so_far;
        tk_wait_for(fds, 2, &w);
        if (fds[0].revents && !receive_some(p, &t, CHUNK))
            break;
    }
    tk_close_stdin(p); /* it closed stdout first: as good as having stopped reading */
    return bytes_of(&t);
}
