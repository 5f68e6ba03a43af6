/* What makes two snapshots the same: one difference at a time, each must count. No process is needed. */
#include "stuck.c"

#include <assert.h>

static struct snapshot a, b;

static void fresh(void)
{
    a = (struct snapshot){.valid = true, .all_blocked = true, .count = 2, .judge_switches = 9};
    a.tasks[0] = (struct task){.pid = 5, .tid = 5, .switches = 100, .call = {.number = 0, .sp = 4096}};
    a.tasks[1] = (struct task){.pid = 6, .tid = 7, .switches = 200, .call = {.number = 61, .sp = 8192}};
    b = a;
    b.taken_ns = a.taken_ns + LOOK_AFTER_NS;
}

#define DIFFERS(change)              \
    do {                             \
        fresh();                     \
        assert(stuck_same(&a, &b));  \
        change;                      \
        assert(!stuck_same(&a, &b)); \
    } while (0)

int main(void)
{
    DIFFERS(a.valid = false);
    DIFFERS(b.valid = false);
    DIFFERS(a.all_blocked = false);
    DIFFERS(b.all_blocked = false);
    DIFFERS(b.count = 1);
    DIFFERS(b.judge_switches++);
    DIFFERS(b.taken_ns--); /* too close to each other */
    DIFFERS(b.tasks[1].pid++);
    DIFFERS(b.tasks[1].tid++);
    DIFFERS(b.tasks[1].switches++);
    DIFFERS(b.tasks[0].switches++);
    DIFFERS(b.tasks[1].call.number++);
    DIFFERS(b.tasks[1].call.sp += 8);
    return 0;
}
