/*
 * Processes and threads: how they come into the run and leave it.
 *
 * A child has its place in the region before it exists; it sleeps until it gets the baton. A process that
 * ends holds the baton, and it is the host, which has a pidfd of each, that sees it dead (its descriptors
 * closed, its undo operations done) and passes the baton on: exit, a crash and SIGKILL are one case.
 */
#include "shadow.h"
#include "thread.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

uint32_t weave_threads;
static const weave_key nothing;

/* ---- coming */

static uint32_t free_number(void)
{
    for (uint32_t i = 0; i < WEAVE_TASKS; i++)
        if (REGION->task[i].state == TASK_FREE)
            return i;
    return weave_thread_reclaim();
}

struct weave_task *weave_reserve(bool thread, uint32_t place)
{
    struct weave_region *r = REGION;
    uint32_t i = free_number();
    if (i == WEAVE_NO_TASK || r->n_spawned == WEAVE_SPAWNED)
        weave_stop(VERDICT_TASKS, "too_many_tasks", place, "%d",
                   i == WEAVE_NO_TASK ? WEAVE_TASKS : WEAVE_SPAWNED);
    struct weave_task *t = &r->task[i];
    struct weave_task *me = weave_self;
    uint32_t last_clock = t->clock.of[i];
    memset(t, 0, sizeof *t);
    t->canary = WEAVE_MAGIC;
    if (i >= r->n_tasks_high)
        r->n_tasks_high = i + 1;
    t->clock = me->clock;
    if (t->clock.of[i] > last_clock)
        last_clock = t->clock.of[i];
    t->clock.of[i] = last_clock + 1;
    weave_new_epoch();
    t->parent = thread ? me->parent : me->thread ? me->leader : weave_number();
    t->parent_pid = thread ? me->parent_pid : me->pid;
    t->space = thread ? me->space : ++r->spaces;
    t->program = me->program;
    t->thread = thread;
    t->mask = me->mask;
    t->leader = thread ? (me->thread ? me->leader : weave_number()) : i;
    t->no_zombies = me->no_zombies;
    t->timer = WEAVE_NO_TIME;
    memcpy(t->handled, me->handled, sizeof t->handled);
    memcpy(t->ignored, me->ignored, sizeof t->ignored);
    t->born = r->n_spawned;
    r->spawned[r->n_spawned++] = (struct weave_spawned){.task = i,
                                                        .first_clock = last_clock + 1,
                                                        .program = me->program,
                                                        .parent_born = me->born,
                                                        .place = place,
                                                        .thread = thread};
    t->wait.op = OP_START;
    t->wait.place = place;
    baton_new_priority(t);
    t->state = TASK_STARTING;
    if (++r->n_alive > r->n_alive_high)
        r->n_alive_high = r->n_alive;
    return t;
}

void weave_cancel(struct weave_task *child)
{
    struct weave_region *r = REGION;
    r->n_alive--;
    r->spawned[child->born].task = WEAVE_NO_TASK;
    child->state = TASK_FREE;
}

static void begin(struct weave_task *t)
{
    weave_self = t;
    t->tid = (int32_t)syscall(SYS_gettid);
    t->pid = getpid();
    weave_known_readers = NO_READERS;
    weave_epoch = epoch_of(weave_number(), t->clock.of[weave_number()]);
    weave_await_baton();
    weave_log(LOG_START, OP_START, nothing, t->pid, 0);
}

struct weave_task *weave_task_of(int pid)
{
    for (uint32_t i = 0; i < REGION->n_tasks_high; i++) {
        struct weave_task *t = &REGION->task[i];
        if (t->state != TASK_FREE && !t->thread && t->pid == pid)
            return t;
    }
    return NULL;
}

void weave_reaped(int pid, int status)
{
    struct weave_task *t = weave_task_of(pid);
    if (!t || t->state != TASK_DEAD)
        return;
    weave_acquire_clock(&t->clock);
    t->end_known = REGION->spawned[t->born].end_known = true;
    t->end_code = REGION->spawned[t->born].end_code = (uint32_t)status;
    t->state = TASK_FREE;
}

/* ---- fork */

static __thread struct weave_task *forking; /* the child, during fork */

static void born_child(struct weave_task *t)
{
    weave_thread_fork();
    begin(t);
}

/* In a child before all other code of the program: the first that was given to pthread_atfork. */
static void in_child(void)
{
    struct weave_task *t = forking;
    forking = NULL;
    if (t)
        born_child(t);
}

/* In its parent after all other code of the program: that happens before what the child does. */
static void before_fork(void)
{
    if (forking)
        weave_release_clock(&forking->clock);
}

