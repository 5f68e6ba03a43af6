/* Start, end and signals of a student's process. Its streams: stream.c. */
#include "judge.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SPIN_MS   100  /* of processor time, in which who has something to wait for would have begun to */
#define SETTLE_MS 1000 /* how long a process that gave up its end of a pipe may take to end */

/* ---- starting ----------------------------------------------------------------------------------- */

/* A SPAWN under construction. */
struct order {
    struct tk_text text;
    int fds[CTL_FDS_MAX];
    size_t count;
    int theirs[3]; /* ends of pipes that only the new process keeps, -1 none */
};

static void pass(struct order *o, int fd, int number)
{
    if (o->count == ARRAY_SIZE(o->fds))
        tk_error("more than %d descriptors for one process", CTL_FDS_MAX);
    if (fcntl(fd, F_GETFD) < 0)
        tk_error("descriptor %d, to be passed as %d, is not open", fd, number);
    o->fds[o->count++] = fd;
    tk_text_print(&o->text, "fd %d\n", number);
}

/* A pipe between us and `number` of the new process. Returns our end, non-blocking. */
static int make_pipe(struct order *o, int number)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        tk_error("pipe2: %s", strerror(errno));
    int ours = number == STDIN_FILENO ? ends[1] : ends[0];
    o->theirs[number] = number == STDIN_FILENO ? ends[0] : ends[1];
    if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
        tk_error("fcntl: %s", strerror(errno));
    pass(o, o->theirs[number], number);
    return ours;
}

/* Returns our end, -1 if there is none. */
static int make_end(struct order *o, enum tk_end end, int number, int given)
{
    static const char *const names[] = {"in", "out", "err"};
    switch (end) {
    case TK_PIPE:
        if (number != STDERR_FILENO)
            return make_pipe(o, number);
        break; /* not mentioned: warden collects it */
    case TK_NULL:
        tk_text_print(&o->text, "%s null\n", names[number]);
        break;
    case TK_CLOSED:
        tk_text_print(&o->text, "%s closed\n", names[number]);
        break;
    case TK_GIVEN:
        if (number == STDERR_FILENO)
            tk_error("stderr cannot be TK_GIVEN: pass it in how->fds as number 2");
        pass(o, given, number);
        break;
    default:
        tk_error("%d is no enum tk_end", (int)end);
    }
    return -1;
}

static void write_order(struct order *o, const struct tk_how *how)
{
    if (!how->program)
        tk_error("tk_spawn: no program");
    tk_text_print(&o->text, "program ");
    tk_text_word(&o->text, how->program);
    tk_text_print(&o->text, "\n");
    for (size_t i = 0; how->args && how->args[i]; i++) {
        tk_text_print(&o->text, "arg ");
        tk_text_word(&o->text, how->args[i]);
        tk_text_print(&o->text, "\n");
    }
    for (size_t i = 0; how->env && how->env[i]; i++) {
        tk_text_print(&o->text, "env ");
        tk_text_word(&o->text, how->env[i]);
        tk_text_print(&o->text, "\n");
    }
    if (how->watch_data)
        tk_text_print(&o->text, "watch data\n");
    if (how->refuse_fork)
        tk_text_print(&o->text, "refuse fork\n");
    for (const struct tk_fault *f = how->faults; f && f->call; f++)
        tk_fault_write(&o->text, f);
}

