/*
 * A signal handler makes the call that its process waits in fail with EINTR (signal(7)), and a loop that
 * takes this for the end of its input ends. Read from the log: a call that failed so, and whose process did
 * not make it again.
 *
 * The kernel decides between EINTR and another try only after the stop at the call's exit. So a call counts
 * if its handler returned (rt_sigreturn(2)) and it was not entered again, or if the EINTR was a fault of
 * ours.
 */
#include "interrupted.h"

#include <errno.h>

#define TOLD_MAX 8

/* Whoever waits for a signal or for a time is meant to be interrupted. */
static bool is_to_be_tried_again(enum call_kind kind)
{
    switch (kind) {
    case CALL_OPEN:     /* of a FIFO */
    case CALL_MAKES_FD: /* accept */
    case CALL_WAIT:
    case CALL_READ:
    case CALL_WRITE:
    case CALL_COPY:
    case CALL_LOCK:
    case CALL_POLL:
    case CALL_CONNECT:
        return true;
    default:
        return false;
    }
}

/* Did its process make that call again? *ended: it ended by itself, and not, as far as one can see, in the
 * handler of another signal, which came before it could make the call again. *signal: the first that came
 * then. */
static bool goes_on(const struct run *r, size_t at, bool *ended, int *signal)
{
    const struct log_entry *call = &r->log.entries[at];
    size_t signals = 0;
    bool since = true; /* has it done anything since the last signal? */
    *ended = false;
    *signal = 0;
    for (size_t i = at + 1; i < r->log.count; i++) {
        const struct log_entry *l = &r->log.entries[i];
        if (l->pid != call->pid)
            continue;
        if (l->kind == call->kind && (l->fd == call->fd || l->fd < 0 || call->fd < 0))
            return true;
        if (l->kind == CALL_SIGNAL && !*signal)
            *signal = l->signal;
        *ended |= l->kind == CALL_EXIT && (since || signals < 2);
        signals += l->kind == CALL_SIGNAL;
        since = l->kind != CALL_SIGNAL;
    }
    return false;
}

static const struct process *main_of(const struct run *r, pid_t pid)
{
    for (int i = 0; i < r->procs_count; i++)
        if (r->procs[i].pid == pid)
            return &r->procs[i];
    return NULL;
}

/* Of a process that has ended: /proc does not know it any more. */
static void role_of(const struct run *r, pid_t pid, char *text, size_t room)
{
    const struct process *p = main_of(r, pid);
    snprintf(text, room, "%s", p ? p->program : "a descendant");
    for (size_t i = 0; !p && i < r->log.count; i++) {
        const struct log_entry *l = &r->log.entries[i];
        if (l->kind != CALL_FORK || l->result != pid)
            continue;
        if ((p = main_of(r, l->pid)))
            snprintf(text, room, "a child of %s", p->program);
        return;
    }
}

/* The judge has sent that signal to end it: what it waited in is not to be made again. */
static bool is_meant_to_end(const struct run *r, pid_t pid, int number)
{
    const struct process *p = main_of(r, pid);
    return p && number >= 1 && number <= 64 && p->ending >> (number - 1) & 1;
}

static void tell(struct run *r, const struct log_entry *call, int number)
{
    struct buffer b = {0};
    char role[160], signal[32];
    role_of(r, call->pid, role, sizeof role);
    run_finding_begin(r, &b, "wrong_output", "interrupted_call_given_up");
    json_int(&b, "pid", call->pid);
    json_text(&b, "role", role);
    json_text(&b, "call", call->op);
    if (call->fd >= 0)
        json_int(&b, "fd", call->fd);
    if (call->injected)
        json_text(&b, "how", "the fault that was asked for");
    else if (number)
        json_text(&b, "signal", run_signal_name(number, signal, sizeof signal));
    json_close(&b, '}');
    json_site(r, &b, "site", call->site);
    warden_event(r->w, &b);
}

void interrupted_tell(struct run *r)
{
    site_id told[TOLD_MAX];
    size_t count = 0;
    if (r->log.dropped)
        return; /* it may have been made again where nobody has written it down */
    for (size_t i = 0; i < r->log.count && count < TOLD_MAX; i++) {
        const struct log_entry *l = &r->log.entries[i];
        bool ended, before = false;
        int signal;
        if (r->recorded_ns && l->began_ns > r->recorded_ns)
            break; /* no reason for what the judge has found before */
        if (l->result != -EINTR || !is_to_be_tried_again(l->kind) || !l->site || !(l->injected || l->handled))
            continue;
        for (size_t k = 0; k < count; k++)
            before |= told[k] == l->site;
        if (before || run_is_peers(r, l->pid) || goes_on(r, i, &ended, &signal) || !ended ||
            is_meant_to_end(r, l->pid, signal))
            continue;
        told[count++] = l->site;
        tell(r, l, signal);
    }
}
