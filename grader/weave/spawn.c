/*
 * posix_spawn: a child that runs another program at once. The child's task is reserved before it exists and
 * told to it through its environment; the real call returns once the program is loaded, and its start waits
 * for the baton.
 */
#include "thread.h"
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the attributes change of signals: handlers are gone anyway (posix_spawn(3)). */
static void set_signals(struct weave_task *child, const posix_spawnattr_t *attr)
{
    short flags = 0;
    sigset_t set;
    memset(child->handled, 0, sizeof child->handled);
    if (!attr || posix_spawnattr_getflags(attr, &flags) != 0)
        return;
    if (flags & POSIX_SPAWN_SETSIGDEF && posix_spawnattr_getsigdefault(attr, &set) == 0)
        for (int n = 1; n <= 64; n++)
            if (sigismember(&set, n) == 1)
                child->ignored[(n - 1) / 8] &= (uint8_t) ~(1u << ((n - 1) % 8));
    if (flags & POSIX_SPAWN_SETSIGMASK && posix_spawnattr_getsigmask(attr, &set) == 0) {
        child->mask = 0;
        for (int n = 1; n <= 64; n++)
            if (sigismember(&set, n) == 1)
                child->mask |= 1ul << (n - 1);
    }
}

static int spawn(pid_t *made, const char *path, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attr, char *const argv[], char *const env[], uint32_t place)
{
    char text[64];
    pid_t pid;
    weave_point(OP_SPAWN, (weave_key){.kind = KIND_NONE}, place);
    if (!weave_has_library(path))
        weave_stop(VERDICT_UNCONTROLLED, "executes_another_program", place, "%s", path);
    struct weave_task *child = weave_reserve(false, place);
    char **own = weave_environment(env, text, (uint32_t)(child - REGION->task));
    if (!own) {
        weave_cancel(child);
        return ENOMEM;
    }
    set_signals(child, attr);
    int e = posix_spawn(&pid, path, actions, attr, argv, own);
    free(own);
    if (e != 0) {
        weave_cancel(child);
        return e;
    }
    child->pid = REGION->spawned[child->born].pid = pid;
    weave_tell_host();
    if (made) {
        weave_range(made, sizeof *made, true, place);
        *made = pid;
    }
    return 0;
}

int __wrap_posix_spawn(pid_t *made, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attr, char *const argv[], char *const env[])
{
    return weave_on() ? spawn(made, path, actions, attr, argv, env, PLACE)
                      : posix_spawn(made, path, actions, attr, argv, env);
}

int __wrap_posix_spawnp(pid_t *made, const char *file, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attr, char *const argv[], char *const env[])
{
    char path[PATH_MAX];
    return weave_on() ? spawn(made, weave_search(file, path), actions, attr, argv, env, PLACE)
                      : posix_spawnp(made, file, actions, attr, argv, env);
}
