#include "baton.h"
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

uint64_t baton_random(void)
{
    uint64_t x = REGION->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    REGION->random = x;
    return x * 0x2545F4914F6CDD1Du;
}

void baton_new_priority(struct weave_task *t)
{
    /* Distinct: the task's number breaks ties. Below 2^40 lie the priorities of those that fell back. */
    t->priority = (1ul << 40) + ((baton_random() >> 32) << 8) + (uint64_t)(t - REGION->task);
}

void baton_new_run(void)
{
    struct weave_region *r = REGION;
    /* SplitMix64's finish (Steele et al. 2014): neighbouring seeds must not give neighbouring runs. */
    uint64_t z = r->config.seed + 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    r->random = (z ^ (z >> 31)) | 1;
    r->lowest = 1ul << 39;
    r->n_change = r->config.depth > 0 ? r->config.depth - 1 : 0;
    if (r->n_change > WEAVE_DEPTH_MAX)
        r->n_change = WEAVE_DEPTH_MAX;
    for (uint32_t i = 0; i < r->n_change; i++) {
        uint64_t at = 1 + baton_random() % (r->config.steps ? r->config.steps : 1);
        uint32_t j = i;
        for (; j > 0 && r->change[j - 1] > at; j--)
            r->change[j] = r->change[j - 1];
        r->change[j] = at;
    }
}

void baton_verdict(enum weave_verdict verdict)
{
    uint32_t running = VERDICT_RUNNING;
    atomic_compare_exchange_strong(&REGION->verdict, &running, verdict);
}

void baton_log(uint32_t task, enum weave_what what, enum weave_op op, struct weave_key key, int64_t value,
               uint32_t place)
{
    struct weave_region *r = REGION;
    struct weave_log *l = &r->log[r->n_log++ % WEAVE_LOG];
    *l = (struct weave_log){.step = r->step,
                            .key = key,
                            .value = value,
                            .place = place,
                            .task = task,
                            .born = r->task[task].born,
                            .what = (uint16_t)what,
                            .op = (uint16_t)op};
}

static bool is_ready(const struct weave_task *t)
{
    return t->state == TASK_READY || t->state == TASK_STARTING;
}

/* The ready task of highest priority; with a random walk any ready one. */
static uint32_t best(void)
{
    struct weave_region *r = REGION;
    uint32_t found = WEAVE_NO_TASK, n = 0;
    for (uint32_t i = 0; i < r->n_tasks_high; i++) {
        const struct weave_task *t = &r->task[i];
        if (!is_ready(t))
            continue;
        n++;
        if (found == WEAVE_NO_TASK || t->priority > r->task[found].priority)
            found = i;
    }
    if (r->config.strategy != STRATEGY_WALK || n < 2)
        return found;
    uint64_t skip = baton_random() % n;
    for (uint32_t i = 0;; i++)
        if (is_ready(&r->task[i]) && skip-- == 0)
            return i;
}

static bool is_alive(const struct weave_task *t)
{
    return is_ready(t) || t->state == TASK_BLOCKED;
}

bool baton_time_goes_on(void)
{
    struct weave_region *r = REGION;
    uint64_t next = baton_next_timer();
    for (uint32_t i = 0; i < r->n_tasks_high; i++) {
        const struct weave_task *t = &r->task[i];
        if (t->state == TASK_BLOCKED && t->wait.deadline < next)
            next = t->wait.deadline;
    }
    if (next == WEAVE_NO_TIME)
        return false;
    if (next > r->now)
        r->now = next;
    for (uint32_t i = 0; i < r->n_tasks_high; i++) {
        struct weave_task *t = &r->task[i];
        if (t->state == TASK_BLOCKED && t->wait.deadline <= r->now) {
            t->wait.timed_out = true;
            t->state = TASK_READY;
        }
    }
    baton_timers();
    return true;
}

enum { TURNS_MAX = 10000 };

uint32_t baton_pick(void)
{
    /* A timer that comes again and again may change nothing: then nobody can ever run. */
    for (int turns = 0; turns < TURNS_MAX; turns++) {
        uint32_t task = best();
        if (task != WEAVE_NO_TASK || (!baton_signals_come() && !baton_time_goes_on()))
            return task;
    }
    return WEAVE_NO_TASK;
}

