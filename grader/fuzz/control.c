/*
 * Requests on the control socket (warden/control.c): the input becomes datagrams, with descriptors, on a
 * real socket pair, and control_serve reads them with a run of four processes at hand. What it asks of the
 * kernel and of the rest of warden is answered here; what it would have done is checked.
 */
#include "fuzz.h"

#include <signal.h>
#include <sys/types.h>

static int fuzz_kill(pid_t pid, int number);
#define kill fuzz_kill
#include "../warden/control.c"
#undef kill

#include <fcntl.h>

enum { PROCS = 4, FIRST_PID = 700000, DATAGRAMS_MAX = 12 };

static struct warden warden;
static struct run run;
static struct process procs[PROCS];
static struct entry entry;
static uint8_t mood; /* what the rest of warden says of the same things */

static bool is_known(pid_t pid)
{
    return pid >= FIRST_PID && pid < FIRST_PID + 2 * PROCS;
}

/* ---- the rest of warden */

static int fuzz_kill(pid_t pid, int number)
{
    FUZZ_CHECK(is_known(pid)); /* never 0, -1, a group, or anybody else */
    return number < 0 ? -1 : 0;
}

size_t run_tree(const struct run *r, pid_t *list, size_t room)
{
    size_t n = 0;
    (void)r;
    for (; n < 2 * PROCS && n < room; n++)
        list[n] = FIRST_PID + (pid_t)n;
    return n;
}

struct process *run_process(struct run *r, pid_t pid)
{
    FUZZ_CHECK(is_known(pid));
    return pid < FIRST_PID + PROCS ? &r->procs[pid - FIRST_PID] : NULL;
}

const char *run_role(struct run *r, pid_t pid, char *text, size_t room)
{
    (void)r;
    snprintf(text, room, "a child of pump, %d", pid);
    return text;
}

void run_finding_begin(struct run *r, struct buffer *b, const char *kind, const char *cause)
{
    json_begin(b, "finding", 1);
    json_text(b, "id", r->e->id);
    json_text(b, "kind", kind);
    json_text(b, "cause", cause);
    json_open(b, "args", '{');
}

double warden_ms(const struct warden *w)
{
    (void)w;
    return 1;
}

void warden_event(struct warden *w, struct buffer *b)
{
    FUZZ_CHECK(w == &warden);
    json_end(b);
    FUZZ_CHECK(!memchr(b->data, '\n', b->size - 1) && fuzz_is_json(b->data, b->size - 1));
    buffer_free(b);
}

char *launch_path(const struct run *r, const char *name, bool *peer)
{
    (void)r;
    *peer = false;
    return xformat("/work/bin/%s", name);
}

static void check_wish(const int *fds, const int *numbers, size_t fds_count, const struct spawn_wish *wish)
{
    FUZZ_CHECK(fds_count <= CTL_FDS_MAX + 3 && wish->faults_count <= FAULTS_MAX);
    for (size_t i = 0; i < fds_count; i++) {
        FUZZ_CHECK(numbers[i] >= 0 && numbers[i] <= 255);
        FUZZ_CHECK(fds[i] == LAUNCH_NULL || fds[i] == -1 || fcntl(fds[i], F_GETFD) >= 0);
    }
    for (size_t i = 0; i < wish->faults_count; i++)
        FUZZ_CHECK(wish->faults[i].numbers_count && strlen(wish->faults[i].text));
}

struct process *launch_program(struct run *r, const char *program, char **args, size_t args_count, char **env,
                               const int *fds, const int *numbers, size_t fds_count,
                               const struct spawn_wish *wish)
{
    fuzz_touch(program, strlen(program));
    FUZZ_CHECK(args_count < WORDS_MAX + 1);
    for (size_t i = 0; i < args_count; i++)
        fuzz_touch(args[i], strlen(args[i]));
    for (size_t i = 0; i < WORDS_MAX && env[i]; i++)
        fuzz_touch(env[i], strlen(env[i]));
    check_wish(fds, numbers, fds_count, wish);
    errno = ENOENT;
    return mood & 1 ? &r->procs[0] : NULL;
}

