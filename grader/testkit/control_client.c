/*
 * The control socket, and the one place where a judge sleeps.
 *
 * Theory of operation. Every wait is one ppoll over the descriptors that it is about and the control
 * socket, up to the test's deadline. When nothing has happened for IDLE_AFTER_NS, the judge says so
 * with a sequence number of its own, and sleeps on. Only when warden answers with that very number is
 * it proven that nobody can ever wake it: a STUCK that was under way while something happened has an
 * old number. Answers to CTL_WAIT may come at any time and are noted at their process.
 */
#include "judge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define IDLE_AFTER_NS (5 * TK_NS_PER_MS)
#define ANSWER_NS     (20000 * TK_NS_PER_MS) /* warden answers at once; on a drowning machine somewhat later */
#define SLEEP_MAX     8

int64_t tk_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void tk_leave(int code)
{
    struct tk_judge *j = tk_judge();
    j->leaving = true;
    if (code == 0 && j->record.set)
        tk_control_ask(&(struct tk_request){.op = CTL_RECORD, .proc = -1, .text = j->record.json.data});
    tk_free_all();
    exit(code);
}

/* ---- sending ------------------------------------------------------------------------------------ */

static void attach(struct msghdr *h, const int *fds, size_t count)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(h);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(count * sizeof *fds);
    memcpy(CMSG_DATA(c), fds, count * sizeof *fds);
}