static pid_t do_fork(enum weave_op op, bool waits, uint32_t place)
{
    weave_point(op, nothing, place);
    struct weave_task *child = weave_reserve(false, place);
    forking = child;
    child->state =
        TASK_ENDING; /* handlers of pthread_atfork may give way: not to a child that is not there yet */
    pid_t pid = fork();
    if (pid == 0) {
        in_child();
        return 0;
    }
    forking = NULL;
    if (pid < 0) {
        weave_cancel(child);
        return pid;
    }
    child->pid = REGION->spawned[child->born].pid = pid;
    child->state = TASK_STARTING;
    weave_tell_host();
    if (waits) { /* until the child executes a program or ends (vfork(2)) */
        weave_key key = {.kind = KIND_CHILD, .a = weave_number()};
        child->vfork_parent = weave_number() + 1;
        while (child->vfork_parent && child->state != TASK_DEAD)
            weave_block_through(op, key, WEAVE_NO_TIME, place);
    }
    return pid;
}

pid_t __wrap_fork(void)
{
    return weave_on() ? do_fork(OP_FORK, false, PLACE) : fork();
}

pid_t __wrap_vfork(void)
{
    return weave_on() ? do_fork(OP_VFORK, false, PLACE) : fork();
}

/* ---- exec */

enum { NOTE_NAME_MAX = 64 };

/* Programs built with this library say so: an ELF note's name in the file's first pages would do, but the
 * linker puts it anywhere; the section's text is searched for. */
bool weave_has_library(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true; /* exec itself will say what is wrong */
    off_t size = lseek(fd, 0, SEEK_END);
    void *bytes = size > 0 ? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    close(fd);
    if (bytes == MAP_FAILED)
        return true;
    static const char mark[] = "ipclab-weave-run-time";
    bool found = memmem(bytes, (size_t)size, mark, sizeof mark - 1) != NULL;
    munmap(bytes, (size_t)size);
    return found;
}

__attribute__((used)) static const char own_mark[] = "ipclab-weave-run-time";

/* execvp's search (exec(3)). */
const char *weave_search(const char *file, char path[PATH_MAX])
{
    if (strchr(file, '/'))
        return file;
    const char *list = getenv("PATH");
    for (const char *p = list ? list : "/bin:/usr/bin"; p; p = strchr(p, ':') ? strchr(p, ':') + 1 : NULL) {
        int length = (int)(strchrnul(p, ':') - p);
        snprintf(path, PATH_MAX, "%.*s/%s", length ? length : 1, length ? p : ".", file);
        if (access(path, X_OK) == 0)
            return path;
    }
    return file;
}

char **weave_environment(char *const env[], char text[64], uint32_t task)
{
    size_t n = 0, kept = 0;
    while (env && env[n])
        n++;
    char **made = calloc(n + 2, sizeof *made);
    if (!made)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (strncmp(env[i], WEAVE_ENV "=", sizeof WEAVE_ENV) != 0)
            made[kept++] = env[i];
    snprintf(text, 64, WEAVE_ENV "=%d:%u", REGION->config.fd, task);
    made[kept] = text;
    return made;
}

static int execute(const char *path, char *const argv[], char *const env[], uint32_t place)
{
    char text[64];
    weave_point(OP_EXEC, nothing, place);
    if (!weave_has_library(path))
        weave_stop(VERDICT_UNCONTROLLED, "executes_another_program", place, "%s", path);
    if (fcntl(REGION->config.fd, F_GETFD) < 0)
        weave_stop(VERDICT_TAMPER, "descriptor", place, "weave's own descriptor %d is closed",
                   REGION->config.fd);
    char **own = weave_environment(env, text, weave_number());
    weave_release_clock(&REGION->ended); /* descriptors that are closed on exec */
    int result = execve(path, argv, own);
    int e = errno;
    free(own);
    errno = e;
    return result;
}

int __wrap_execve(const char *path, char *const argv[], char *const env[])
{
    return weave_on() ? execute(path, argv, env, PLACE) : execve(path, argv, env);
}

int __wrap_execv(const char *path, char *const argv[])
{
    return weave_on() ? execute(path, argv, environ, PLACE) : execv(path, argv);
}

int __wrap_execvp(const char *file, char *const argv[])
{
    char path[PATH_MAX];
    return weave_on() ? execute(weave_search(file, path), argv, environ, PLACE) : execvp(file, argv);
}

int __wrap_execvpe(const char *file, char *const argv[], char *const env[])
{
    char path[PATH_MAX];
    return weave_on() ? execute(weave_search(file, path), argv, env, PLACE) : execvpe(file, argv, env);
}

enum { ARGS = 256 };
#define COLLECT(first, argv)                                                                                 \
    char *argv[ARGS] = {(char *)(uintptr_t)(first)};                                                         \
    va_list list;                                                                                            \
    va_start(list, first);                                                                                   \
    for (int n_ = 1; n_ < ARGS - 1 && argv[n_ - 1]; n_++)                                                    \
    argv[n_] = va_arg(list, char *)