bool proc_stat(pid_t pid, struct proc_stat *st)
{
    FUZZ_CHECK(is_known(pid));
    *st = (struct proc_stat){.state = mood & 2 ? 'Z' : 'S', .cpu_ticks = mood, .name = "a) \n%"};
    return mood & 4;
}

size_t proc_descendants(pid_t pid, pid_t *list, size_t room)
{
    FUZZ_CHECK(is_known(pid) && room);
    list[0] = FIRST_PID + PROCS;
    return 1;
}

size_t proc_children(pid_t pid, pid_t *list, size_t room)
{
    return proc_descendants(pid, list, room);
}

ssize_t proc_fds(const struct proc_access *a, pid_t pid, struct proc_fd *list, size_t room)
{
    (void)a;
    FUZZ_CHECK(is_known(pid) && room);
    list[0] = (struct proc_fd){3, true, false, "/tmp/a b\n\xff%"};
    return 1;
}

bool proc_fd_object(const struct proc_access *a, pid_t pid, int fd, char *object, size_t room)
{
    (void)a;
    FUZZ_CHECK(is_known(pid));
    snprintf(object, room, "pipe:[%d]\xff", fd);
    return mood & 8;
}

bool blocked_process_matches(const struct proc_access *a, pid_t pid, const char *class, const char *object)
{
    (void)a;
    fuzz_touch(class, strlen(class));
    fuzz_touch(object, strlen(object));
    FUZZ_CHECK(is_known(pid));
    return mood & 16;
}

bool blocked_for_ever(const struct proc_access *a, pid_t pid, const char *but)
{
    return blocked_process_matches(a, pid, "", but);
}

void inject_list(const struct run *r, int proc, struct buffer *b)
{
    (void)r;
    buffer_print(b, "1 2 read %d\n", proc);
}

uint64_t inject_count(const struct run *r, int proc)
{
    (void)r;
    return (uint64_t)(proc < 0);
}

pid_t inject_held(const struct run *r, int proc)
{
    (void)r;
    FUZZ_CHECK(proc < PROCS);
    return mood & 32 ? FIRST_PID : 0;
}

int inject_release(struct run *r, int proc)
{
    (void)r;
    return proc < 0;
}

bool witness_watches(const struct run *r, int proc)
{
    (void)r;
    FUZZ_CHECK(proc < PROCS);
    return mood & 64;
}

bool observe_unwaited(struct run *r, struct process *p, pid_t child)
{
    FUZZ_CHECK(p >= r->procs && p < r->procs + PROCS);
    return child == FIRST_PID;
}

bool descriptors_tell_uses(struct run *r, pid_t pid)
{
    (void)r;
    return pid == FIRST_PID;
}

site_id descriptors_site(const struct run *r, pid_t pid, int fd, const char *object)
{
    (void)r;
    (void)fd;
    FUZZ_CHECK(is_known(pid) && *object);
    return 1;
}

void json_site(struct run *r, struct buffer *b, const char *key, site_id site)
{
    (void)r;
    json_int(b, key, site);
}

void leftovers_note(struct run *r)
{
    (void)r;
}

void postmortem(struct run *r, struct verdict *v)
{
    (void)r;
    *v = (struct verdict){"hang", "still_running", "pump runs"};
}

void postmortem_state(struct run *r, struct buffer *b)
{
    (void)r;
    buffer_print(b, "pid 7 (pump) runs\n");
}

/* ---- the judge */