tk_process *tk_spawn_with(const struct tk_how *how, int further_fd, int further_number)
{
    struct tk_judge *j = tk_judge();
    struct order o = {.theirs = {-1, -1, -1}};
    tk_process *p = tk_alloc(sizeof *p);
    write_order(&o, how);
    *p = (tk_process){.program = tk_format("%s", how->program), .link = -1, .next = j->processes};
    p->in_fd = make_end(&o, how->in, STDIN_FILENO, how->given_in);
    p->out_fd = make_end(&o, how->out, STDOUT_FILENO, how->given_out);
    make_end(&o, how->err, STDERR_FILENO, -1);
    for (size_t i = 0; how->fds && how->fds[i] >= 0; i++)
        pass(&o, how->fds[i], how->fd_numbers[i]);
    if (further_fd >= 0)
        pass(&o, further_fd, further_number);
    struct tk_answer *a = tk_control_ask(&(struct tk_request){
        .op = CTL_SPAWN, .proc = -1, .text = o.text.data, .fds = o.fds, .fds_count = o.count});
    for (size_t i = 0; i < ARRAY_SIZE(o.theirs); i++)
        if (o.theirs[i] >= 0)
            close(o.theirs[i]);
    if (a->error)
        tk_error("%s cannot be started: %s", how->program,
                 a->error == ENOENT    ? "there is no program of that name"
                 : a->error == ENOTSUP ? "this machine does not let the grader inject faults"
                                       : strerror(a->error));
    p->proc = (int)a->value;
    p->pid = (pid_t)a->value2;
    j->processes = p;
    return p;
}

tk_process *tk_spawn(const struct tk_how *how)
{
    return tk_spawn_with(how, -1, -1);
}

tk_process *tk_start(const char *program)
{
    return tk_spawn(&(struct tk_how){.program = program});
}

pid_t tk_pid(const tk_process *p)
{
    return p->pid;
}

/* ---- how a process is, in words ----------------------------------------------------------------- */

const char *tk_signal_name(int signal_number)
{
    const char *name = sigabbrev_np(signal_number);
    return name ? tk_format("SIG%s", name) : tk_format("signal %d", signal_number);
}

const char *tk_describe_status(int status)
{
    if (WIFEXITED(status))
        return tk_format("exited with %d", WEXITSTATUS(status));
    if (WIFSIGNALED(status))
        return tk_format("was killed by %s (%d)", tk_signal_name(WTERMSIG(status)), WTERMSIG(status));
    return tk_format("has the wait status 0x%x", (unsigned)status);
}

const char *tk_how_it_is(const tk_process *p)
{
    return tk_format("%s %s", p->program, p->ended ? tk_describe_status(p->status) : "is still running");
}

void tk_blame_end(const tk_process *p, struct tk_failure *f)
{
    if (p->ended && WIFSIGNALED(p->status) && !p->signalled && !tk_judge()->cause) {
        f->kind = "crash";
        f->cause = "killed_by_signal";
    }
}

/* ---- waiting for the end ------------------------------------------------------------------------ */

void tk_watch_end(tk_process *p)
{
    if (!p->ended && !p->wait_seq)
        p->wait_seq = tk_control_send(&(struct tk_request){.op = CTL_WAIT, .proc = p->proc});
}

bool tk_settle(tk_process *p)
{
    const struct tk_judge *j = tk_judge();
    int64_t until = tk_now_ns() + SETTLE_MS * j->slow * TK_NS_PER_MS;
    if (until > j->deadline_ns)
        until = j->deadline_ns;
    tk_watch_end(p);
    while (!p->ended) {
        enum tk_event event = tk_sleep(NULL, 0, until, true);
        if (event == TK_STUCK || event == TK_LATE)
            break;
    }
    return p->ended;
}

int tk_wait(tk_process *p)
{
    const struct tk_waiting w = {.p = p, .what = tk_format("the end of %s", p->program)};
    tk_link_finish(p);
    tk_watch_end(p);
    while (!p->ended)
        tk_wait_for(NULL, 0, &w);
    return p->status;
}

void tk_assert_exit_at(const char *file, int line, tk_process *p, int code)
{
    int status = tk_wait(p);
    if (WIFEXITED(status) && WEXITSTATUS(status) == code)
        return;
    struct tk_failure f = {.file = file, .line = line};
    f.message = tk_format("%s, not with %d", tk_how_it_is(p), code);
    if (!WIFEXITED(status))
        f.message = tk_format("%s; it should exit with %d", tk_how_it_is(p), code);
    tk_json_int(&f.expected, code);
    if (WIFEXITED(status))
        tk_json_int(&f.actual, WEXITSTATUS(status));
    else
        tk_json_string(&f.actual, tk_describe_status(status), strlen(tk_describe_status(status)), TK_EXCERPT);
    tk_blame_end(p, &f);
    tk_fail_with(&f);
}

