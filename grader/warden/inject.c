#include "registers.h"
#include "run.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TICK_NS (1 * NS_PER_MS) /* the kernel sends no event when a process blocks */
#define LOOK_NS (4 * NS_PER_MS)

struct fault_process { /* a live process that faults are about */
    pid_t pid;
    int proc;
    uint64_t born; /* it is the child that was made so manieth; 0: the main process */
    uint64_t counts[FAULTS_MAX];
};

/* ---- whose faults ---------------------------------------------------------------------------------------
 */

void inject_add(struct run *r, int proc, const struct fault *list, size_t count)
{
    struct faults *f = &r->faults;
    if (!count)
        return;
    f->list = xrealloc(f->list, (f->count + count) * sizeof *f->list);
    for (size_t i = 0; i < count; i++) {
        f->list[f->count] = list[i];
        f->list[f->count++].proc = proc;
    }
}

void inject_drop(struct run *r, int proc)
{
    struct faults *f = &r->faults;
    while (f->count && f->list[f->count - 1].proc == proc)
        f->count--;
}

size_t inject_calls(const struct run *r, int proc, long *numbers, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < r->faults.count; i++) {
        const struct fault *f = &r->faults.list[i];
        for (size_t k = 0; f->proc == proc && k < f->numbers_count; k++) {
            size_t at = 0;
            while (at < n && numbers[at] != f->numbers[k])
                at++;
            if (at == n && n < room)
                numbers[n++] = f->numbers[k];
        }
    }
    return n;
}

static bool has_faults(const struct run *r, int proc)
{
    for (size_t i = 0; i < r->faults.count; i++)
        if (r->faults.list[i].proc == proc)
            return true;
    return false;
}

/* What is known of a process; a new one is numbered in the order in which they were made: its parent is in
 * fork(2) until we have seen one of the two. */
static struct fault_process *process_of(struct run *r, pid_t pid, int proc)
{
    struct faults *f = &r->faults;
    for (size_t i = 0; i < f->processes_count; i++)
        if (f->processes[i].pid == pid)
            return &f->processes[i];
    f->processes = xrealloc(f->processes, (f->processes_count + 1) * sizeof *f->processes);
    struct fault_process *p = &f->processes[f->processes_count++];
    struct process *main_process = &r->procs[proc];
    *p = (struct fault_process){.pid = pid, .proc = proc};
    if (main_process->pid != pid)
        p->born = ++main_process->born;
    return p;
}

void inject_born(struct run *r, pid_t pid, int proc)
{
    if (proc >= 0 && has_faults(r, proc))
        process_of(r, pid, proc);
}

void inject_forget(struct run *r, pid_t pid)
{
    struct faults *f = &r->faults;
    for (size_t i = 0; i < f->processes_count; i++)
        if (f->processes[i].pid == pid) {
            f->processes[i] = f->processes[--f->processes_count];
            return;
        }
}

void inject_free(struct faults *f)
{
    free(f->list);
    free(f->processes);
    *f = (struct faults){0};
}

bool inject_possible(const struct run *r)
{
    return r->w->witness && registers_possible();
}

/* ---- which calls -----------------------------------------------------------------------------------------
 */

/* A clone that makes a thread is no fork. */
static bool makes_thread(struct run *r, const struct tracee *t, const struct entered *e)
{
    uint64_t flags = e->args[0];
    if (e->number != SYS_clone && e->number != SYS_clone3)
        return false;
    if (e->number == SYS_clone3 && !proc_memory(&r->w->access, t->tgid, e->args[0], &flags, sizeof flags))
        return true; /* it fails with EFAULT, and nobody means that */
    return flags & CLONE_THREAD;
}

static bool fits_who(const struct fault *f, const struct fault_process *p)
{
    if (f->who == FAULT_ANYONE)
        return true;
    if (f->who == FAULT_MAIN)
        return p->born == 0;
    return p->born && (!f->child || f->child == p->born);
}

/* Counts the call for each fault that is about it. Returns the first that is to happen now, or NULL.
 * *counted: there was one at all. */