static void fresh_run(int control)
{
    memset(procs, 0, sizeof procs);
    for (int i = 0; i < PROCS; i++)
        procs[i] = (struct process){
            .number = i, .pid = FIRST_PID + i, .ended = i == PROCS - 1, .program = (char *)"pump"};
    warden.witness = mood & 1;
    entry = (struct entry){.id = (char *)"t", .name = (char *)"a test%", .pass = (char *)"plain", .slow = 1};
    static struct call_count calls_seen[1] = {{.pid = FIRST_PID, .proc = 0, .count = 3}};
    static struct flow flows_seen[1] = {{.pid = FIRST_PID, .proc = 1, .object = "pipe:[3]"}};
    run = (struct run){.w = &warden,
                       .e = &entry,
                       .procs = procs,
                       .procs_count = PROCS,
                       .control = control,
                       .wall_end_ns = now_ns() + 1000000000,
                       .calls = calls_seen,
                       .calls_count = 1,
                       .flows = flows_seen,
                       .flows_count = 1};
}

/* Three quarters of the messages are sound in themselves, so that the search is not spent on headers. */
static void send_one(int judge, struct fuzz_input *in)
{
    size_t n;
    const uint8_t shape = fuzz_byte(in), fds = fuzz_byte(in) % 24;
    struct ctl_message m = {
        .op = fuzz_byte(in) % 34, .seq = fuzz_byte(in), .proc = (int8_t)fuzz_byte(in) % 6};
    m.arg = shape & 1 ? FIRST_PID + fuzz_byte(in) % 8 : (int64_t)fuzz_word(in);
    m.arg2 = shape & 2 ? FIRST_PID + fuzz_byte(in) % 8 : (int64_t)fuzz_word(in);
    m.deadline_ns = shape & 4 ? 0 : (int64_t)fuzz_word(in);
    n = fuzz_byte(in) | (size_t)(fuzz_byte(in) & 7) << 8;
    n = n < in->size ? n : in->size;
    m.length = (uint32_t)n + (shape >> 6 == 3 ? fuzz_byte(in) : 0);
    n = n < in->size ? n : in->size;
    struct iovec parts[2] = {{&m, shape >> 6 == 2 ? shape % sizeof m : sizeof m}, {(void *)in->data, n}};
    _Alignas(struct cmsghdr) char room[CMSG_SPACE(24 * sizeof(int))] = {0};
    struct msghdr h = {.msg_iov = parts, .msg_iovlen = 2};
    if (fds) {
        h.msg_control = room;
        h.msg_controllen = CMSG_SPACE(fds * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&h);
        *c = (struct cmsghdr){CMSG_LEN(fds * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
        for (size_t i = 0; i < fds; i++)
            memcpy(CMSG_DATA(c) + i * sizeof(int), &judge, sizeof(int));
    }
    FUZZ_CHECK(sendmsg(judge, &h, MSG_DONTWAIT) >= 0);
    in->data += n;
    in->size -= n;
}

static void hear_answers(int judge)
{
    static char text[CTL_MESSAGE_MAX + 1];
    struct ctl_message m;
    ssize_t n;
    while ((n = recv(judge, text, sizeof text, MSG_DONTWAIT)) > 0) {
        FUZZ_CHECK((size_t)n >= sizeof m && (size_t)n <= CTL_MESSAGE_MAX);
        memcpy(&m, text, sizeof m);
        FUZZ_CHECK(m.length == (size_t)n - sizeof m && m.reserved == 0 && m.error >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    int ends[2];
    mood = fuzz_byte(&in);
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    fresh_run(ends[0]);
    for (int i = 0; i < DATAGRAMS_MAX && in.size && run.control >= 0; i++) {
        send_one(ends[1], &in);
        control_serve(&run);
        control_check_waiters(&run);
        FUZZ_CHECK(run.waiters_count <= ARRAY_SIZE(run.waiters) && run.procs_count == PROCS);
        hear_answers(ends[1]);
    }
    close(ends[0]);
    close(ends[1]);
    const int free_number = dup(STDERR_FILENO); /* the lowest: descriptors that came were closed again */
    FUZZ_CHECK(free_number == ends[0]);
    close(free_number);
    fuzz_forget();
    return 0;
}