void tk_fail_early(tk_process *p, const char *message, const struct tk_waiting *w)
{
    struct tk_failure f = {.message = message, .awaited = true};
    tk_json_string(&f.expected, w->what, strlen(w->what), TK_EXCERPT);
    if (w->so_far) {
        tk_bytes b = *w->so_far;
        struct tk_excerpt e = tk_excerpt(b.data, b.size, b.size, b.size);
        tk_json_bytes(&f.actual, b.data ? b.data + e.start : (const unsigned char *)"", e.size);
    }
    tk_blame_end(p, &f);
    tk_fail_with(&f);
}

/* ---- signals ------------------------------------------------------------------------------------ */

static void send_signal(tk_process *p, int signal_number, bool ends)
{
    struct tk_answer *a = tk_control_ask(
        &(struct tk_request){.op = CTL_SIGNAL, .proc = p->proc, .arg = signal_number, .arg2 = ends});
    if (a->error == ESRCH) {
        tk_settle(p);
        const struct tk_waiting w = {
            .p = p, .what = tk_format("a running process, to send it %s", tk_signal_name(signal_number))};
        tk_fail_early(
            p, tk_format("%s before the test sent it %s", tk_how_it_is(p), tk_signal_name(signal_number)),
            &w);
    }
    if (a->error)
        tk_error("%s cannot be sent to %s: %s", tk_signal_name(signal_number), p->program,
                 strerror(a->error));
    p->signalled |= signal_number != 0;
}

void tk_signal(tk_process *p, int signal_number)
{
    send_signal(p, signal_number, false);
}

void tk_signal_to_end(tk_process *p, int signal_number)
{
    send_signal(p, signal_number, true);
}

void tk_signal_pid(pid_t pid, int signal_number)
{
    for (tk_process *p = tk_judge()->processes; p; p = p->next) {
        if (p->pid == pid) { /* by its number, so that warden too knows that the end is our doing */
            tk_signal(p, signal_number);
            return;
        }
    }
    struct tk_answer *a =
        tk_control_ask(&(struct tk_request){.op = CTL_SIGNAL, .proc = -1, .arg = signal_number, .arg2 = pid});
    if (a->error == ESRCH)
        tk_fail_with(
            &(struct tk_failure){.message = tk_format("process %d has ended before the test sent it %s", pid,
                                                      tk_signal_name(signal_number))});
    if (a->error)
        tk_error("%s cannot be sent to process %d: %s", tk_signal_name(signal_number), pid,
                 strerror(a->error));
}

void tk_wait_gone(pid_t pid)
{
    const struct tk_waiting w = {.what = tk_format("the end of process %d", pid)};
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0 && errno == ESRCH)
        return;
    if (fd < 0)
        tk_error("pidfd_open: %s", strerror(errno));
    /* exit(2) closes descriptors first, and says that it has ended afterwards. */
    struct pollfd p = {.fd = fd, .events = POLLIN};
    while (!p.revents)
        tk_wait_for(&p, 1, &w);
    close(fd);
}

/* ---- waiting until it is blocked ----------------------------------------------------------------- */

static void write_blocked(struct tk_text *t, const char *operation, const char *object)
{
    tk_text_print(t, "op ");
    tk_text_word(t, operation);
    tk_text_print(t, "\n");
    if (object) {
        tk_text_print(t, "object ");
        tk_text_word(t, object);
        tk_text_print(t, "\n");
    }
}

static const char *what_blocked(const tk_process *p, const char *operation, const char *object)
{
    return tk_format("%s blocked in %s%s%s", p ? p->program : "a process",
                     strcmp(operation, "any") == 0    ? "any call"
                     : strcmp(operation, "idle") == 0 ? "a call that waits for something to do"
                                                      : operation,
                     object ? " on " : "", object ? object : "");
}

/* Asks; the answer will come as j->answer. */
static void ask_blocked(tk_process *p, const char *operation, const char *object)
{
    struct tk_text text = {0};
    write_blocked(&text, operation, object);
    if (p)
        tk_watch_end(p);
    tk_control_begin(&(struct tk_request){.op = CTL_BLOCKED, .proc = p ? p->proc : -1, .text = text.data});
}

