/*
 * What a test leaves behind, and its end: processes first, then IPC objects, then files.
 *
 * With a pid namespace of our own kill(-1) ends all, however they hid: the kernel walks the process
 * list under the lock that fork(2) needs too, so not even a fork bomb slips through. Without one only
 * our own descendants are ended, one by one by pidfd, until none is left.
 */
#include "run.h"

#include "defences.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define SETTLE_NS (2000 * NS_PER_MS)
#define KILL_NS   (20000 * NS_PER_MS)
#define DEPTH_MAX 64 /* folders open at a time */
#define TOLD_MAX  16 /* of a kind: who leaves more has understood by then */

/* ---- becoming the student for a moment ------------------------------------------------------------
 * IPC objects and files are removed with the owner's rights: that needs no capability, and can remove
 * nothing that is not the student's. The test's processes are dead by then. */

static void as(const struct warden *w, uid_t uid)
{
    if (!w->level.own_uids || !defended(DEFENCE_UNPRIVILEGED))
        return;
    if (setegid(uid) < 0 || seteuid(uid) < 0)
        die("cannot become uid %u: %s", uid, strerror(errno));
}

static void as_self(const struct warden *w)
{
    if (!w->level.own_uids)
        return;
    if (seteuid(0) < 0 || setegid(0) < 0)
        die("cannot become root again: %s", strerror(errno));
}

void leftovers_as_student(const struct warden *w, bool on)
{
    if (on)
        as(w, w->plan.student);
    else
        as_self(w);
}

/* ---- processes ----------------------------------------------------------------------------------- */

static void reap_all(struct run *r)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
        struct process *p = run_process(r, pid);
        if (WIFSTOPPED(status))
            continue; /* of a tracee, which is about to be killed */
        if (p && !p->ended) {
            p->ended = true;
            p->status = status;
        } else if (pid == r->judge) {
            r->judge_gone = true;
            r->judge_status = status;
        }
    }
}

static void wait_for_child(struct run *r, int ms)
{
    struct pollfd p = {.fd = r->w->signal_fd, .events = POLLIN};
    struct signalfd_siginfo info;
    if (poll(&p, 1, ms) > 0)
        while (read(r->w->signal_fd, &info, sizeof info) > 0)
            ;
}

static void kill_descendants(void)
{
    pid_t list[TASKS_MAX];
    size_t n = proc_descendants(getpid(), list, ARRAY_SIZE(list));
    for (size_t i = 0; i < n; i++) {
        int fd = (int)syscall(SYS_pidfd_open, list[i], 0);
        struct proc_stat st;
        /* Between the listing and the pidfd the pid may have changed hands: it must still be ours. */
        bool ours = false;
        for (pid_t up = list[i]; fd >= 0 && !ours && proc_stat(up, &st) && st.ppid > 1; up = st.ppid)
            ours = st.ppid == getpid();
        if (ours)
            syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
        close_fd(&fd);
    }
}

static bool any_left(void)
{
    siginfo_t info;
    int n;
    while ((n = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL)) < 0 && errno == EINTR)
        ;
    return n == 0; /* else ECHILD */
}

static void kill_main_processes(struct run *r)
{
    for (int i = 0; i < r->procs_count; i++)
        if (!r->procs[i].ended)
            kill(r->procs[i].pid, SIGKILL);
    if (r->judge > 0 && !r->judge_gone)
        kill(r->judge, SIGKILL);
    reap_all(r);
}

void leftovers_kill(struct run *r)
{
    if (!defended(DEFENCE_END)) {
        kill_main_processes(r);
        return;
    }
    int64_t deadline = now_ns() + KILL_NS;
    for (;;) {
        if (r->w->level.own_pids)
            kill(-1, SIGKILL);
        else
            kill_descendants();
        reap_all(r);
        if (!any_left())
            return;
        if (now_ns() > deadline)
            die("processes of the test do not end although they were killed");
        wait_for_child(r, 5);
    }
}

/* ---- orphans ------------------------------------------------------------------------------------- */

