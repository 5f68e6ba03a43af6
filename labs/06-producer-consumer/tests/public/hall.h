/* What the tests of the buffer share: a driver that makes buffers, and actors, processes that put and get as
 * they are told. An actor does one thing at a time, so a test knows at each moment who does what. */
#ifndef HALL_H
#define HALL_H

#include "driver.h"
#include "orders.h"
#include "testkit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct actor {
    tk_back *back;
    const char *object; /* its end of that */
    const char *name;   /* "the producer" */
    pid_t pid;
};

struct hall {
    tk_process *driver;
    struct actor actors[ACTORS];
};

/* What an actor, or the driver itself, says that it did. */
struct report {
    int64_t returned, error, count, touched;
    const int64_t *items;
};

static inline struct hall open_hall(void)
{
    struct hall h;
    int fds[ACTORS + 1], numbers[ACTORS + 1];
    for (int i = 0; i < ACTORS; i++) {
        h.actors[i] = (struct actor){.back = tk_back_new(), .name = "a process"};
        fds[i] = tk_back_fd(h.actors[i].back);
        numbers[i] = ACTOR_FD + i;
        h.actors[i].object = tk_object(fds[i]);
    }
    fds[ACTORS] = numbers[ACTORS] = -1;
    const struct tk_how how = {.program = "buffer", .in = TK_NULL, .fds = fds, .fd_numbers = numbers};
    h.driver = tk_driver_how(&how);
    for (int i = 0; i < ACTORS; i++)
        tk_back_given(h.actors[i].back);
    return h;
}

/* ---- buffers ----------------------------------------------------------------------------------- */

/* True if bb_create gave a buffer. */
static inline bool try_create(const struct hall *h, int which, uint64_t cap, int producers)
{
    tk_msg *m = tk_msg_new("create");
    tk_put_int(m, which);
    tk_put_int(m, (int64_t)cap);
    tk_put_int(m, producers);
    tk_msg *answer = tk_call(h->driver, m);
    bool made = tk_get_int(answer) == 1;
    tk_get_int(answer);
    return made;
}

static inline void create_which(const struct hall *h, int which, uint64_t cap, int producers)
{
    tk_assert(try_create(h, which, cap, producers), "bb_create(%llu, %d) returned NULL",
              (unsigned long long)cap, producers);
}

static inline void create(const struct hall *h, uint64_t cap, int producers)
{
    create_which(h, 0, cap, producers);
}

static inline void destroy(const struct hall *h, int which)
{
    tk_msg *m = tk_msg_new("destroy");
    tk_put_int(m, which);
    tk_msg *answer = tk_call(h->driver, m);
    int64_t returned = tk_get_int(answer);
    tk_get_int(answer);
    tk_assert_int(returned, 0, "what bb_destroy returned");
}

/* ---- in the process that made them -------------------------------------------------------------- */

static inline struct report by_itself(const struct hall *h, int which, enum what what, int64_t value,
                                      int64_t count)
{
    struct report r = {0};
    tk_msg *m = tk_msg_new("self");
    tk_put_int(m, what);
    tk_put_int(m, which);
    tk_put_int(m, value);
    tk_put_int(m, count);
    tk_msg *answer = tk_call(h->driver, m);
    r.returned = tk_get_int(answer);
    r.error = tk_get_int(answer);
    r.count = tk_get_int(answer);
    r.touched = tk_get_int(answer);
    tk_bytes items = tk_get_bytes(answer);
    if (what == GET && items.size != (size_t)r.count * sizeof *r.items)
        tk_fail("the answer of the process that calls bb_get makes no sense");
    r.items = (const int64_t *)items.data;
    return r;
}

/* ---- actors ------------------------------------------------------------------------------------ */

/* An actor has ended, which only LEAVE may bring about: something ended it within a call. */
static inline _Noreturn void fail_ended(const struct hall *h, int who)
{
    tk_msg *m = tk_msg_new("reap");
    tk_put_int(m, who);
    int status = (int)tk_get_int(tk_call(h->driver, m));
    if (status != -1 && WIFSIGNALED(status))
        tk_cause("killed_by_signal");
    tk_fail("%s %s", h->actors[who].name, status == -1 ? "is gone" : tk_describe_status(status));
}

/* Takes a message of that actor; its numbers, if it has any, go to *items. */
static inline struct said_head hear(const struct hall *h, int who, int64_t *items)
{
    static struct {
        struct said_head head;
        int64_t items[CHUNK];
    } m;
    pid_t pid;
    size_t n = tk_back_receive(h->actors[who].back, &m, sizeof m, &pid);
    if (n == 0)
        fail_ended(h, who);
    size_t more = m.head.what == ITEMS ? (size_t)m.head.count * sizeof *items : 0;
    if (n < sizeof m.head || m.head.count < 0 || m.head.count > TAKE_MAX || n != sizeof m.head + more)
        tk_fail("somebody meddles with descriptor %d, which belongs to the caller of the buffer's functions",
                TD_BACK_FD);
    if (more)
        memcpy(items, m.items, more);
    return m.head;
}

/* Forks an actor: only after bb_create. `name` is for people. */
static inline void start(struct hall *h, int who, const char *name)
{
    tk_msg *m = tk_msg_new("start");
    tk_put_int(m, who);
    h->actors[who].name = name;
    h->actors[who].pid = (pid_t)tk_get_int(tk_call(h->driver, m));
    if (h->actors[who].pid < 0)
        tk_error("the driver cannot fork");
    hear(h, who, NULL);
}