/* Asks a question that nobody's end can answer otherwise. Returns the answer's error, ETIMEDOUT at the
 * deadline too. */
static int ask_whether(int proc, const char *text)
{
    struct tk_judge *j = tk_judge();
    tk_control_begin(&(struct tk_request){.op = CTL_BLOCKED, .proc = proc, .text = text});
    while (!j->answer)
        if (tk_sleep(NULL, 0, j->deadline_ns, false) == TK_LATE)
            return ETIMEDOUT;
    const int error = j->answer->error;
    if (error && error != ESRCH && error != EBUSY && error != ETIMEDOUT)
        tk_error("the supervisor cannot wait for a process: %s", strerror(error));
    return error;
}

bool tk_call_blocked(tk_process *d, const char *operation, const char *object)
{
    struct tk_judge *j = tk_judge();
    const struct tk_waiting w = {.p = d, .what = what_blocked(d, operation, object)};
    if (!d->calling)
        tk_error("tk_call_blocked without tk_call_begin");
    ask_blocked(d, operation, object);
    while (!j->answer) {
        struct pollfd link = {.fd = d->link, .events = POLLIN};
        tk_wait_for(&link, 1, &w);
        if (!j->answer && (link.revents || d->ended)) {
            j->awaited_seq = 0; /* the supervisor's answer, if one comes, is for nobody */
            return false;
        }
    }
    if (j->answer->error)
        tk_error("the supervisor cannot wait for %s: %s", w.what, strerror(j->answer->error));
    /* A driver whose call has returned is blocked, too: it waits for the next call. */
    struct pollfd link = {.fd = d->link, .events = POLLIN};
    return !d->ended && poll(&link, 1, 0) == 0;
}

pid_t tk_wait_blocked(tk_process *p, const char *operation, const char *object)
{
    struct tk_judge *j = tk_judge();
    struct tk_waiting w = {.p = p, .what = what_blocked(p, operation, object)};
    ask_blocked(p, operation, object);
    while (!j->answer) {
        if (p && p->ended)
            tk_fail_early(p, tk_format("%s; the test waited for %s", tk_how_it_is(p), w.what), &w);
        tk_wait_for(NULL, 0, &w);
    }
    if (j->answer->error)
        tk_error("the supervisor cannot wait for %s: %s", w.what, strerror(j->answer->error));
    return (pid_t)j->answer->value;
}

static bool settles(tk_process *p, bool alone)
{
    struct tk_text text = {0};
    if (p->never_idle)
        return false;
    write_blocked(&text, "idle", NULL);
    if (alone)
        tk_text_print(&text, "alone\n");
    tk_text_print(&text, "cpu %lld\n", (long long)(SPIN_MS * tk_judge()->slow));
    const int error = ask_whether(p->proc, text.data);
    p->never_idle = error == EBUSY;
    return error == 0;
}

bool tk_settles(tk_process *p)
{
    return settles(p, false);
}

bool tk_settles_alone(tk_process *p)
{
    return settles(p, true);
}

enum tk_call_state tk_call_settles(tk_process *d)
{
    if (!d->calling)
        tk_error("tk_call_settles without tk_call_begin");
    const bool idle = tk_settles(d);
    /* A driver whose call has returned is idle, too: it waits for the next call. */
    struct pollfd link = {.fd = d->link, .events = POLLIN};
    if (d->ended || poll(&link, 1, 0) > 0)
        return TK_CALL_RETURNED;
    return idle ? TK_CALL_WAITS : TK_CALL_RESTLESS;
}

bool tk_blocks(pid_t pid, const char *but)
{
    struct tk_text text = {0};
    write_blocked(&text, "any", but);
    tk_text_print(&text, "forever %d\n", (int)pid);
    return ask_whether(-1, text.data) == 0;
}

const char *tk_object(int fd)
{
    char object[4096];
    ssize_t n = readlink(tk_format("/proc/self/fd/%d", fd), object, sizeof object - 1);
    if (n < 0)
        tk_error("tk_object: descriptor %d is not open", fd);
    object[n] = '\0';
    return tk_format("%s", object);
}