static struct fault *count_call(struct run *r, const struct tracee *t, const struct entered *e, bool *counted)
{
    struct fault_process *p = NULL;
    struct fault *now = NULL;
    uint64_t index = 0; /* among the faults of this process: so it stays the same when others start */
    for (size_t i = 0; i < r->faults.count; i++) {
        struct fault *f = &r->faults.list[i];
        if (f->proc != t->proc)
            continue;
        const uint64_t at = index++;
        if (!faults_is_about(f, e->number, e->args))
            continue;
        if (!p) {
            p = process_of(r, t->tgid, t->proc);
            if (makes_thread(r, t, e) || !sites_is_own(r, t->tgid, e->pc, e->sp))
                return NULL;
        }
        if (!fits_who(f, p))
            continue;
        *counted = true;
        f->fits++;
        const uint64_t n = ++p->counts[at];
        if (!now && (f->nth == 0 || f->nth == n))
            now = f;
    }
    return now;
}

static bool is_same(const struct entered *a, const struct entered *b)
{
    return a->number == b->number && a->pc == b->pc && a->sp == b->sp &&
           memcmp(a->args, b->args, sizeof a->args) == 0;
}

/* Does the thread make a call again? It does not if it makes another one: a handler does so too, but below
 * the stack of what it interrupted. */
static bool goes_on(struct injected *i, const struct entered *e)
{
    if (!i->again)
        return false;
    if (is_same(&i->before, e)) {
        i->again = false;
        return true;
    }
    if (e->sp >= i->before.sp)
        i->again = false;
    return false;
}

static void make_again(struct injected *i, const struct entered *e, int64_t result)
{
    i->again = true;
    i->before = *e;
    i->result = result;
}

/* ---- what is done
 * ------------------------------------------------------------------------------------------ */

/* To the thread that is meant: another one must not have it instead. Where that thread blocks it, to its
 * process: a program that takes its signals in one thread, by sigwait(3), blocks them in all others. */
static bool send_signal(struct run *r, const struct tracee *t, int number)
{
    uint64_t pending, blocked;
    struct process *p = run_process(r, t->tgid);
    if (p)
        p->signalled = true; /* how it ends is our doing */
    if (number <= 64 && proc_pending(t->tid, &pending, &blocked) && blocked >> (number - 1) & 1)
        return kill(t->tgid, number) == 0;
    return syscall(SYS_tgkill, t->tgid, t->tid, number) == 0;
}

enum injection inject_entry(struct run *r, struct tracee *t, const struct entered *e)
{
    struct injected *i = &t->injected;
    if (!r->faults.count || t->starting || t->proc < 0)
        return INJECT_NOTHING;
    i->error = 0;
    i->counted = false;
    i->now = 0;
    if (goes_on(i, e)) {
        i->counted = true;
        i->now = i->most;
        i->repeats = true;
        return INJECT_NOTHING;
    }
    i->repeats = false;
    i->most = 0;
    struct fault *f = count_call(r, t, e, &i->counted);
    if (!f)
        return INJECT_NOTHING;
    i->now = (size_t)(f - r->faults.list) + 1;
    if (f->action == FAULT_ERRNO) {
        i->error = f->value;
        i->replaces = e->number == SYS_close; /* on Linux the descriptor is gone whatever close(2) returns */
    }
    if (f->action == FAULT_SHORT)
        i->most = i->now;
    if (f->action == FAULT_HOLD && !r->faults.over) {
        i->held = true;
        f->injected++;
        make_again(i, e, 0);
        return INJECT_HOLDS;
    }
    if (f->action == FAULT_SIGNAL && registers_put_off(t, e)) {
        send_signal(r, t, f->value);
        f->injected++;
        make_again(i, e, 0);
        return INJECT_PUTS_OFF;
    }
    return INJECT_NOTHING;
}

bool inject_skips(const struct tracee *t)
{
    return t->injected.error && !t->injected.replaces;
}

/* In the log: the observer may have written the call down; if it does not watch it, we do. */
static void write_down(struct run *r, const struct tracee *t, const struct entered *e)
{
    size_t number = t->observed ? t->event : LOG_NONE;
    if (number == LOG_NONE) {
        const char *name = faults_call_name(e->number);
        const site_id site = sites_take(r, t->tgid, e->pc, e->sp);
        number = log_add(r, t->tgid, t->tid, name, strcmp(name, "fork") == 0 ? CALL_FORK : CALL_NONE);
        if (number == LOG_NONE)
            return;
        struct log_entry *l = log_entry(r, number);
        l->ended_ns = l->began_ns;
        l->result = -t->injected.error;
        l->site = site;
    }
    log_entry(r, number)->injected = true;
}

