/* What the tests of ask_child share: start the driver, call ask_child, look at all that happened meanwhile.
 */
#ifndef ASKING_H
#define ASKING_H

#include "back_channel.h"
#include "driver.h"
#include "testkit.h"

#include <string.h>

struct caller {
    tk_process *driver;
    tk_back *back;
};

struct order_to_f {
    int64_t what; /* enum order */
    int64_t value;
};

struct outcome {
    int64_t returned; /* by ask_child */
    int64_t result;   /* what *result holds afterwards */
    int calls;        /* how often f was called */
    pid_t where;      /* in which process, last */
    int64_t x;        /* with what, last */
    int strays;       /* in how many other processes ask_child returned before it did so in the caller */
};

#define CALLS_MAX 100

static inline struct caller start_caller_how(bool watch_data)
{
    struct caller c = {.back = tk_back_new()};
    const int fds[] = {tk_back_fd(c.back), -1}, numbers[] = {TD_BACK_FD, -1};
    const struct tk_how how = {
        .program = "ask", .in = TK_NULL, .fds = fds, .fd_numbers = numbers, .watch_data = watch_data};
    c.driver = tk_driver_how(&how);
    tk_back_given(c.back);
    return c;
}

static inline struct caller start_caller(void)
{
    return start_caller_how(false);
}

static inline _Noreturn void fail_ended(const struct caller *c)
{
    tk_fail("ask_child did not return: the process that called it %s",
            tk_describe_status(tk_wait(c->driver)));
}

/* Calls ask_child with x and an *result that holds `before`; tells f, as often as it asks, what to do. */
static inline struct outcome ask(const struct caller *c, int64_t x, int64_t before, struct order_to_f order)
{
    struct outcome o = {0};
    int64_t said[2];
    pid_t who;
    tk_msg *call = tk_msg_new("ask_child");
    tk_put_int(call, x);
    tk_put_int(call, before);
    tk_call_begin(c->driver, call);
    for (;;) {
        size_t n = tk_back_receive(c->back, said, sizeof said, &who);
        if (n == 0)
            fail_ended(c);
        if (n != sizeof said || (said[0] != ASKS && said[0] != RETURNED))
            tk_fail("somebody meddles with descriptor %d, which belongs to the caller of ask_child",
                    TD_BACK_FD);
        if (said[0] == RETURNED && who == tk_pid(c->driver))
            break;
        if (said[0] == RETURNED) {
            o.strays++;
            continue;
        }
        tk_assert(++o.calls <= CALLS_MAX, "f was called more than %d times", CALLS_MAX);
        o.where = who;
        o.x = said[1];
        tk_back_answer(c->back, &order, sizeof order);
    }
    tk_msg *answer = tk_call_end(c->driver);
    o.returned = tk_get_int(answer);
    o.result = tk_get_int(answer);
    return o;
}

static inline struct outcome ask_for(const struct caller *c, int64_t x, int64_t answer)
{
    /* Before the call, *result holds what differs from the answer in every byte. */
    return ask(c, x, ~answer, (struct order_to_f){ANSWER, answer});
}

/* A call of the driver's that takes no argument and gives one number. */
static inline int64_t tell(const struct caller *c, const char *function)
{
    return tk_get_int(tk_call(c->driver, tk_msg_new(function)));
}

/* The caller returns from main. */
static inline void leave(const struct caller *c)
{
    tk_call_begin(c->driver, tk_msg_new("leave"));
}

#endif
