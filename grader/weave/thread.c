/*
 * Threads: tasks of one process.
 *
 * Theory of operation. A thread's place in the region exists before it does; its trampoline waits for the
 * baton. However it ends (return, pthread_exit, being the last), its end comes in the last round of its key
 * destructors: all code of the program that it runs is done then. It gives the baton away, and whoever gets
 * it waits until the kernel has nothing left of the thread, so that its stack, its arena and its robust locks
 * are as they will stay. The last thread of a process keeps the baton: the C library calls exit in it.
 */
#include "thread.h"
#include "handlers.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct thread { /* of this process; by task */
    pthread_t id;
    bool used, joinable;
    uint32_t joiner; /* task + 1 that waits for its end */
} threads[WEAVE_TASKS];
static uint32_t n_unordered; /* detached threads that have ended: nothing says that what they did is over */
static pthread_key_t key;    /* its destructor ends a thread */
static bool have_key;

struct start {
    void *(*routine)(void *);
    void *argument;
    struct weave_task *task;
};

static weave_key end_of(uint32_t task)
{
    return (weave_key){.kind = KIND_THREAD, .a = task, .b = REGION->task[task].born};
}

/* ---- the end */

static bool is_last(void)
{
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++) {
        const struct weave_task *t = &REGION->task[i];
        bool alive = t->state == TASK_STARTING || t->state == TASK_READY || t->state == TASK_BLOCKED;
        if (t != weave_self && alive && t->space == weave_self->space)
            return false;
    }
    return true;
}

static void end(void)
{
    uint32_t me = weave_number();
    struct weave_region *r = REGION;
    weave_point(OP_THREAD_EXIT, end_of(me), 0);
    if (is_last()) /* exit comes next: the process ends as its first thread would */
        return;
    if (!threads[me].joinable) {
        threads[me].used = false;
        n_unordered++;
    }
    weave_log(LOG_END, OP_THREAD_EXIT, end_of(me), 0, 0);
    if (weave_self->thread)
        r->spawned[weave_self->born].end_known = true;
    weave_self->state = TASK_DEAD;
    r->n_alive--;
    weave_wake(end_of(me));
    for (uint32_t i = 0; i < r->n_tasks_high; i++) /* the kernel gives up its robust locks */
        if (r->task[i].state == TASK_BLOCKED && r->task[i].wait.op == OP_MUTEX_LOCK)
            r->task[i].state = TASK_READY;
    r->ending_pid = weave_self->pid;
    r->ending_tid = weave_self->tid;
    weave_hand_over_at_end();
    weave_self = NULL;
}

/* Called once a round; the value counts them. */
static void destructor(void *value)
{
    uintptr_t rounds = (uintptr_t)value - 1;
    if (rounds > 0)
        pthread_setspecific(key, (void *)rounds);
    else if (weave_self)
        end();
}

static void arm(void)
{
    pthread_setspecific(key, (void *)(uintptr_t)PTHREAD_DESTRUCTOR_ITERATIONS);
}

static bool is_zombie(int32_t pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *bracket = strrchr(text, ')');
    return !bracket || !bracket[1] || strchr("ZXx", bracket[2]);
}

void weave_thread_is_gone(void)
{
    int e = errno;
    int32_t pid = REGION->ending_pid, tid = REGION->ending_tid;
    REGION->ending_tid = 0;
    if (pid == tid) /* a process's first thread stays as a zombie until the others have ended */
        while (!is_zombie(pid))
            sched_yield();
    else
        while (syscall(SYS_tgkill, pid, tid, 0) == 0)
            sched_yield();
    errno = e;
}

uint32_t weave_thread_reclaim(void)
{
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++) {
        struct weave_task *t = &REGION->task[i];
        if (t->state != TASK_DEAD || !t->thread || !t->detached)
            continue;
        struct weave_task *process = weave_task_of(t->pid);
        for (uint32_t k = 0; process && k < WEAVE_TASKS; k++) /* who waits for the process waits for it too */
            if (t->clock.of[k] > process->clock.of[k])
                process->clock.of[k] = t->clock.of[k];
        t->state = TASK_FREE;
        return i;
    }
    return WEAVE_NO_TASK;
}

void weave_thread_fork(void)
{
    memset(threads, 0, sizeof threads);
    n_unordered = 0;
    weave_threads = 0;
    weave_cancelling = false;
    weave_cancel_reset(WEAVE_NO_TASK);
    weave_private_fork();
}