/* A process of the tree whose own main process has ended. */
static size_t survivors(struct run *r, pid_t *list, size_t room)
{
    pid_t tree[TASKS_MAX];
    size_t n = run_tree(r, tree, ARRAY_SIZE(tree)), count = 0;
    for (int i = 0; i < r->procs_count; i++) {
        /* A main process that the judge left running is the judge's business, and so are its children. */
        if (r->procs[i].ended)
            continue;
        pid_t mine[TASKS_MAX];
        size_t m = proc_descendants(r->procs[i].pid, mine, ARRAY_SIZE(mine));
        for (size_t j = 0; j < n; j++) {
            for (size_t k = 0; k < m; k++)
                if (tree[j] == mine[k])
                    tree[j] = 0;
            if (tree[j] == r->procs[i].pid)
                tree[j] = 0;
        }
    }
    for (size_t i = 0; i < n && count < room; i++) {
        struct proc_stat st;
        if (tree[i] && proc_stat(tree[i], &st) && st.state != 'Z' && st.state != 'X')
            list[count++] = tree[i];
    }
    return count;
}

static void report_orphan(struct run *r, pid_t pid)
{
    struct buffer b = {0}, doing = {0};
    struct blocked look;
    char role[160];
    if (run_is_peers(r, pid) || !blocked_look_process(&r->w->access, pid, &look))
        return;
    blocked_describe(&look, &doing);
    run_finding_begin(r, &b, "orphan", "left_running");
    json_int(&b, "pid", pid);
    json_text(&b, "role", run_role(r, pid, role, sizeof role));
    json_text(&b, "call", look.call);
    json_text(&b, "doing", doing.data);
    json_close(&b, '}');
    if (look.raw.sp)
        json_site(r, &b, "site", sites_take_for_finding(r, pid, look.raw.pc, look.raw.sp));
    warden_event(r->w, &b);
    buffer_free(&doing);
}

/*
 * A judge may leave in the middle of things, above all when the test has failed. A main process that goes on
 * then finds the other end of all its pipes gone, and may well end of that before it could have ended its
 * children; when, nobody knows. Only what it had left behind by the time of the record is its own doing.
 */
void leftovers_note(struct run *r)
{
    bool goes_on = false;
    for (int i = 0; i < r->procs_count; i++)
        goes_on |= !r->procs[i].ended;
    r->left_known = goes_on;
    r->left_count = goes_on ? survivors(r, r->left, ARRAY_SIZE(r->left)) : 0;
}

static bool was_left(const struct run *r, pid_t pid)
{
    for (size_t i = 0; i < r->left_count; i++)
        if (r->left[i] == pid)
            return true;
    return !r->left_known;
}

/* Who is waited for after the record. A run that explains is about what the program does, so there everybody
 * is: the judge fails at the first thing that is missing, and its reason may yet be to come. */
static size_t to_settle(struct run *r, pid_t *list, size_t room)
{
    if (r->e->explains)
        return run_tree(r, list, room);
    size_t n = survivors(r, list, room), kept = 0;
    for (size_t i = 0; i < n; i++)
        if (was_left(r, list[i]))
            list[kept++] = list[i];
    return kept;
}

/*
 * After the record: the judge is gone and with it its ends of all pipes, so what can end by itself ends
 * now. Who is proven to stay, or still runs after SETTLE_NS, was left behind.
 */
void leftovers_settle(struct run *r)
{
    pid_t list[ORPHANS_MAX];
    int64_t deadline = now_ns() + SETTLE_NS * r->e->slow;
    r->now.valid = false;
    for (;;) {
        run_reap(r);
        size_t n = to_settle(r, list, ARRAY_SIZE(list));
        if (n == 0)
            return;
        r->before = r->now;
        stuck_snapshot(r, &r->now);
        bool stuck = r->w->witness && !r->timer_seen && stuck_same(&r->before, &r->now);
        if (stuck || now_ns() > deadline) {
            for (size_t i = 0; i < n && !r->e->explains; i++)
                report_orphan(r, list[i]);
            return;
        }
        wait_for_child(r, 5);
    }
}

/* ---- System V IPC -------------------------------------------------------------------------------- */

/* Of a peer's doing, or of a program's that still ran when the judge was done with it: that a test has failed
 * half-way is no reason to say that it does not clean up at its end. */
static bool says_nothing(struct run *r, const char *object)
{
    const struct maker *m = objects_maker(r, object);
    const struct process *p = m ? run_process(r, m->pid) : NULL;
    bool outlives = p && p->outlives;
    /* Made by a descendant, whose is not known any more; or somebody was ended in the very call that removes
     * it. */
    for (int i = 0; !p && i < r->procs_count; i++)
        outlives |= r->procs[i].outlives;
    return outlives || (m && run_is_peers(r, m->pid));
}

