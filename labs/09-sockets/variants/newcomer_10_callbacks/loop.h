/* loop.h - the smallest event loop that does. */
#ifndef LOOP_H
#define LOOP_H
#include <stdint.h>
#include <sys/epoll.h>

struct source
{
    int      fd;
    uint32_t asked;
    void   (*ready)(struct source *self, uint32_t events);
};

static int loop_fd = -1;

static inline int loop_init(void)
{
    loop_fd = epoll_create1(EPOLL_CLOEXEC);
    return loop_fd;
}

/* asks for `events` (0: nothing but errors) */
static inline int loop_ask(struct source *s, uint32_t events, int is_new)
{
    struct epoll_event e = { .events = events, .data = { .ptr = s } };
    if (!is_new && s->asked == events)
        return 0;
    s->asked = events;
    return epoll_ctl(loop_fd, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, s->fd, &e);
}

/* one turn */
static inline void loop_turn(void)
{
    struct epoll_event e[32];
    int n = epoll_wait(loop_fd, e, 32, -1);
    for (int i = 0; i < n; i++)
    {
        struct source *s = e[i].data.ptr;
        s->ready(s, e[i].events);
    }
}
#endif