/* Who writes where nobody reads gets a signal besides (write(2), send(2)). */
static bool breaks_pipe(const struct entered *e, int error)
{
    const struct call *c = calls_find(e->number);
    if (error != EPIPE || !c || c->kind != CALL_WRITE)
        return false;
    if (e->number == SYS_sendto)
        return !(e->args[3] & MSG_NOSIGNAL);
    if (e->number == SYS_sendmsg)
        return !(e->args[2] & MSG_NOSIGNAL);
    return e->number != SYS_sendmmsg || !(e->args[3] & MSG_NOSIGNAL);
}

static void fail(struct run *r, struct tracee *t, const struct entered *e, struct fault *f)
{
    if (!t->injected.replaces && !registers_skip(t, f->value))
        return;
    if (breaks_pipe(e, f->value))
        syscall(SYS_tgkill, t->tgid, t->tid, SIGPIPE);
    f->injected++;
    write_down(r, t, e);
}

bool inject_call(struct run *r, struct tracee *t, const struct entered *e)
{
    struct injected *i = &t->injected;
    if (!i->counted)
        return false;
    struct fault *f = i->now ? &r->faults.list[i->now - 1] : NULL;
    i->call = *e;
    if (f && f->action == FAULT_ERRNO) {
        fail(r, t, e, f);
    } else if (f && f->action == FAULT_SHORT) {
        if (registers_shorten(r, t, e, (size_t)f->value) && !i->repeats) {
            f->injected++;
            if (t->observed && t->event != LOG_NONE)
                log_entry(r, t->event)->injected = true;
        }
    } else if (f && f->action == FAULT_SIGNAL_INSIDE) {
        i->inside = i->now;
    }
    return true;
}

int64_t inject_exit(struct tracee *t, int64_t result)
{
    struct injected *i = &t->injected;
    if (!i->counted)
        return result;
    i->counted = false;
    i->inside = 0;
    if (i->shortened)
        registers_put_back(t);
    if (i->error && i->replaces && result >= 0 && registers_replace_result(t, i->error))
        result = -i->error;
    if (!i->error && observe_is_interrupted(result))
        make_again(i, &i->call, result);
    return result;
}

void inject_signal(struct tracee *t, int number)
{
    uint64_t ignored, caught;
    struct injected *i = &t->injected;
    if (!i->again || (i->result != -RESTART_NO_HANDLER && i->result != -EINTR))
        return;
    if (number >= 1 && number <= 64 && proc_signals(t->tgid, t->tid, &ignored, &caught) &&
        caught >> (number - 1) & 1)
        i->again = false; /* it returns, so the next is another call */
}

/* ---- from the main loop
 * ------------------------------------------------------------------------------------ */

bool inject_pending(const struct run *r)
{
    for (size_t i = 0; r->faults.count && i < r->tracees_count; i++)
        if (r->tracees[i].injected.inside)
            return true;
    return false;
}

static bool is_held(const struct tracee *t, int proc)
{
    return t->injected.held && (proc < 0 || t->proc == proc);
}

pid_t inject_held(const struct run *r, int proc)
{
    for (size_t i = 0; r->faults.count && i < r->tracees_count; i++)
        if (is_held(&r->tracees[i], proc))
            return r->tracees[i].tgid;
    return 0;
}

int inject_release(struct run *r, int proc)
{
    int n = 0;
    for (size_t i = 0; i < r->tracees_count;) {
        if (is_held(&r->tracees[i], proc)) {
            r->tracees[i].injected.held = false;
            witness_goes_on(r, r->tracees[i].tid);
            n++;
            i = 0; /* the table may have moved */
        } else {
            i++;
        }
    }
    return n;
}

void inject_end(struct run *r)
{
    r->faults.over = true;
    inject_release(r, -1);
}

static void signal_blocked(struct run *r)
{
    for (size_t i = 0; i < r->tracees_count; i++) {
        struct tracee *t = &r->tracees[i];
        struct blocked b;
        if (!t->injected.inside || !blocked_look(&r->w->access, t->tgid, t->tid, &b) ||
            b.class == BLOCKED_NOT || b.class == BLOCKED_STOPPED || b.class == BLOCKED_HELD)
            continue;
        struct fault *f = &r->faults.list[t->injected.inside - 1];
        t->injected.inside = 0;
        f->injected += send_signal(r, t, f->value);
    }
}

