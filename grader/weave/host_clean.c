/*
 * What is left of a run: processes, names, System V objects, its folder. Nothing of the run is alive when
 * files are removed, so nobody changes a path under our hands; symbolic links are never followed.
 */
#include "host.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEPTH_MAX = 64 };
static const char run_folder[] = "run";

/* ---- processes */

static pid_t parent_of(const char *pid)
{
    char path[300], text[512];
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[n] = '\0';
    const char *bracket = strrchr(text, ')');
    return bracket && bracket[1] ? (pid_t)strtol(bracket + 3, NULL, 10) : 0; /* behind the state */
}

static void kill_children(void)
{
    DIR *folder = opendir("/proc");
    if (!folder)
        return;
    for (const struct dirent *e; (e = readdir(folder));)
        if (isdigit((unsigned char)e->d_name[0]) && parent_of(e->d_name) == getpid())
            kill((pid_t)strtol(e->d_name, NULL, 10), SIGKILL);
    closedir(folder);
}

bool host_kill_all(int ms)
{
    uint64_t until = host_now_ns() + (uint64_t)ms * 1000000u;
    struct timespec pause = {.tv_nsec = 20000};
    for (unsigned turn = 0;; turn++) {
        pid_t pid;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
        }
        if (pid < 0)
            return true;
        if (host_now_ns() > until)
            return false;
        if (host_space_own())
            kill(-1, SIGKILL);  /* all in the name space but this process */
        else if (turn % 4 == 3) /* those that are known have been killed already */
            kill_children();
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 5000000)
            pause.tv_nsec *= 2;
    }
}

/* ---- folders */

static void empty(int top, int fd, unsigned depth, unsigned *moved);

static void remove_at(int top, int fd, const char *name, unsigned depth, unsigned *moved)
{
    struct stat st;
    char place[32];
    if (unlinkat(fd, name, 0) == 0 || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISDIR(st.st_mode))
        return;
    if (depth > DEPTH_MAX) { /* a folder in a folder in a folder: it is brought up, and has its turn there */
        snprintf(place, sizeof place, ".weave-%u", (*moved)++);
        if (renameat(fd, name, top, place) == 0)
            return;
    }
    fchmodat(fd, name, 0700, 0);
    int inner = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner >= 0)
        empty(top, inner, depth + 1, moved); /* closes it */
    unlinkat(fd, name, AT_REMOVEDIR);
}

static void empty(int top, int fd, unsigned depth, unsigned *moved)
{
    DIR *folder = fdopendir(fd);
    if (!folder) {
        close(fd);
        return;
    }
    const struct dirent *e;
    while ((e = readdir(folder)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            remove_at(top, dirfd(folder), e->d_name, depth, moved);
    closedir(folder);
}

/* What is in a folder goes; the folder stays. */
static void empty_folder(const char *path)
{
    unsigned moved = 0;
    for (unsigned before = UINT_MAX; before != moved;) { /* again, for what was brought up */
        int top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        before = moved;
        if (top < 0)
            return;
        empty(top, fcntl(top, F_DUPFD_CLOEXEC, 0), 0, &moved);
        close(top);
    }
}

static void folder_of(const struct host_options *o, char path[PATH_MAX])
{
    if (snprintf(path, PATH_MAX, "%s/%s", o->folder, run_folder) >= PATH_MAX)
        host_die("--folder: the name is too long");
}

void host_folder_make(const struct host_options *o)
{
    char path[PATH_MAX];
    if (!o->folder)
        return;
    folder_of(o, path);
    if (mkdir(path, 0700) != 0) /* one that is there already is not ours to empty */
        host_die("%s: %s", path, strerror(errno));
}

void host_folder_enter(const struct host_options *o)
{
    char path[PATH_MAX];
    if (!o->folder)
        return;
    folder_of(o, path);
    if (chdir(path) != 0)
        host_die("%s: %s", path, strerror(errno));
}

static void folder_remove(const struct host_options *o)
{
    char path[PATH_MAX];
    if (!o->folder)
        return;
    folder_of(o, path);
    chmod(path, 0700);
    empty_folder(path);
    if (rmdir(path) != 0 && errno != ENOENT)
        host_die("%s: %s", path, strerror(errno));
}

/* ---- names */

static void remove_path(const char *path)
{
    struct stat st;
    if (path[0] != '/' || lstat(path, &st) != 0)
        return;
    if (S_ISDIR(st.st_mode))
        rmdir(path);
    else
        unlink(path);
}

static void remove_in(const char *folder, const char *prefix, const char *name)
{
    char path[PATH_MAX];
    while (*name == '/')
        name++;
    snprintf(path, sizeof path, "%s/%s%s", folder, prefix, name);
    if (*name && !strchr(name, '/'))
        unlink(path);
}

static void remove_created(const struct weave_created *c)
{
    char name[sizeof c->name + 1];
    memcpy(name, c->name, sizeof c->name);
    name[sizeof c->name] = '\0';
    switch (c->kind) {
    case CREATED_PATH:
        remove_path(name);
        break;
    case CREATED_SHM:
        remove_in("/dev/shm", "", name);
        break;
    case CREATED_SEM:
        remove_in("/dev/shm", "sem.", name);
        break;
    case CREATED_MQ:
        syscall(SYS_mq_unlink, name[0] == '/' ? name + 1 : name);
        break;
    case CREATED_SYSV_SHM:
        shmctl((int)c->id, IPC_RMID, NULL);
        break;
    case CREATED_SYSV_SEM:
        semctl((int)c->id, 0, IPC_RMID);
        break;
    case CREATED_SYSV_MSG:
        msgctl((int)c->id, IPC_RMID, NULL);
        break;
    default:
        break;
    }
}

void host_clean(const struct host_options *o)
{
    const struct weave_region *r = REGION;
    uint32_t n = r->n_created < WEAVE_CREATED ? r->n_created : WEAVE_CREATED;
    while (n-- > 0) /* what was made in a folder goes before it */
        remove_created(&r->created[n]);
    if (host_space_own_memory())
        empty_folder("/dev/shm");
    folder_remove(o);
    host_region_drop();
}