void weave_thread_exec(void)
{
    struct weave_region *r = REGION;
    uint32_t me = weave_number();
    for (uint32_t i = 0; i < r->n_tasks_high; i++) {
        struct weave_task *t = &r->task[i];
        if (i == me || t->pid != weave_self->pid || t->state == TASK_FREE)
            continue;
        weave_acquire_clock(&t->clock);
        if (t->state != TASK_DEAD)
            r->n_alive--;
        t->state = TASK_FREE;
        if (t->thread)
            continue;
        for (uint32_t k = 0; k < r->n_tasks_high; k++) /* this task is the process's first now */
            if (r->task[k].parent == i)
                r->task[k].parent = me;
    }
    weave_self->thread = false;
    weave_self->leader = me;
}

void weave_thread_exit(void *result, uint32_t place)
{
    weave_cancel_off();
    weave_point(OP_THREAD_EXIT, end_of(weave_number()), place);
    if (!have_key) /* no other thread was ever made: exit comes next */
        pthread_exit(result);
    arm();
    pthread_exit(result);
}

_Noreturn void __wrap_pthread_exit(void *result)
{
    weave_unsafe("pthread_exit", PLACE);
    if (weave_on())
        weave_thread_exit(result, PLACE);
    pthread_exit(result);
}

/* ---- the beginning */

/* Stacks are used again by the C library: what was done to them was done by another thread. */
static void clear_stack(void)
{
    pthread_attr_t attr;
    void *stack;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attr) != 0)
        return;
    if (pthread_attr_getstack(&attr, &stack, &size) == 0)
        weave_private_clear(stack, size);
    pthread_attr_destroy(&attr);
}

static void *trampoline(void *argument)
{
    struct start start = *(struct start *)argument;
    struct weave_task *t = start.task;
    t->tid = (int32_t)syscall(SYS_gettid);
    weave_self = t;
    weave_epoch = epoch_of(weave_number(), t->clock.of[weave_number()]);
    weave_await_baton();
    free(argument);
    arm();
    clear_stack();
    weave_log(LOG_START, OP_START, end_of(weave_number()), t->pid, 0);
    void *result = start.routine(start.argument);
    weave_cancel_off();
    return result;
}

static void first_thread(void)
{
    if (weave_threads == 0)
        threads[weave_number()] = (struct thread){.id = pthread_self(), .used = true, .joinable = true};
    if (!have_key && pthread_key_create(&key, destructor) != 0)
        weave_stop(VERDICT_UNCONTROLLED, "no_key", 0, "%s", "pthread_key_create");
    have_key = true;
    weave_private_on();
}

int weave_thread_create(pthread_t *made, const pthread_attr_t *attr, void *(*routine)(void *), void *argument,
                        uint32_t place)
{
    int detached = PTHREAD_CREATE_JOINABLE;
    if (attr)
        pthread_attr_getdetachstate(attr, &detached);
    weave_point(OP_THREAD_CREATE, (weave_key){.kind = KIND_NONE}, place);
    first_thread();
    weave_range(made, sizeof *made, true, place); /* written before the thread runs */
    struct start *start = malloc(sizeof *start);
    if (!start)
        return EAGAIN;
    struct weave_task *child = weave_reserve(true, place);
    *start = (struct start){routine, argument, child};
    weave_cancel_reset((uint32_t)(child - REGION->task));
    child->pid = REGION->spawned[child->born].pid = weave_self->pid;
    child->detached = detached == PTHREAD_CREATE_DETACHED;
    int e = pthread_create(made, attr, trampoline, start);
    if (e != 0) {
        weave_cancel(child);
        free(start);
        return e;
    }
    weave_threads++;
    threads[child - REGION->task] = (struct thread){.id = *made, .used = true, .joinable = !child->detached};
    return 0;
}

int __wrap_pthread_create(pthread_t *made, const pthread_attr_t *attr, void *(*routine)(void *),
                          void *argument)
{
    weave_unsafe("pthread_create", PLACE);
    return weave_on() ? weave_thread_create(made, attr, routine, argument, PLACE)
                      : pthread_create(made, attr, routine, argument);
}

/* ---- join */

uint32_t weave_thread_number(pthread_t id)
{
    for (uint32_t i = 0; i < WEAVE_TASKS; i++)
        if (threads[i].used && pthread_equal(threads[i].id, id))
            return i;
    return WEAVE_NO_TASK;
}

