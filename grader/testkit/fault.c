/* Faults of a student's process: asking for them, and how often they happened. Warden makes them. */
#include "judge.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static void write_action(struct tk_text *t, const struct tk_fault *f)
{
    const char *error = strerrorname_np(f->value), *name = sigabbrev_np(f->value);
    switch (f->action) {
    case TK_ERRNO:
        if (!error || !f->value)
            tk_error("a fault of %s: %d is no errno", f->call, f->value);
        tk_text_print(t, "errno %s\n", error);
        return;
    case TK_SHORT:
        tk_text_print(t, "short %d\n", f->value);
        return;
    case TK_SIGNAL:
    case TK_SIGNAL_INSIDE:
        if (!name)
            tk_error("a fault of %s: %d is no signal", f->call, f->value);
        tk_text_print(t, "signal SIG%s%s\n", name, f->action == TK_SIGNAL_INSIDE ? " inside" : "");
        return;
    case TK_HOLD:
        tk_text_print(t, "hold\n");
        return;
    }
    tk_error("a fault of %s: %d is no enum tk_fault_action", f->call, (int)f->action);
}

void tk_fault_write(struct tk_text *t, const struct tk_fault *f)
{
    static const char *const who[] = {"any", "main", "child"};
    if (f->nth < 0 || f->who < TK_ANYONE || f->who > TK_CHILDREN || f->child < 0 ||
        (f->child && f->who != TK_CHILDREN))
        tk_error("a fault of %s: which call, and in whom?", f->call);
    tk_text_print(t, "fault ");
    tk_text_word(t, f->call);
    tk_text_print(t, f->nth ? " %d" : " *", f->nth);
    tk_text_print(t, f->child ? " %s%d" : " %s", who[f->who], f->child);
    tk_text_print(t, f->fd ? " %d " : " * ", f->fd ? *f->fd : 0);
    write_action(t, f);
}

/* ---- how often ------------------------------------------------------------------------------------ */

static struct tk_answer *ask(tk_process *p)
{
    struct tk_answer *a = tk_control_ask(&(struct tk_request){.op = CTL_FAULTS, .proc = p->proc});
    if (a->error || a->value < 0)
        tk_error("the supervisor cannot tell which faults happened: %s", strerror(a->error));
    return a;
}

uint64_t tk_faults_injected(tk_process *p)
{
    return (uint64_t)ask(p)->value;
}

/* "2 3 read 2 main * errno EINTR": times, calls that were counted, the fault. */
void tk_assert_faults_injected_at(const char *file, int line, tk_process *p)
{
    for (const char *at = ask(p)->text; *at;) {
        const int64_t times = tk_control_number(&at);
        const char *end = strchr(at, '\n');
        if (*at++ != ' ' || !end)
            tk_error("the supervisor's answer has a line that makes no sense: %.80s", at);
        const int64_t calls = tk_control_number(&at);
        if (*at++ != ' ')
            tk_error("the supervisor's answer has a line that makes no sense: %.80s", at);
        if (times == 0)
            tk_fail_at(
                file, line,
                "%s made %lld of the calls that were to go wrong, and none of them was the one (fault: %.*s)",
                p->program, (long long)calls, (int)(end - at), at);
        at = end + 1;
    }
}

/* ---- holding ---------------------------------------------------------------------------------------- */

bool tk_held_comes(tk_process *p, tk_process *talker, pid_t *pid)
{
    struct tk_judge *j = tk_judge();
    const struct tk_waiting w = {
        .p = p, .what = tk_format("%s to come to the call before which the test holds it", p->program)};
    tk_watch_end(p);
    tk_control_begin(&(struct tk_request){.op = CTL_HELD, .proc = p->proc});
    while (!j->answer) {
        struct pollfd out = {.fd = talker ? talker->out_fd : -1, .events = POLLIN};
        tk_wait_for(&out, 1, &w);
        if (!j->answer && out.revents) {
            j->awaited_seq = 0; /* should the supervisor answer yet, nobody waits for it */
            return false;
        }
    }
    if (j->answer->error == ESRCH && talker) { /* what it said last came at the same time */
        struct pollfd out = {.fd = talker->out_fd, .events = POLLIN};
        if (poll(&out, 1, 0) > 0)
            return false;
    }
    if (j->answer->error == ESRCH) { /* nobody is left who could come to it */
        while (!p->ended)
            tk_wait_for(NULL, 0, &w);
        tk_fail_early(p, tk_format("%s; the test waited for %s", tk_how_it_is(p), w.what), &w);
    }
    if (j->answer->error)
        tk_error("the supervisor cannot wait for %s: %s", w.what, strerror(j->answer->error));
    *pid = (pid_t)j->answer->value;
    return true;
}

pid_t tk_wait_held(tk_process *p)
{
    pid_t pid = 0;
    tk_held_comes(p, NULL, &pid);
    return pid;
}

void tk_release(tk_process *p)
{
    struct tk_answer *a = tk_control_ask(&(struct tk_request){.op = CTL_RELEASE, .proc = p->proc});
    if (a->error || a->value < 1)
        tk_error("no process of %s is held", p->program);
}
