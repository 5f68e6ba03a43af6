/*
 * Calls the buffer's functions for the judge: in this process, which makes the buffers, and in actors,
 * processes that it forks. Each actor asks the judge over a channel of its own what to do next; so the judge
 * decides who does what in which order, and the kernel tells it who asks.
 *
 * No item is known here before the judge sends it. Nothing that these processes say is trusted: they share
 * their memory with a student's code.
 */
#define _GNU_SOURCE
#include "driver.h"

#include "buffer.h"
#include "tests/public/orders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static bb *buffers[BUFFERS];
static pid_t actors[ACTORS];
static bool gone[ACTORS]; /* their channels: closed in this process and those that it forks from now on */
static int64_t taken[TAKE_MAX]; /* no heap: memcheck would list it */

static const int64_t untouched = INT64_C(0x5aa5c33c5aa5c33c);

/* ---- the calls --------------------------------------------------------------------------------- */

static struct said_head put(bb *b, int64_t value, int64_t count)
{
    struct said_head h = {.what = REPORT};
    for (; h.count < count; h.count++) {
        errno = 0;
        h.returned = bb_put(b, (int64_t)((uint64_t)value + (uint64_t)h.count));
        h.error = errno;
        if (h.returned != 0)
            break;
    }
    return h;
}

static struct said_head get(bb *b, int64_t count)
{
    struct said_head h = {.what = REPORT};
    for (; h.count < count && h.count < TAKE_MAX; h.count++) {
        int64_t item = untouched;
        errno = 0;
        h.returned = bb_get(b, &item);
        h.error = errno;
        if (h.returned != 1) {
            h.touched = item != untouched;
            break;
        }
        taken[h.count] = item;
    }
    return h;
}

static struct said_head get_the_end(bb *b, int64_t count)
{
    struct said_head h = {.what = REPORT};
    for (; h.count < count; h.count++) {
        int64_t item = untouched;
        errno = 0;
        h.returned = bb_get(b, &item);
        h.error = errno;
        h.touched |= h.returned != 1 && item != untouched;
        if (h.returned != 0)
            break;
    }
    return h;
}

static struct said_head carry_out(const struct order *o)
{
    struct said_head h = {.what = REPORT};
    bb *b = buffers[o->buffer];
    errno = 0;
    switch (o->what) {
    case PUT:
        return put(b, o->value, o->count);
    case GET:
        return get(b, o->count);
    case END:
        return get_the_end(b, o->count);
    case DONE:
        h.returned = bb_done(b);
        h.error = errno;
        return h;
    default:
        _exit((int)o->value);
    }
}

/* ---- actors ------------------------------------------------------------------------------------ */

/* A judge that is gone looks at nothing any more. */
static void send_items(int64_t count)
{
    struct {
        struct said_head head;
        int64_t items[CHUNK];
    } m;
    for (int64_t at = 0; at < count; at += m.head.count) {
        m.head = (struct said_head){.what = ITEMS, .count = count - at < CHUNK ? count - at : CHUNK};
        const size_t size = (size_t)m.head.count * sizeof *m.items;
        memcpy(m.items, taken + at, size);
        if (send(TD_BACK_FD, &m, sizeof m.head + size, MSG_NOSIGNAL) < 0)
            _exit(125);
    }
}

static _Noreturn void be_actor(int number)
{
    struct order o;
    struct said_head h = {.what = READY};
    dup2(ACTOR_FD + number, TD_BACK_FD);
    fcntl(TD_BACK_FD, F_SETFD, FD_CLOEXEC);
    /* The judge sees by the end of a channel that its actor has ended: nobody else may hold it. */
    for (int i = 0; i < ACTORS; i++)
        if (!gone[i])
            close(ACTOR_FD + i);
    close(TD_LINK_FD);
    while (td_ask_judge(&h, sizeof h, &o, sizeof o) == sizeof o) {
        h = carry_out(&o);
        if (o.what == GET)
            send_items(h.count);
    }
    _exit(125);
}

/* Those that are left when the test is over, perhaps because it has failed, end with this process. */
static void end_actors(void)
{
    for (int i = 0; i < ACTORS; i++) {
        if (actors[i] <= 0)
            continue;
        kill(actors[i], SIGKILL);
        waitpid(actors[i], NULL, 0);
    }
}

/* in: an actor's number. out: its pid. */
static void call_start(td_msg *in, td_msg *out)
{
    static bool again;
    const int number = (int)td_get_int(in);
    if (!again)
        atexit(end_actors);
    again = true;
    const pid_t pid = fork();
    if (pid == 0)
        be_actor(number);
    close(ACTOR_FD + number);
    gone[number] = true;
    actors[number] = pid;
    td_put_int(out, pid);
}