int __wrap_execl(const char *path, const char *first, ...)
{
    COLLECT(first, argv);
    va_end(list);
    return weave_on() ? execute(path, argv, environ, PLACE) : execv(path, argv);
}

int __wrap_execlp(const char *file, const char *first, ...)
{
    char path[PATH_MAX];
    COLLECT(first, argv);
    va_end(list);
    return weave_on() ? execute(weave_search(file, path), argv, environ, PLACE) : execvp(file, argv);
}

int __wrap_execle(const char *path, const char *first, ...)
{
    COLLECT(first, argv);
    char *const *env = va_arg(list, char *const *);
    va_end(list);
    return weave_on() ? execute(path, argv, env, PLACE) : execve(path, argv, env);
}

/* ---- the start of a program */

/* What a program overwrites by mistake stops here rather than goes on with wrong tables. */
static void guard(void)
{
    mprotect((void *)WEAVE_BASE, offsetof(struct weave_region, guard_config), PROT_READ);
    mprotect(REGION->guard_config, WEAVE_PAGE, PROT_NONE);
    mprotect(REGION->guard_tables, WEAVE_PAGE, PROT_NONE);
    mprotect(REGION->guard_cells, WEAVE_PAGE, PROT_NONE);
}

static bool attach(const char *text)
{
    char *rest;
    long fd = strtol(text, &rest, 10);
    if (*rest != ':')
        return false;
    unsigned long task = strtoul(rest + 1, &rest, 10);
    struct weave_config config;
    if (*rest || task >= WEAVE_TASKS)
        return false;
    if (pread((int)fd, &config, sizeof config, offsetof(struct weave_region, config)) != sizeof config)
        return false;
    void *made = mmap((void *)WEAVE_BASE, config.size, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_FIXED_NOREPLACE | MAP_NORESERVE, (int)fd, 0);
    if (made != (void *)WEAVE_BASE || REGION->magic != WEAVE_MAGIC)
        return false;
    guard();
    weave_self = &REGION->task[task];
    return true;
}

static uint32_t program_number(void)
{
    struct weave_region *r = REGION;
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    for (uint32_t i = 0; i < r->n_programs; i++)
        if (strcmp(r->program[i], path) == 0)
            return i;
    if (r->n_programs == WEAVE_PROGRAMS || strlen(path) >= WEAVE_TEXT)
        return 0;
    strcpy(r->program[r->n_programs], path);
    return r->n_programs++;
}

/* Before the program's own constructors: they may fork. */
__attribute__((constructor(101))) static void weave_start(void)
{
    const char *text = getenv(WEAVE_ENV);
    if (!text)
        return;
    bool attached = attach(text);
    unsetenv(WEAVE_ENV);
    if (!attached) {
        static const char said[] = "weave: the run's region is not there\n";
        if (write(2, said, sizeof said - 1) < 0) {
        }
        _exit(127);
    }
    pthread_atfork(before_fork, NULL, in_child);
    struct weave_task *t = weave_self;
    bool first = t->state == TASK_STARTING;
    if (first) {
        begin(t);
    } else { /* after exec: the baton is still its own */
        t->tid = (int32_t)syscall(SYS_gettid);
        weave_new_epoch();
        weave_refresh();
        t->space = ++REGION->spaces;
        weave_thread_exec();
        memset(t->handled, 0,
               sizeof t->handled); /* handlers are gone, what was ignored stays ignored (execve(2)) */
        t->n_held = 0;
        weave_wake_all();
        t->thread = false;
        if (t->vfork_parent)
            weave_wake((weave_key){.kind = KIND_CHILD, .a = t->vfork_parent - 1});
        t->vfork_parent = 0;
    }
    t->program = program_number();
    if (first) {
        REGION->spawned[t->born].program = t->program;
    } else if (REGION->n_spawned < WEAVE_SPAWNED) { /* from here on its places are those of another program */
        struct weave_spawned again = REGION->spawned[t->born];
        again.program = t->program;
        again.first_clock = t->clock.of[weave_number()];
        again.pid = 0;
        t->born = REGION->n_spawned;
        REGION->spawned[REGION->n_spawned++] = again;
    }
    weave_watching = REGION->config.watching;
    weave_signal_init();
}

/* ---- the end */

static void at_exit(void)
{
    if (weave_self)
        weave_point(OP_EXIT, nothing, 0);
}

__attribute__((destructor(101))) static void weave_finish(void)
{
    at_exit();
}

void __wrap__exit(int status)
{
    if (weave_self)
        weave_point(OP_EXIT, nothing, PLACE);
    _exit(status);
}

void __wrap__Exit(int status)
{
    if (weave_self)
        weave_point(OP_EXIT, nothing, PLACE);
    _exit(status);
}