/* A parent in vfork(2) waits for its child in a way that looks like work. */
static bool waits_for_held(const struct run *r, pid_t pid)
{
    for (size_t i = 0; i < r->tracees_count; i++) {
        const struct tracee *t = &r->tracees[i];
        struct proc_stat st;
        if (t->injected.held && t->borrows && proc_stat(t->tgid, &st) && st.ppid == pid)
            return true;
    }
    return false;
}

/* Do all threads that are not held wait for something else than time? Then *seen is what they have done. */
static bool others_wait(struct run *r, uint64_t *seen)
{
    pid_t tree[TASKS_MAX], threads[128];
    const size_t n = run_tree(r, tree, ARRAY_SIZE(tree));
    *seen = HASH_START;
    for (size_t i = 0; i < n; i++) {
        const size_t count =
            waits_for_held(r, tree[i]) ? 0 : proc_threads(tree[i], threads, ARRAY_SIZE(threads));
        for (size_t k = 0; k < count; k++) {
            struct blocked b;
            const uint64_t switches = proc_switches(tree[i], threads[k]);
            if (!blocked_look(&r->w->access, tree[i], threads[k], &b) || b.class == BLOCKED_HELD)
                continue;
            if (!b.forever)
                return false;
            *seen = hash_add(hash_add(hash_add(*seen, (uint64_t)threads[k]), switches), b.raw.sp);
        }
    }
    return true;
}

/* In a run there is no judge to say when a held one goes on: it does when nobody else can. One at a time, the
 * one that was made first. */
static void release_one(struct run *r)
{
    struct tracee *first = NULL;
    for (size_t i = 0; i < r->tracees_count; i++) {
        struct tracee *t = &r->tracees[i];
        if (t->injected.held &&
            (!first || t->proc < first->proc ||
             (t->proc == first->proc &&
              process_of(r, t->tgid, t->proc)->born < process_of(r, first->tgid, first->proc)->born)))
            first = t;
    }
    if (!first)
        return;
    first->injected.held = false;
    witness_goes_on(r, first->tid);
}

static void look_at_others(struct run *r)
{
    uint64_t seen;
    const bool wait = others_wait(r, &seen);
    r->faults.look_ns = now_ns() + LOOK_NS;
    if (wait && seen == r->faults.seen) {
        release_one(r);
        seen = 0;
    }
    r->faults.seen = wait ? seen : 0;
}

void inject_tick(struct run *r)
{
    if (inject_pending(r))
        signal_blocked(r);
    if (r->e->kind == ENTRY_RUN && now_ns() >= r->faults.look_ns && inject_held(r, -1))
        look_at_others(r);
}

int64_t inject_wake(const struct run *r, int64_t at)
{
    int64_t wanted = at;
    if (inject_pending(r))
        wanted = now_ns() + TICK_NS;
    else if (r->e->kind == ENTRY_RUN && inject_held(r, -1))
        wanted = r->faults.look_ns;
    return wanted < at ? wanted : at;
}

/* ---- telling
 * ------------------------------------------------------------------------------------------------ */

uint64_t inject_count(const struct run *r, int proc)
{
    uint64_t n = 0;
    for (size_t i = 0; i < r->faults.count; i++)
        if (proc < 0 || r->faults.list[i].proc == proc)
            n += r->faults.list[i].injected;
    return n;
}

void inject_list(const struct run *r, int proc, struct buffer *b)
{
    for (size_t i = 0; i < r->faults.count; i++) {
        const struct fault *f = &r->faults.list[i];
        if (proc < 0 || f->proc == proc)
            buffer_print(b, "%llu %llu %s\n", (unsigned long long)f->injected, (unsigned long long)f->fits,
                         f->text);
    }
}

void inject_tell(struct run *r)
{
    for (size_t i = 0; i < r->faults.count; i++) {
        const struct fault *f = &r->faults.list[i];
        struct buffer b = {0};
        run_event_begin(r, &b, "injected");
        json_int(&b, "proc", f->proc);
        json_text(&b, "fault", f->text);
        json_int(&b, "calls", (int64_t)f->fits);
        json_int(&b, "times", (int64_t)f->injected);
        warden_event(r->w, &b);
    }
}