/* in: an actor's number. Waits for its end. out: its wait status, -1 if it was not to be had. */
static void call_reap(td_msg *in, td_msg *out)
{
    int status;
    const int64_t number = td_get_int(in);
    const pid_t pid = actors[number];
    actors[number] = 0;
    td_put_int(out, waitpid(pid, &status, 0) == pid ? status : -1);
}

/* ---- in this process --------------------------------------------------------------------------- */

/* in: which buffer, cap, producers. out: 1 if there is one now; errno. */
static void call_create(td_msg *in, td_msg *out)
{
    const int64_t which = td_get_int(in), cap = td_get_int(in), producers = td_get_int(in);
    errno = 0;
    buffers[which] = bb_create((size_t)cap, (int)producers);
    const int error = errno;
    td_put_int(out, buffers[which] != NULL);
    td_put_int(out, error);
}

/* in: which buffer. out: what bb_destroy returned; errno. */
static void call_destroy(td_msg *in, td_msg *out)
{
    const int64_t which = td_get_int(in);
    errno = 0;
    td_put_int(out, bb_destroy(buffers[which]));
    td_put_int(out, errno);
    buffers[which] = NULL;
}

/* in: an order. out: the report; the items as bytes. */
static void call_self(td_msg *in, td_msg *out)
{
    struct order o;
    o.what = td_get_int(in);
    o.buffer = td_get_int(in);
    o.value = td_get_int(in);
    o.count = td_get_int(in);
    const struct said_head h = carry_out(&o);
    td_put_int(out, h.returned);
    td_put_int(out, h.error);
    td_put_int(out, h.count);
    td_put_int(out, h.touched);
    td_put_bytes(out, taken, o.what == GET ? (size_t)h.count * sizeof *taken : 0);
}

/* in: which buffer, how many rounds, the first item, how many items before that are in the buffer. Each round
 * puts one in and takes one out. out: how many rounds went well; what bb_put, bb_get returned last; the item
 * that came last. */
static void call_rounds(td_msg *in, td_msg *out)
{
    bb *b = buffers[td_get_int(in)];
    const int64_t rounds = td_get_int(in), first = td_get_int(in), older = td_get_int(in);
    int64_t i = 0, put_said = 0, get_said = 1, item = 0;
    for (; i < rounds; i++) {
        put_said = bb_put(b, first + i);
        if (put_said != 0)
            break;
        get_said = bb_get(b, &item);
        if (get_said != 1 || item != first + i - older)
            break;
    }
    td_put_int(out, i);
    td_put_int(out, put_said);
    td_put_int(out, get_said);
    td_put_int(out, item);
}

/* How many mappings of shared memory this process has. No stdio: it would take memory from the heap. */
static int64_t shared_mappings(void)
{
    static char text[1 << 18];
    size_t size = 0;
    ssize_t n;
    int64_t count = 0;
    const int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (n = read(fd, text + size, sizeof text - 1 - size)) > 0)
        size += (size_t)n;
    close(fd);
    text[size] = '\0';
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        const char *mode = memchr(line, ' ', (size_t)(end - line));
        count += mode && mode + 4 < end && mode[4] == 's';
    }
    return count;
}

/* How many names the working directory has. */
static int64_t files_here(void)
{
    int64_t count = 0;
    DIR *here = opendir(".");
    while (here && readdir(here))
        count++;
    if (here)
        closedir(here);
    return count;
}

/* out: shared mappings of this process; files in the working directory. */
static void call_look(td_msg *in, td_msg *out)
{
    (void)in;
    td_put_int(out, shared_mappings());
    td_put_int(out, files_here());
}

/* From now on no descriptor is left: the first one that is free is not allowed. out: 1 if that is so. */
static void call_use_up_descriptors(td_msg *in, td_msg *out)
{
    (void)in;
    struct rlimit limit;
    const int free_one = dup(STDIN_FILENO);
    if (free_one >= 0)
        close(free_one);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = (rlim_t)free_one;
    setrlimit(RLIMIT_NOFILE, &limit);
    td_put_int(out, free_one >= 0 && dup(STDIN_FILENO) < 0 && errno == EMFILE);
}

TD_DRIVER({"create", call_create}, {"destroy", call_destroy}, {"start", call_start}, {"reap", call_reap},
          {"self", call_self}, {"rounds", call_rounds}, {"look", call_look},
          {"use_up_descriptors", call_use_up_descriptors})