void baton_give(uint32_t task)
{
    struct weave_region *r = REGION;
    r->switches++;
    atomic_store(&r->holder, task);
    atomic_store(&r->task[task].go, 1);
    syscall(SYS_futex, &r->task[task].go, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void baton_wake(struct weave_key key)
{
    struct weave_region *r = REGION;
    for (uint32_t i = 0; i < r->n_tasks_high; i++) {
        struct weave_task *t = &r->task[i];
        if (t->state == TASK_BLOCKED && (t->wait.key.kind == KIND_ANY || weave_same_key(&t->wait.key, &key)))
            t->state = TASK_READY;
    }
}

/* One of its threads at least; the first may have left. */
static bool process_lives(int pid)
{
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++)
        if (REGION->task[i].pid == pid && is_alive(&REGION->task[i]))
            return true;
    return false;
}

static void free_task(struct weave_task *t)
{
    REGION->n_alive--;
    t->state = TASK_DEAD;
}

void baton_dead(int pid, bool known, uint32_t code)
{
    struct weave_region *r = REGION;
    struct weave_task *process = NULL;
    for (uint32_t i = 0; i < r->n_tasks_high; i++) {
        struct weave_task *t = &r->task[i];
        if (t->pid != pid || t->state == TASK_FREE)
            continue;
        if (!t->thread)
            process = t;
        if (t->state == TASK_DEAD)
            continue;
        free_task(t);
        baton_log(i, LOG_END, OP_EXIT, (struct weave_key){0}, known ? (int64_t)code : -1, 0);
    }
    if (!process)
        return;
    process->end_known = r->spawned[process->born].end_known = known;
    process->end_code = r->spawned[process->born].end_code = code;
    for (uint32_t i = 0; i < r->n_tasks_high; i++)
        if (r->task[i].thread && r->task[i].pid == pid && r->task[i].state == TASK_DEAD) {
            for (uint32_t k = 0; k < WEAVE_TASKS; k++) /* what its threads did was done when it ended */
                if (r->task[i].clock.of[k] > process->clock.of[k])
                    process->clock.of[k] = r->task[i].clock.of[k];
            r->task[i].state = TASK_FREE;
        }
    for (uint32_t k = 0; k < WEAVE_TASKS; k++) /* for whoever sees the end of a stream or gets a lock by it */
        if (process->clock.of[k] > r->ended.of[k])
            r->ended.of[k] = process->clock.of[k];
    struct weave_task *parent = process->parent < WEAVE_TASKS ? &r->task[process->parent] : NULL;
    if (parent && (parent->pid != process->parent_pid || !process_lives(parent->pid)))
        parent = NULL; /* an orphan: whoever takes it in waits for it at once */
    if (parent) {
        /* Its descriptors are closed now, its System V undo operations done: anybody may go on. */
        baton_child_ended(baton_leader(parent), process, code);
    }
    bool forgotten = parent && baton_leader(parent)->no_zombies;
    if (forgotten) { /* wait will not find it, but tells by ECHILD that it has ended */
        for (uint32_t k = 0; k < WEAVE_TASKS; k++)
            if (process->clock.of[k] > baton_leader(parent)->gone.of[k])
                baton_leader(parent)->gone.of[k] = process->clock.of[k];
        process->state = TASK_FREE;
    }
    if (!parent && process->parent != WEAVE_NO_TASK)
        process->state = TASK_FREE;
    for (uint32_t i = 0; i < r->n_tasks_high;
         i++) { /* its own children that it has not waited for are orphans now */
        struct weave_task *t = &r->task[i];
        if (t->state == TASK_DEAD && !t->thread && t->parent_pid == pid)
            t->state = TASK_FREE;
    }
    for (uint32_t i = 0; i < r->n_tasks_high; i++)
        if (r->task[i].state == TASK_BLOCKED && r->task[i].wait.key.kind != KIND_TIME)
            r->task[i].state = TASK_READY;
}
