/* The judge's requests (control.h). The judge is ours, yet its messages are read as if they were hostile:
 * at the levels without a uid of its own a student's process could become it. */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FDS_SHOWN  512
#define CPU_MS_MAX 1000000000

struct request {
    struct ctl_message m;
    char *payload; /* NUL-terminated */
    int fds[CTL_FDS_MAX];
    size_t fds_count;
};

void control_answer(struct run *r, uint32_t op, uint32_t seq, int error, int64_t value, int64_t value2,
                    const char *text)
{
    size_t length = strlen(text);
    if (length > CTL_MESSAGE_MAX - sizeof(struct ctl_message))
        length = CTL_MESSAGE_MAX - sizeof(struct ctl_message);
    struct ctl_message m = {.op = op,
                            .seq = seq,
                            .proc = -1,
                            .error = error,
                            .arg = value,
                            .arg2 = value2,
                            .length = (uint32_t)length};
    struct iovec parts[2] = {{&m, sizeof m}, {(void *)text, length}};
    struct msghdr h = {.msg_iov = parts, .msg_iovlen = 2};
    /* Never blocks: a judge that does not read its answers must not stop the supervisor. */
    while (r->control >= 0 && sendmsg(r->control, &h, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EINTR)
        ;
}

static void answer(struct run *r, const struct request *q, int error, int64_t value, int64_t value2,
                   const char *text)
{
    control_answer(r, q->m.op, q->m.seq, error, value, value2, text);
}

/* The process that a request names; NULL (and answered) if there is none. */
static struct process *named(struct run *r, const struct request *q)
{
    if (q->m.proc >= 0 && q->m.proc < r->procs_count)
        return &r->procs[q->m.proc];
    answer(r, q, ESRCH, 0, 0, "");
    return NULL;
}

/* ---- HELLO -------------------------------------------------------------------------------------- */

static void say_path(struct run *r, struct buffer *b, const char *name)
{
    bool peer;
    char *path = launch_path(r, name, &peer);
    buffer_print(b, "path ");
    word_encode(b, name);
    buffer_print(b, " ");
    word_encode(b, path ? path : "?");
    buffer_print(b, "\n");
    free(path);
}

static void hello(struct run *r, const struct request *q)
{
    const struct entry *e = r->e;
    struct buffer b = {0};
    buffer_print(&b, "name ");
    word_encode(&b, e->name);
    buffer_print(&b, "\npass ");
    word_encode(&b, e->pass);
    buffer_print(
        &b,
        "\nseed %016llx\nslow %lld\nwall_ms %lld\ndeadline_ns %lld\noutput %lld\nshared_uid %d\nwitness %d\n"
        "student_uid %u\n",
        (unsigned long long)e->seed, (long long)e->slow, (long long)e->limits.wall_ms,
        (long long)r->wall_end_ns, (long long)e->limits.output, !r->w->level.own_uids, r->w->witness,
        r->w->plan.student);
    for (size_t i = 0; i < e->uses_count; i++)
        say_path(r, &b, e->uses[i].name);
    for (size_t i = 0; i < r->w->plan.peers_count; i++)
        say_path(r, &b, r->w->plan.peers[i].name);
    answer(r, q, 0, 0, 0, b.data);
    buffer_free(&b);
}

/* ---- SPAWN -------------------------------------------------------------------------------------- */

#define WORDS_MAX 256

struct wish {
    char *program;
    char *args[WORDS_MAX], *env[WORDS_MAX];
    size_t args_count, env_count;
    int fds[CTL_FDS_MAX + 3], numbers[CTL_FDS_MAX + 3]; /* fd -1: closed */
    size_t fds_count, passed;
    struct spawn_wish wish;
    struct fault faults[FAULTS_MAX];
};

static bool read_fd_line(struct wish *w, const struct request *q, const char *value)
{
    char *end;
    long number = strtol(value, &end, 10);
    if (*end || end == value || number < 0 || number > 255 || w->passed == q->fds_count)
        return false;
    w->fds[w->fds_count] = q->fds[w->passed++];
    w->numbers[w->fds_count++] = (int)number;
    w->wish.err_given |= number == STDERR_FILENO;
    return true;
}

static bool read_end_line(struct wish *w, int number, const char *value)
{
    bool null = strcmp(value, "null") == 0;
    if ((!null && strcmp(value, "closed") != 0) || w->fds_count == ARRAY_SIZE(w->fds))
        return false;
    w->fds[w->fds_count] = null ? LAUNCH_NULL : -1;
    w->numbers[w->fds_count++] = number;
    w->wish.err_given |= number == STDERR_FILENO;
    return true;
}

static bool read_fault_line(struct wish *w, char *value)
{
    return w->wish.faults_count < FAULTS_MAX &&
           faults_read_line(&w->faults[w->wish.faults_count++], value) == 0;
}

static bool read_wish_line(struct wish *w, const struct request *q, char *key, char *value)
{
    if (!word_decode(value))
        return false;
    if (strcmp(key, "program") == 0)
        w->program = value;
    else if (strcmp(key, "arg") == 0 && w->args_count < WORDS_MAX)
        w->args[w->args_count++] = value;
    else if (strcmp(key, "env") == 0 && w->env_count < WORDS_MAX)
        w->env[w->env_count++] = value;
    else if (strcmp(key, "fd") == 0 && w->fds_count < ARRAY_SIZE(w->fds))
        return read_fd_line(w, q, value);
    else if (strcmp(key, "watch") == 0 && strcmp(value, "data") == 0)
        w->wish.watching = WATCH_FLOWS;
    else if (strcmp(key, "refuse") == 0 && strcmp(value, "fork") == 0)
        w->wish.no_more_processes = true;
    else if (strcmp(key, "fault") == 0)
        return read_fault_line(w, value);
    else if (strcmp(key, "in") == 0)
        return read_end_line(w, STDIN_FILENO, value);
    else if (strcmp(key, "out") == 0)
        return read_end_line(w, STDOUT_FILENO, value);
    else if (strcmp(key, "err") == 0)
        return read_end_line(w, STDERR_FILENO, value);
    else
        return false;
    return true;
}

static bool read_wish(struct wish *w, const struct request *q)
{
    for (char *save = NULL, *line = strtok_r(q->payload, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        char *blank = strchr(line, ' ');
        if (!blank)
            return false;
        *blank = '\0';
        if (!read_wish_line(w, q, line, blank + 1))
            return false;
    }
    return w->program && w->passed == q->fds_count;
}

static void spawn(struct run *r, const struct request *q)
{
    static struct wish w; /* large */
    w = (struct wish){.wish.faults = w.faults};
    if (!read_wish(&w, q)) {
        answer(r, q, EINVAL, 0, 0, "");
        return;
    }
    struct process *p =
        launch_program(r, w.program, w.args, w.args_count, w.env, w.fds, w.numbers, w.fds_count, &w.wish);
    if (p)
        answer(r, q, 0, p->number, p->pid, "");
    else
        answer(r, q, errno, 0, 0, "");
}

/* ---- the rest ------------------------------------------------------------------------------------ */

/* Requests may name any process of the student's by its pid, and no other. */
static bool is_students(const struct run *r, pid_t pid)
{
    pid_t tree[TASKS_MAX];
    size_t n = run_tree(r, tree, ARRAY_SIZE(tree)), i = 0;
    while (i < n && tree[i] != pid)
        i++;
    return i < n;
}

static void send_signal(struct run *r, const struct request *q)
{
    int number = q->m.arg >= 0 && q->m.arg < NSIG ? (int)q->m.arg : -1;
    pid_t pid = (pid_t)q->m.arg2;
    if (q->m.proc >= 0) {
        struct process *p = named(r, q);
        if (!p)
            return;
        if (p->ended) {
            answer(r, q, ESRCH, 0, 0, "");
            return;
        }
        p->signalled = true;
        if (q->m.arg2 == 1 && number > 0 && number <= 64)
            p->ending |= 1ULL << (number - 1);
        pid = p->pid;
    } else {
        if (!is_students(r, pid)) {
            answer(r, q, ESRCH, 0, 0, "");
            return;
        }
        struct process *main_process = run_process(r, pid);
        if (main_process)
            main_process->signalled = true;
    }
    answer(r, q, kill(pid, number) < 0 ? errno : 0, 0, 0, "");
}

/* Those of a program that the judge has started, or of all. */
static size_t tree_of(struct run *r, int proc, pid_t *tree, size_t room)
{
    if (proc < 0)
        return run_tree(r, tree, room);
    if (r->procs[proc].ended)
        return 0;
    tree[0] = r->procs[proc].pid;
    return 1 + proc_descendants(tree[0], tree + 1, room - 1);
}

/* Those whom a waiter is about. */
static size_t awaited(struct run *r, const struct waiter *w, pid_t *tree, size_t room)
{
    const size_t n = tree_of(r, w->proc, tree, room);
    return w->alone && n > 1 ? 1 : n;
}

static uint64_t cpu_ticks_of(struct run *r, const struct waiter *w)
{
    pid_t tree[TASKS_MAX];
    struct proc_stat st;
    uint64_t sum = 0;
    for (size_t i = awaited(r, w, tree, ARRAY_SIZE(tree)); i-- > 0;)
        sum += proc_stat(tree[i], &st) ? st.cpu_ticks : 0;
    return sum;
}

static void add_waiter(struct run *r, const struct request *q, const char *class, const char *object,
                       pid_t forever, bool alone, int64_t cpu_ms)
{
    if (r->waiters_count == ARRAY_SIZE(r->waiters) || strlen(class) >= sizeof r->waiters->class ||
        strlen(object) >= sizeof r->waiters->object) {
        answer(r, q, EINVAL, 0, 0, "");
        return;
    }
    struct waiter *w = &r->waiters[r->waiters_count++];
    *w = (struct waiter){.op = q->m.op,
                         .seq = q->m.seq,
                         .proc = q->m.proc,
                         .deadline_ns = q->m.deadline_ns,
                         .forever = forever,
                         .alone = alone};
    strcpy(w->class, class);
    strcpy(w->object, object);
    if (cpu_ms > 0)
        w->cpu_ticks = cpu_ticks_of(r, w) + (uint64_t)((cpu_ms * sysconf(_SC_CLK_TCK) + 999) / 1000) + 1;
    if (!w->deadline_ns || w->deadline_ns > r->wall_end_ns)
        w->deadline_ns = r->wall_end_ns;
    control_check_waiters(r);
}

static void wait_blocked(struct run *r, const struct request *q)
{
    const char *class = NULL, *object = "";
    pid_t forever = 0;
    bool alone = false;
    int64_t cpu_ms = 0;
    for (char *save = NULL, *line = strtok_r(q->payload, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        if (strncmp(line, "op ", 3) == 0 && word_decode(line + 3))
            class = line + 3;
        else if (strncmp(line, "object ", 7) == 0 && word_decode(line + 7))
            object = line + 7;
        else if (strncmp(line, "forever ", 8) == 0)
            forever = (pid_t)atoi(line + 8);
        else if (strcmp(line, "alone") == 0)
            alone = true;
        else if (strncmp(line, "cpu ", 4) == 0)
            cpu_ms = atoll(line + 4);
        if (cpu_ms > CPU_MS_MAX)
            cpu_ms = CPU_MS_MAX;
    }
    if (class && q->m.proc < r->procs_count)
        add_waiter(r, q, class, object, forever, alone, cpu_ms);
    else
        answer(r, q, EINVAL, 0, 0, "");
}

static void fds(struct run *r, const struct request *q)
{
    pid_t pid = (pid_t)q->m.arg;
    if (pid > 0 && !is_students(r, pid)) {
        answer(r, q, ESRCH, 0, 0, "");
        return;
    }
    if (pid <= 0) {
        const struct process *p = named(r, q);
        if (!p)
            return;
        pid = p->ended ? 0 : p->pid;
    }
    struct proc_fd *list = xcalloc(FDS_SHOWN, sizeof *list);
    ssize_t n = pid ? proc_fds(&r->w->access, pid, list, FDS_SHOWN) : -1;
    struct buffer b = {0};
    buffer_add(&b, "", 0);
    for (ssize_t i = 0; i < n; i++) {
        const char *mode = list[i].readable ? list[i].writable ? "rw" : "r" : "w";
        buffer_print(&b, "%d %s ", list[i].number, mode);
        word_encode(&b, list[i].object);
        buffer_add(&b, "\n", 1);
    }
    answer(r, q, n < 0 ? ESRCH : 0, n, 0, b.data);
    buffer_free(&b);
    free(list);
}

static bool tell_left_open(struct run *r, pid_t pid, int fd)
{
    char object[256], role[160];
    struct buffer b = {0};
    if (!proc_fd_object(&r->w->access, pid, fd, object, sizeof object))
        return false;
    run_finding_begin(r, &b, "fd_leak", "descriptor_left_open");
    json_int(&b, "pid", pid);
    json_text(&b, "role", run_role(r, pid, role, sizeof role));
    json_int(&b, "fd", fd);
    json_text(&b, "object", object);
    json_close(&b, '}');
    json_site(r, &b, "site", descriptors_site(r, pid, fd, object));
    warden_event(r->w, &b);
    return true;
}

static void left(struct run *r, const struct request *q)
{
    struct process *p = named(r, q);
    int fd, pid;
    bool told = false;
    if (!p)
        return;
    if (sscanf(q->payload, "fd %d %d", &fd, &pid) == 2)
        told = is_students(r, pid) && tell_left_open(r, pid, fd);
    else if (!p->ended && strncmp(q->payload, "fd ", 3) == 0)
        told = tell_left_open(r, p->pid, atoi(q->payload + 3));
    else if (!p->ended && strncmp(q->payload, "child ", 6) == 0)
        told = observe_unwaited(r, p, (pid_t)atoi(q->payload + 6));
    else if (strncmp(q->payload, "closed ", 7) == 0)
        told = descriptors_tell_uses(r, (pid_t)atoi(q->payload + 7));
    answer(r, q, told ? 0 : ENOENT, 0, 0, "");
}

static void children(struct run *r, const struct request *q)
{
    struct process *p = named(r, q);
    if (!p)
        return;
    pid_t list[256];
    size_t n = p->ended ? 0 : proc_children(p->pid, list, ARRAY_SIZE(list));
    struct buffer b = {0};
    buffer_add(&b, "", 0);
    for (size_t i = 0; i < n; i++) {
        struct proc_stat st;
        if (!proc_stat(list[i], &st))
            continue;
        buffer_print(&b, "%d %c ", list[i], st.state);
        word_encode(&b, *st.name ? st.name : "?");
        buffer_add(&b, "\n", 1);
    }
    answer(r, q, 0, (int64_t)n, 0, b.data);
    buffer_free(&b);
}

static void calls(struct run *r, const struct request *q)
{
    struct buffer b = {0};
    buffer_add(&b, "", 0);
    /* main processes first: an answer is cut where it is too long for a message */
    for (int children = 0; children < 2; children++)
        for (size_t i = 0; i < r->calls_count; i++) {
            const struct call_count *c = &r->calls[i];
            const bool child = c->proc < 0 || r->procs[c->proc].pid != c->pid;
            if (child == children && (q->m.proc < 0 || c->proc == q->m.proc))
                buffer_print(&b, "%d %s %llu\n", c->pid, calls_kind_name(c->kind),
                             (unsigned long long)c->count);
        }
    answer(r, q, r->w->witness ? 0 : ENOSYS, 0, 0, b.data);
    buffer_free(&b);
}

static void flows(struct run *r, const struct request *q)
{
    struct buffer b = {0};
    buffer_add(&b, "", 0);
    for (size_t i = 0; i < r->flows_count; i++) {
        const struct flow *f = &r->flows[i];
        if (q->m.proc >= 0 && f->proc != q->m.proc)
            continue;
        buffer_print(&b, "%d %s ", f->pid, f->write ? "write" : "read");
        word_encode(&b, f->object);
        buffer_add(&b, "\n", 1);
    }
    answer(r, q, r->w->witness ? 0 : ENOSYS, 0, 0, b.data);
    buffer_free(&b);
}

static void faults(struct run *r, const struct request *q)
{
    struct buffer b = {0};
    buffer_add(&b, "", 0);
    inject_list(r, q->m.proc, &b);
    answer(r, q, 0, (int64_t)inject_count(r, q->m.proc), 0, b.data);
    buffer_free(&b);
}

static void explain(struct run *r, const struct request *q)
{
    struct verdict v;
    postmortem(r, &v);
    char *text = xformat("%s\n%s\n%s\n", v.kind, v.cause, v.sentence);
    answer(r, q, 0, 0, 0, text);
    free(text);
}

static void state(struct run *r, const struct request *q)
{
    struct buffer b = {0};
    buffer_add(&b, "", 0);
    postmortem_state(r, &b);
    answer(r, q, 0, 0, 0, b.data);
    buffer_free(&b);
}

static void record(struct run *r, const struct request *q)
{
    if (++r->records == 1) {
        r->recorded_ns = now_ns();
        for (int i = 0; i < r->procs_count; i++)
            r->procs[i].outlives = !r->procs[i].ended;
        struct buffer b = {0};
        json_begin(&b, "record", warden_ms(r->w));
        json_text(&b, "id", r->e->id);
        json_text(&b, "record", q->payload);
        r->e->passed = strncmp(q->payload, "{\"status\":\"pass\"", 16) == 0;
        r->e->failed = strncmp(q->payload, "{\"status\":\"fail\"", 16) == 0;
        warden_event(r->w, &b);
        leftovers_note(r);
    } else {
        r->e->passed = r->e->failed = false;
    }
    answer(r, q, 0, 0, 0, "");
}

static void dispatch(struct run *r, struct request *q)
{
    if (q->m.op != CTL_IDLE)
        r->idle_seq = 0; /* it does something, so it does not wait */
    switch (q->m.op) {
    case CTL_HELLO:
        hello(r, q);
        break;
    case CTL_SPAWN:
        spawn(r, q);
        break;
    case CTL_SIGNAL:
        send_signal(r, q);
        break;
    case CTL_WAIT:
        if (named(r, q))
            add_waiter(r, q, "", "", 0, false, 0);
        break;
    case CTL_BLOCKED:
        wait_blocked(r, q);
        break;
    case CTL_FDS:
        fds(r, q);
        break;
    case CTL_LEFT:
        left(r, q);
        break;
    case CTL_CHILDREN:
        children(r, q);
        break;
    case CTL_CALLS:
        calls(r, q);
        break;
    case CTL_FLOWS:
        flows(r, q);
        break;
    case CTL_STATE:
        state(r, q);
        break;
    case CTL_IDLE:
        r->idle_seq = q->m.seq;
        r->now.valid = false;
        r->next_look_ns = now_ns();
        break;
    case CTL_EXPLAIN:
        explain(r, q);
        break;
    case CTL_RECORD:
        record(r, q);
        break;
    case CTL_FAULTS:
        faults(r, q);
        break;
    case CTL_HELD:
        if (q->m.proc < r->procs_count)
            add_waiter(r, q, "", "", 0, false, 0);
        else
            answer(r, q, ESRCH, 0, 0, "");
        break;
    case CTL_RELEASE:
        answer(r, q, 0, inject_release(r, q->m.proc), 0, "");
        break;
    default:
        answer(r, q, ENOSYS, 0, 0, "");
    }
}

/* Receives one datagram; false at end-of-file or with nothing to read. */
static bool receive(struct run *r, struct request *q, char *room)
{
    char control[CMSG_SPACE(CTL_FDS_MAX * sizeof(int))];
    struct iovec parts[2] = {{&q->m, sizeof q->m}, {room, CTL_MESSAGE_MAX}};
    struct msghdr h = {
        .msg_iov = parts, .msg_iovlen = 2, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(r->control, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (n <= 0) {
        close_fd(&r->control);
        return false;
    }
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        q->fds_count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(q->fds, CMSG_DATA(c), q->fds_count * sizeof(int));
    }
    size_t length = (size_t)n < sizeof q->m ? 0 : (size_t)n - sizeof q->m;
    room[length] = '\0';
    q->payload = room;
    bool sound = (size_t)n >= sizeof q->m && length == q->m.length && strlen(room) == length &&
                 !(h.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
    if (!sound)
        q->m.op = 0; /* answered with ENOSYS */
    return true;
}

void control_serve(struct run *r)
{
    static char room[CTL_MESSAGE_MAX + 1];
    struct request q = {0};
    if (!receive(r, &q, room))
        return;
    dispatch(r, &q);
    for (size_t i = 0; i < q.fds_count; i++)
        close(q.fds[i]);
}

/* Who is blocked as the waiter wants; 0 nobody. *error: nobody will be, as the judge lets that be told. */
static pid_t find_blocked(struct run *r, const struct waiter *w, int *error)
{
    pid_t tree[TASKS_MAX];
    const size_t n = awaited(r, w, tree, ARRAY_SIZE(tree));
    bool sleeps = false;
    *error = 0;
    for (size_t i = 0; i < n; i++) {
        if (blocked_process_matches(&r->w->access, tree[i], w->class, w->object))
            return tree[i];
        sleeps |= w->cpu_ticks && blocked_process_matches(&r->w->access, tree[i], "sleep", "");
    }
    if (w->cpu_ticks)
        *error = n == 0 ? ESRCH : sleeps || cpu_ticks_of(r, w) >= w->cpu_ticks ? EBUSY : 0;
    return 0;
}

/* True if the waiter has its answer. */
static bool check_waiter(struct run *r, const struct waiter *w)
{
    if (w->op == CTL_WAIT && r->procs[w->proc].ended) {
        control_answer(r, w->op, w->seq, 0, r->procs[w->proc].status, 0, "");
        return true;
    }
    if (w->op == CTL_HELD) {
        const pid_t held = inject_held(r, w->proc);
        if (held || !witness_watches(r, w->proc)) {
            control_answer(r, w->op, w->seq, held ? 0 : ESRCH, held, 0, "");
            return true;
        }
    }
    if (w->op == CTL_BLOCKED && w->forever) {
        struct proc_stat st;
        const bool lives = is_students(r, w->forever) && proc_stat(w->forever, &st) && st.state != 'Z';
        if (!lives || blocked_for_ever(&r->w->access, w->forever, w->object)) {
            control_answer(r, w->op, w->seq, lives ? 0 : ESRCH, w->forever, 0, "");
            return true;
        }
    } else if (w->op == CTL_BLOCKED) {
        int error;
        const pid_t pid = find_blocked(r, w, &error);
        if (pid || error) {
            control_answer(r, w->op, w->seq, error, pid, 0, "");
            return true;
        }
    }
    if (now_ns() < w->deadline_ns)
        return false;
    control_answer(r, w->op, w->seq, ETIMEDOUT, 0, 0, "");
    return true;
}

void control_check_waiters(struct run *r)
{
    for (size_t i = 0; i < r->waiters_count;) {
        if (check_waiter(r, &r->waiters[i])) {
            r->idle_seq = 0;
            r->waiters[i] = r->waiters[--r->waiters_count];
        } else {
            i++;
        }
    }
}
