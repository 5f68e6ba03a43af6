/* The back channel: a SOCK_SEQPACKET pair. With SO_PASSCRED set at our end the kernel attaches the
 * sender's pid to each question (unix(7)); only a process with CAP_SYS_ADMIN could give another one. */
#include "judge.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct tk_back {
    int ours, theirs;
    const char *what; /* that it waits for */
};

tk_back *tk_back_new(void)
{
    int ends[2], on = 1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        tk_error("socketpair: %s", strerror(errno));
    if (setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0)
        tk_error("SO_PASSCRED: %s", strerror(errno));
    tk_back *b = tk_alloc(sizeof *b);
    *b = (tk_back){.ours = ends[0], .theirs = ends[1], .what = "a question to the test"};
    return b;
}

int tk_back_fd(const tk_back *b)
{
    if (b->theirs < 0)
        tk_error("tk_back_fd after tk_back_given");
    return b->theirs;
}

void tk_back_given(tk_back *b)
{
    if (b->theirs >= 0)
        close(b->theirs);
    b->theirs = -1;
}

/* The sender's pid; 0 if the kernel attached none, which it does at end-of-file only. */
static pid_t sender(struct msghdr *h)
{
    pid_t pid = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level != SOL_SOCKET)
            continue;
        if (c->cmsg_type == SCM_CREDENTIALS) {
            struct ucred credentials;
            memcpy(&credentials, CMSG_DATA(c), sizeof credentials);
            pid = credentials.pid;
        } else if (c->cmsg_type == SCM_RIGHTS) { /* nobody asked for descriptors */
            size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            for (size_t i = 0; i < count; i++) {
                int fd;
                memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
                close(fd);
            }
        }
    }
    return pid;
}

/* Returns false if nothing is there. At end-of-file *pid is 0. */
static bool receive(const tk_back *b, void *data, size_t room, size_t *size, pid_t *pid)
{
    char control[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(16 * sizeof(int))];
    struct iovec part = {data, room};
    struct msghdr h = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(b->ours, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n < 0 && errno != ECONNRESET)
        tk_error("recvmsg on the back channel: %s", strerror(errno));
    *pid = n < 0 ? 0 : sender(&h);
    *size = n < 0 ? 0 : (size_t)n;
    if (h.msg_flags & MSG_TRUNC) {
        struct tk_failure f = {.kind = "tamper", .cause = "malformed_answer", .proven = true};
        f.message = tk_format("process %d asked the test something longer than %zu bytes", *pid, room);
        tk_fail_with(&f);
    }
    return true;
}

size_t tk_back_receive(tk_back *b, void *data, size_t size, pid_t *pid)
{
    const struct tk_waiting w = {.what = b->what};
    if (b->theirs >= 0)
        tk_error("tk_back_receive before tk_back_given: end-of-file could not come");
    for (;;) {
        size_t got;
        if (receive(b, data, size, &got, pid)) {
            if (*pid == 0 || got > 0)
                return got;
            continue; /* an empty question, which would look like the end */
        }
        struct pollfd fd = {.fd = b->ours, .events = POLLIN};
        tk_wait_for(&fd, 1, &w);
    }
}

void tk_back_expects(tk_back *b, const char *what)
{
    b->what = what;
}

bool tk_back_pending(tk_back *b)
{
    struct pollfd fd = {.fd = b->ours, .events = POLLIN};
    char byte;
    struct iovec part = {&byte, 1};
    struct msghdr h = {.msg_iov = &part, .msg_iovlen = 1};
    /* End-of-file is readable, too. */
    return poll(&fd, 1, 0) == 1 && fd.revents & POLLIN && recvmsg(b->ours, &h, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool tk_back_comes(tk_back *b)
{
    if (b->theirs >= 0)
        tk_error("tk_back_comes before tk_back_given: end-of-file could not come");
    struct pollfd fd = {.fd = b->ours, .events = POLLIN};
    enum tk_event event;
    while ((event = tk_sleep(&fd, 1, tk_judge()->deadline_ns, true)) == TK_ANSWER)
        ;
    return event == TK_READY;
}

void tk_back_answer(tk_back *b, const void *data, size_t size)
{
    const struct tk_waiting w = {.what = "a process that reads its answer on the back channel"};
    while (send(b->ours, data, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        if (errno == EPIPE || errno == ECONNRESET)
            return; /* whoever asked is gone: what follows from that is the test's to find */
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            tk_error("send on the back channel: %s", strerror(errno));
        struct pollfd fd = {.fd = b->ours, .events = POLLOUT};
        tk_wait_for(&fd, 1, &w);
    }
}