static inline void tell(const struct hall *h, int who, int which, enum what what, int64_t value,
                        int64_t count)
{
    static const char *const back[] = {[PUT] = "%s to come back from bb_put",
                                       [GET] = "%s to come back from bb_get",
                                       [DONE] = "%s to come back from bb_done",
                                       [END] = "%s to come back from bb_get",
                                       [LEAVE] = "the end of %s"};
    const struct order o = {what, which, value, count};
    char *text = malloc(100);
    snprintf(text, 100, back[what], h->actors[who].name);
    tk_back_expects(h->actors[who].back, text);
    tk_back_answer(h->actors[who].back, &o, sizeof o);
}

/* Waits until an actor has done what it was told. */
static inline struct report report_of(const struct hall *h, int who)
{
    struct report r = {0};
    struct said_head head;
    int64_t *all = NULL, count = 0;
    int64_t chunk[CHUNK];
    while ((head = hear(h, who, chunk)).what == ITEMS) {
        if (count + head.count > TAKE_MAX)
            tk_fail("%s says that it got more than %d items", h->actors[who].name, TAKE_MAX);
        if (!all)
            all = malloc(TAKE_MAX * sizeof *all); /* pages that are not touched cost nothing */
        memcpy(all + count, chunk, (size_t)head.count * sizeof *all);
        count += head.count;
    }
    r = (struct report){head.returned, head.error, head.count, head.touched, all};
    return r;
}

/* Tells, and waits. */
static inline struct report lets(const struct hall *h, int who, int which, enum what what, int64_t value,
                                 int64_t count)
{
    tell(h, who, which, what, value, count);
    return report_of(h, who);
}

/* Ends an actor, as a process does that takes no leave of the buffer. */
static inline void leave(const struct hall *h, int who)
{
    tell(h, who, 0, LEAVE, 0, 0);
    tk_msg *m = tk_msg_new("reap");
    tk_put_int(m, who);
    tk_call(h->driver, m);
}

/* The program ends, as it should: its actors first, then the buffer, then itself. Descriptors of it stay open
 * here. */
static inline void close_hall(const struct hall *h, int actors)
{
    for (int i = 0; i < actors; i++)
        leave(h, i);
    destroy(h, 0);
    tk_wait(h->driver);
}

/* ---- waiting ----------------------------------------------------------------------------------- */

/* An actor was told to put or get, and has to wait now. `why`: "the buffer is empty". */
static inline void assert_waits(const struct hall *h, int who, const char *call, const char *why)
{
    const struct actor *a = &h->actors[who];
    const bool rests = tk_blocks(a->pid, NULL);
    if (!tk_back_pending(a->back) && rests && tk_blocks(a->pid, a->object) && !tk_back_pending(a->back))
        return;
    if (tk_back_pending(a->back)) {
        struct report r = report_of(h, who);
        tk_cause("does_not_wait");
        tk_fail("%s returned %lld in %s, although %s: it has to wait", call, (long long)r.returned, a->name,
                why);
    }
    tk_cause("polls_instead_of_waiting");
    tk_fail("%s has to wait in %s, as %s. But it does not sleep until it can go on: it spins, sleeps, or "
            "waits with a "
            "timeout, and looks again",
            a->name, call, why);
}

/* Waits until each of the actors has done what it was told, or waits in a call. Returns how many have done
 * it. */
static inline int settled(const struct hall *h, int actors)
{
    int count = 0;
    for (int i = 0; i < actors; i++)
        if (!tk_blocks(h->actors[i].pid, NULL) && !tk_back_pending(h->actors[i].back)) {
            tk_cause("polls_instead_of_waiting");
            tk_fail("%s has to wait, but does not sleep until it can go on", h->actors[i].name);
        }
    for (int i = 0; i < actors; i++)
        count += tk_back_pending(h->actors[i].back);
    return count;
}

/* ---- what came --------------------------------------------------------------------------------- */

static inline void assert_put(struct report r, int64_t count, const char *who)
{
    tk_assert(r.returned == 0 && r.count == count, "bb_put returned %lld in %s", (long long)r.returned, who);
}

/* Exactly `count` numbers from `first` on, in order. */
static inline void assert_got(struct report r, int64_t first, int64_t count, const char *who)
{
    tk_assert(r.count == count, "bb_get returned %lld in %s, after %lld items; there have to be %lld",
              (long long)r.returned, who, (long long)r.count, (long long)count);
    for (int64_t i = 0; i < count; i++) {
        int64_t right = (int64_t)((uint64_t)first + (uint64_t)i);
        if (r.items[i] != right)
            tk_assert_int(r.items[i], right, i == 0 ? "the first item" : "an item");
    }
}

static inline void assert_end(struct report r, const char *who)
{
    tk_cause("end_not_told");
    tk_assert(r.returned == 0,
              "bb_get returned %lld in %s, although the producers are done and nothing is left",
              (long long)r.returned, who);
    tk_cause(NULL);
    tk_assert(!r.touched, "bb_get returned 0 in %s, but changed *item", who);
}

/* A number to begin with. It and what follows it are small: what is larger than 32 bits is a test of its own.
 */
static inline int64_t some_number(void)
{
    return tk_random_between(1000, 1000000000);
}

#endif