/* Once all threads are joined, whatever they did is over. */
static void maybe_off(void)
{
    for (uint32_t i = 0; i < WEAVE_TASKS; i++)
        if (threads[i].used && i != weave_number())
            return;
    if (n_unordered == 0)
        weave_private_off();
}

static int joined(uint32_t i, void **result, uint32_t place)
{
    struct weave_task *t = &REGION->task[i];
    void *value = NULL;
    int e = pthread_join(threads[i].id, &value); /* it has ended: this does not wait */
    threads[i] = (struct thread){0};
    if (e != 0)
        return e;
    weave_acquire_clock(&t->clock);
    if (t->thread)
        t->state = TASK_FREE;
    maybe_off();
    if (result) {
        weave_range(result, sizeof *result, true, place);
        *result = value;
    }
    return 0;
}

int weave_thread_join(pthread_t thread, void **result, const struct weave_until *until, bool now,
                      uint32_t place)
{
    uint64_t deadline;
    uint32_t me = weave_number(), i = weave_thread_number(thread);
    weave_point(OP_THREAD_JOIN, i == WEAVE_NO_TASK ? (weave_key){.kind = KIND_THREAD} : end_of(i), place);
    i = weave_thread_number(thread);
    if (i == WEAVE_NO_TASK)
        return ESRCH;
    if (!threads[i].joinable || threads[i].joiner)
        return EINVAL;
    if (i == me || threads[me].joiner == i + 1)
        return EDEADLK;
    if (weave_until(until, &deadline) != 0)
        return EINVAL;
    weave_key ended = end_of(i);
    threads[i].joiner = me + 1;
    while (REGION->task[i].state != TASK_DEAD) {
        int e =
            now || weave_cancelled() ? EBUSY : weave_block_through(OP_THREAD_JOIN, ended, deadline, place);
        if (e || weave_cancelled()) {
            threads[i].joiner = 0;
            if (weave_cancelled())
                weave_thread_exit(PTHREAD_CANCELED, place);
            return e;
        }
    }
    return joined(i, result, place);
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
    weave_unsafe("pthread_join", PLACE);
    return weave_on() ? weave_thread_join(thread, result, NULL, false, PLACE) : pthread_join(thread, result);
}

int __wrap_pthread_tryjoin_np(pthread_t thread, void **result)
{
    return weave_on() ? weave_thread_join(thread, result, NULL, true, PLACE)
                      : pthread_tryjoin_np(thread, result);
}

int __wrap_pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *at)
{
    struct weave_until until = {CLOCK_REALTIME, at};
    return weave_on() ? weave_thread_join(thread, result, &until, false, PLACE)
                      : pthread_timedjoin_np(thread, result, at);
}

int __wrap_pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock, const struct timespec *at)
{
    struct weave_until until = {clock, at};
    if (!weave_on() || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC))
        return pthread_clockjoin_np(thread, result, clock, at);
    return weave_thread_join(thread, result, &until, false, PLACE);
}

int weave_thread_detach(pthread_t thread, uint32_t place)
{
    weave_point(OP_THREAD_DETACH, (weave_key){.kind = KIND_THREAD}, place);
    uint32_t i = weave_thread_number(thread);
    if (i == WEAVE_NO_TASK && weave_threads > 0)
        return ESRCH;
    int e = pthread_detach(thread);
    if (e != 0 || i == WEAVE_NO_TASK)
        return e;
    threads[i].joinable = false;
    REGION->task[i].detached = true;
    if (REGION->task[i].state == TASK_DEAD) {
        threads[i].used = false;
        n_unordered++;
    }
    return 0;
}

int __wrap_pthread_detach(pthread_t thread)
{
    weave_unsafe("pthread_detach", PLACE);
    return weave_on() ? weave_thread_detach(thread, PLACE) : pthread_detach(thread);
}

/* ---- yield */

int __wrap_sched_yield(void)
{
    if (!weave_on())
        return sched_yield();
    weave_point(OP_YIELD, (weave_key){.kind = KIND_NONE}, PLACE);
    weave_give_way(PLACE);
    return 0;
}

int __wrap_pthread_yield(void)
{
    if (!weave_on())
        return sched_yield();
    weave_point(OP_YIELD, (weave_key){.kind = KIND_NONE}, PLACE);
    weave_give_way(PLACE);
    return 0;
}