static void send_datagram(struct msghdr *h)
{
    int64_t deadline = tk_now_ns() + ANSWER_NS;
    while (sendmsg(CTL_FD, h, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        if (errno == EINTR)
            continue;
        if (errno == EPIPE || errno == ECONNRESET)
            tk_leave(3); /* warden is gone, so nobody is there to hear of it */
        if (errno != EAGAIN || tk_now_ns() > deadline)
            tk_error("the control socket takes no message: %s", strerror(errno));
        struct pollfd p = {.fd = CTL_FD, .events = POLLOUT};
        poll(&p, 1, (int)(ANSWER_NS / TK_NS_PER_MS));
    }
}

uint32_t tk_control_send(const struct tk_request *q)
{
    struct tk_judge *j = tk_judge();
    size_t length = q->text ? strlen(q->text) : 0;
    if (length > CTL_MESSAGE_MAX - sizeof(struct ctl_message) || q->fds_count > CTL_FDS_MAX)
        tk_error("a request of %zu bytes and %zu descriptors is too large", length, q->fds_count);
    if (++j->seq == 0)
        j->seq = 1;
    struct ctl_message m = {.op = q->op,
                            .seq = j->seq,
                            .proc = q->proc,
                            .arg = q->arg,
                            .arg2 = q->arg2,
                            .deadline_ns = q->deadline_ns,
                            .length = (uint32_t)length};
    char control[CMSG_SPACE(CTL_FDS_MAX * sizeof(int))] = {0};
    struct iovec parts[2] = {{&m, sizeof m}, {(void *)q->text, length}};
    struct msghdr h = {.msg_iov = parts, .msg_iovlen = 2};
    if (q->fds_count) {
        h.msg_control = control;
        h.msg_controllen = CMSG_SPACE(q->fds_count * sizeof(int));
        attach(&h, q->fds, q->fds_count);
    }
    send_datagram(&h);
    return j->seq;
}

/* ---- receiving ---------------------------------------------------------------------------------- */

/* The answer to a CTL_WAIT that nobody may be waiting for just now. True if it was one. */
static bool note_end(struct tk_judge *j, const struct ctl_message *m)
{
    for (tk_process *p = j->processes; p; p = p->next) {
        if (p->wait_seq != m->seq || m->op != CTL_WAIT)
            continue;
        p->wait_seq = 0;
        if (m->error == 0) {
            p->ended = true;
            p->status = (int)m->arg;
        } else if (m->error != ETIMEDOUT) {
            tk_error("the supervisor cannot wait for %s: %s", p->program, strerror(m->error));
        }
        return true;
    }
    return false;
}

/* True if it is something that a wait should look at. */
static bool take(struct tk_judge *j, const struct ctl_message *m, const char *payload)
{
    if (m->op == CTL_STUCK) {
        j->stuck_seq = m->seq;
        return false;
    }
    if (m->op == CTL_LIMIT) {
        j->record.set = false; /* the outcome is the limit, whatever we have seen so far */
        tk_leave(0);
    }
    if (m->seq != 0 && m->seq == j->awaited_seq) {
        j->awaited_seq = 0;
        j->answer = tk_alloc(sizeof *j->answer);
        *j->answer = (struct tk_answer){m->error, m->arg, m->arg2, tk_format("%s", payload)};
        return true;
    }
    if (note_end(j, m))
        return true;
    if (m->op < CTL_HELLO || m->op >= CTL_OPS)
        tk_error("the supervisor sent a message of unknown kind %u", m->op);
    return false; /* an answer that nobody waits for any more */
}

/* Takes one message, if there is one. */
static bool receive(struct tk_judge *j)
{
    static char payload[CTL_MESSAGE_MAX + 1];
    struct ctl_message m;
    struct iovec parts[2] = {{&m, sizeof m}, {payload, CTL_MESSAGE_MAX}};
    struct msghdr h = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t n = recvmsg(CTL_FD, &h, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n <= 0)
        tk_leave(3); /* warden is gone */
    size_t size = (size_t)n;
    if (size < sizeof m || size - sizeof m != m.length || h.msg_flags & MSG_TRUNC)
        tk_error("the supervisor sent a message that makes no sense (%zu bytes)", size);
    payload[m.length] = '\0';
    if (strlen(payload) != m.length)
        tk_error("the supervisor sent a NUL byte");
    return take(j, &m, payload);
}

/* ---- sleeping ----------------------------------------------------------------------------------- */

static int poll_until(struct pollfd *all, size_t count, int64_t until_ns)
{
    int64_t left = until_ns - tk_now_ns();
    struct timespec t = {0};
    if (left > 0)
        t = (struct timespec){left / 1000000000, left % 1000000000};
    int n = ppoll(all, count, &t, NULL);
    if (n < 0 && errno != EINTR)
        tk_error("ppoll: %s", strerror(errno));
    if (n < 0)
        for (size_t i = 0; i < count; i++)
            all[i].revents = 0;
    return n;
}

static bool any_ready(struct pollfd *fds, const struct pollfd *all, size_t count)
{
    bool ready = false;
    for (size_t i = 0; i < count; i++) {
        fds[i].revents = all[i].revents;
        ready |= fds[i].revents != 0;
        if (fds[i].revents & POLLNVAL)
            tk_error("the test waits for descriptor %d, which is not open", fds[i].fd);
    }
    return ready;
}

enum tk_event tk_sleep(struct pollfd *fds, size_t count, int64_t deadline_ns, bool idle)
{
    struct tk_judge *j = tk_judge();
    struct pollfd all[SLEEP_MAX + 1];
    if (count > SLEEP_MAX)
        tk_error("a wait for %zu descriptors", count);
    if (count)
        memcpy(all, fds, count * sizeof *fds);
    all[count] = (struct pollfd){.fd = CTL_FD, .events = POLLIN};
    uint32_t idle_seq = 0;
    const int64_t idle_ns = tk_now_ns() + IDLE_AFTER_NS;
    for (;;) {
        bool told = !idle || idle_seq;
        poll_until(all, count + 1, told || deadline_ns < idle_ns ? deadline_ns : idle_ns);
        bool answered = all[count].revents && receive(j);
        if (any_ready(fds, all, count))
            return TK_READY;
        if (answered)
            return TK_ANSWER;
        if (idle_seq && j->stuck_seq == idle_seq)
            return TK_STUCK;
        int64_t now = tk_now_ns();
        if (now >= deadline_ns)
            return TK_LATE;
        if (!told && now >= idle_ns)
            idle_seq = tk_control_send(&(struct tk_request){.op = CTL_IDLE, .proc = -1});
    }
}

void tk_control_begin(const struct tk_request *q)
{
    struct tk_judge *j = tk_judge();
    j->answer = NULL;
    j->awaited_seq = tk_control_send(q);
}

struct tk_answer *tk_control_ask(const struct tk_request *q)
{
    struct tk_judge *j = tk_judge();
    const int64_t deadline = tk_now_ns() + ANSWER_NS;
    tk_control_begin(q);
    while (!j->answer)
        if (tk_sleep(NULL, 0, deadline, false) == TK_LATE)
            tk_error("the supervisor did not answer within %lld s",
                     (long long)(ANSWER_NS / TK_NS_PER_MS / 1000));
    return j->answer;
}

int64_t tk_control_number(const char **at)
{
    char *end;
    errno = 0;
    long long value = strtoll(*at, &end, 10);
    if (end == *at || errno || **at == ' ' || **at == '+')
        tk_error("the supervisor's answer has no number here: %.60s", *at);
    *at = end;
    return value;
}

/* ---- the end of a wait that found no end --------------------------------------------------------- */

/* Cuts the next line off `text`. */
static char *next_line(char **text)
{
    char *line = *text, *end = strchr(line, '\n');
    if (!end)
        return NULL;
    *end = '\0';
    *text = end + 1;
    return line;
}

void tk_fail_waiting(const struct tk_waiting *w, enum tk_event event)
{
    struct tk_answer *a = tk_control_ask(&(struct tk_request){.op = CTL_EXPLAIN, .proc = -1});
    char *text = a->text, *kind = next_line(&text), *cause = next_line(&text), *sentence = next_line(&text);
    if (a->error || !sentence || !*kind || !*cause)
        tk_error("the supervisor cannot explain why the test does not go on");
    struct tk_failure f = {.kind = kind, .cause = cause, .message = sentence, .proven = true};
    if (event == TK_LATE)
        f.message = tk_format("%s; the test's time is up", sentence);
    if (strcmp(cause, "all_ended") == 0 && w->p && tk_settle(w->p))
        f.message = tk_format("%s, and no other process is left", tk_how_it_is(w->p));
    tk_json_string(&f.expected, w->what, strlen(w->what), TK_EXCERPT);
    if (w->so_far) {
        struct tk_excerpt e = tk_excerpt(w->so_far->data, w->so_far->size, w->so_far->size, w->so_far->size);
        tk_json_bytes(&f.actual, w->so_far->data ? w->so_far->data + e.start : (const unsigned char *)"",
                      e.size);
    }
    tk_fail_with(&f);
}

void tk_wait_for(struct pollfd *fds, size_t count, const struct tk_waiting *w)
{
    enum tk_event event = tk_sleep(fds, count, tk_judge()->deadline_ns, true);
    if (event == TK_STUCK || event == TK_LATE)
        tk_fail_waiting(w, event);
}