/* Where an object was made that nobody removed. */
static void tell_maker(struct run *r, struct buffer *b, const char *object)
{
    const struct maker *m = objects_maker(r, object);
    if (m)
        json_site(r, b, "site", m->site);
}

static void report_object(struct run *r, const char *cause, const char *what, const char *key, int64_t id,
                          int64_t bytes)
{
    struct buffer b = {0};
    char object[64];
    snprintf(object, sizeof object, "%s:%lld", what, (long long)id);
    if (r->silent || says_nothing(r, object))
        return;
    run_finding_begin(r, &b, "ipc_leak", cause);
    json_text(&b, "key", key);
    json_int(&b, "id", id);
    if (bytes >= 0)
        json_int(&b, "bytes", bytes);
    json_close(&b, '}');
    tell_maker(r, &b, object);
    warden_event(r->w, &b);
}

/* The student's, or the judge's. */
static bool remove_object(const struct run *r, const char *what, int id)
{
    const uid_t owners[] = {r->w->plan.student, r->w->plan.judge};
    int gone = -1;
    for (size_t i = 0; i < ARRAY_SIZE(owners) && gone < 0; i++) {
        as(r->w, owners[i]);
        gone = strcmp(what, "shm") == 0   ? shmctl(id, IPC_RMID, NULL)
               : strcmp(what, "sem") == 0 ? semctl(id, 0, IPC_RMID)
                                          : msgctl(id, IPC_RMID, NULL);
        as_self(r->w);
    }
    return gone == 0;
}

/* One look at /proc/sysvipc/X, which shows as many as there is room for; how many of them are gone now. */
static size_t drain_some(struct run *r, const char *what, const char *cause, size_t *told)
{
    char path[64], text[65536];
    size_t gone = 0;
    snprintf(path, sizeof path, "/proc/sysvipc/%s", what);
    if (read_file(path, text, sizeof text) <= 0)
        return 0;
    char *last = strrchr(text, '\n'); /* what comes after it is half a line: an id that is cut is another's */
    if (last)
        *last = '\0';
    char *save = NULL, *line = strtok_r(text, "\n", &save); /* the heading */
    while ((line = strtok_r(NULL, "\n", &save))) {
        long long key, size = -1;
        int id;
        if (sscanf(line, "%lld %d %*o %lld", &key, &id, &size) < 2)
            continue;
        char name[32];
        snprintf(name, sizeof name, "0x%08x", (unsigned)key);
        if ((*told)++ < TOLD_MAX)
            report_object(r, cause, what, name, id, strcmp(what, "shm") == 0 ? size : -1);
        gone += remove_object(r, what, id);
    }
    return gone;
}

/* In a namespace of our own all of them are the test's. */
static void drain_sysv(struct run *r, const char *what, const char *cause)
{
    size_t told = 0;
    while (drain_some(r, what, cause, &told) > 0)
        ;
}

/* ---- files --------------------------------------------------------------------------------------- */

struct sweep {
    struct run *r;
    const char *kind, *cause; /* NULL: say nothing */
    const char *where;
    size_t reported;
    int top;           /* the folder that is swept */
    size_t brought_up; /* folders that lay too deep: they were moved there, and have their turn then */
    char mark[32];     /* how their names begin: nobody who is dead by now could know it */
};

static void sweep_folder(struct sweep *s, int folder, int depth);

/* However deep it lies, only so many folders are open at a time. */
static void bring_up(struct sweep *s, int folder, const char *name)
{
    char up[64];
    snprintf(up, sizeof up, "%s%zu", s->mark, s->brought_up);
    if (renameat(folder, name, s->top, up) == 0)
        s->brought_up++;
}

static void sweep_entry(struct sweep *s, int folder, const char *name, int depth)
{
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    if (S_ISDIR(st.st_mode)) {
        fchmodat(folder, name, 0700, 0);
        if (depth == DEPTH_MAX) {
            bring_up(s, folder, name);
            return;
        }
        int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (inner >= 0)
            sweep_folder(s, inner, depth + 1);
    }
    bool gone = unlinkat(folder, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) == 0;
    if (!gone || !s->cause || s->r->silent || depth != 0 || strncmp(name, s->mark, strlen(s->mark)) == 0)
        return;
    char *path = xformat("%s/%s", s->where, name);
    if (!says_nothing(s->r, path) && s->reported++ < TOLD_MAX) {
        struct buffer b = {0};
        run_finding_begin(s->r, &b, s->kind, s->cause);
        json_text(&b, "name", name);
        json_text(&b, "path", path);
        json_close(&b, '}');
        tell_maker(s->r, &b, path);
        warden_event(s->r->w, &b);
    }
    free(path);
}

/* Takes over the descriptor. */
static void sweep_folder(struct sweep *s, int folder, int depth)
{
    DIR *d = fdopendir(folder);
    if (!d) {
        close(folder);
        return;
    }
    for (struct dirent *e; (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            sweep_entry(s, dirfd(d), e->d_name, depth);
    closedir(d);
}

static void sweep(struct run *r, const char *path, const char *kind, const char *cause)
{
    struct sweep s = {.r = r, .kind = kind, .cause = cause, .where = path};
    snprintf(s.mark, sizeof s.mark, ".deep-%llx-", (unsigned long long)now_ns());
    const uid_t owners[] = {r->w->plan.student, r->w->plan.judge};
    for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
        as(r->w, owners[i]);
        size_t before;
        do {
            before = s.brought_up;
            s.top = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (s.top >= 0)
                sweep_folder(&s, s.top, 0);
        } while (s.brought_up > before);
        as_self(r->w);
        if (!r->w->level.own_uids)
            break;
    }
}

/* Programs that we ended had no chance to tidy up: what they leave says nothing. */
static bool was_cut_short(const struct run *r)
{
    return r->e->kind == ENTRY_RUN && (r->stuck || r->limit_hit);
}

void leftovers_remove(struct run *r)
{
    if (!defended(DEFENCE_REMOVAL))
        return;
    r->silent = was_cut_short(r);
    if (r->w->level.own_ipc) {
        drain_sysv(r, "shm", "sysv_shm");
        drain_sysv(r, "sem", "sysv_sem");
        drain_sysv(r, "msg", "sysv_msg");
    }
    if (r->w->level.own_files) {
        sweep(r, "/dev/shm", "ipc_leak", "posix_shm");
        sweep(r, "/dev/mqueue", "ipc_leak", "posix_mq");
        sweep(r, r->w->level.tmp, "file_leak", "file_left");
    }
}

/* ---- the working directory ------------------------------------------------------------------------ */

char *leftovers_make_cwd(struct warden *w)
{
    char *path = xformat("%s/t-XXXXXX", w->level.tmp);
    as(w, w->plan.student);
    char *made = mkdtemp(path);
    int saved = errno;
    as_self(w);
    if (!made)
        die("a working directory in %s: %s", w->level.tmp, strerror(saved));
    return path;
}

static void send_file(struct run *r, int folder, const char *name)
{
    struct buffer b = {0};
    run_event_begin(r, &b, "file");
    json_text(&b, "name", name);
    cleanup_fd int fd = -1;
    if (!defended(DEFENCE_LINKS)) {
        as_self(r->w);
        fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        as(r->w, r->w->plan.student);
    }
    if (fd < 0)
        fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    reports_content(r, &b, fd);
    as_self(r->w);
    warden_event(r->w, &b);
    as(r->w, r->w->plan.student);
}

void leftovers_collect(struct run *r)
{
    if (!r->e->collect.count)
        return;
    as(r->w, r->w->plan.student);
    int folder = open(r->cwd, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = folder < 0 ? NULL : fdopendir(folder);
    size_t sent = 0;
    for (struct dirent *e; d && sent < 256 && (e = readdir(d));) {
        if (!reports_wanted(r, e->d_name) || reports_taken(r, e->d_name))
            continue;
        send_file(r, dirfd(d), e->d_name);
        sent++;
    }
    if (d)
        closedir(d);
    as_self(r->w);
}

void leftovers_remove_cwd(struct run *r)
{
    if (!defended(DEFENCE_REMOVAL))
        return;
    sweep(r, r->cwd, NULL, NULL);
    as(r->w, r->w->plan.student);
    rmdir(r->cwd);
    as_self(r->w);
}
