/*
 * Calls the functions of mailbox.h for the judge, in a process that has nothing to do with the others: the
 * judge starts one of these for each sender and receiver.
 *
 * Before a call that may wait, it says on the back channel that the call begins. So the judge can tell a
 * process that waits in the call from one that waits for what the judge says next.
 *
 * Nothing that this process says is trusted: it shares its memory with a student's code.
 */
#define _GNU_SOURCE
#include "driver.h"

#include "mailbox.h"
#include "tests/public/agreed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MARK 0xa5

static mb *handles[HANDLES];

/* ---- what a call costs ------------------------------------------------------------------------- */

static struct timespec began;
static struct rusage used;

static int64_t microseconds(struct timeval t)
{
    return t.tv_sec * INT64_C(1000000) + t.tv_usec;
}

static void begin(void)
{
    send(TD_BACK_FD, "b", 1, MSG_NOSIGNAL);
    getrusage(RUSAGE_SELF, &used);
    clock_gettime(CLOCK_MONOTONIC, &began);
    errno = 0;
}

/* out: what was returned; errno; microseconds that passed, and of processor time; how often it went to sleep.
 */
static void put_end(td_msg *out, int64_t returned)
{
    const int error = errno;
    struct timespec now;
    struct rusage then = used;
    clock_gettime(CLOCK_MONOTONIC, &now);
    getrusage(RUSAGE_SELF, &used);
    td_put_int(out, returned);
    td_put_int(out, error);
    td_put_int(out, (now.tv_sec - began.tv_sec) * INT64_C(1000000) + (now.tv_nsec - began.tv_nsec) / 1000);
    td_put_int(out, microseconds(used.ru_utime) + microseconds(used.ru_stime) - microseconds(then.ru_utime) -
                        microseconds(then.ru_stime));
    td_put_int(out, used.ru_nvcsw - then.ru_nvcsw);
}

/* ---- what is sent and received ----------------------------------------------------------------- */

/* A buffer of exactly `size` bytes and the guard; NULL only if there is no memory. */
static unsigned char *new_buffer(size_t size, size_t guard)
{
    unsigned char *buffer = malloc(size + guard ? size + guard : 1);
    if (!buffer)
        exit(119);
    memset(buffer, MARK, size + guard);
    return buffer;
}

/* A copy, so that reading beyond it is seen. */
static unsigned char *copy_of(const void *data, size_t size)
{
    unsigned char *copy = new_buffer(size, 0);
    memcpy(copy, data, size);
    return copy;
}

/* in: the size of the buffer, of the guard, whether the sender is asked for, ms. out: the end; the sender;
 * whether bytes behind the buffer have changed; the bytes that came. */
static void receive(td_msg *in, td_msg *out, mb *m, pid_t from)
{
    const size_t size = (size_t)td_get_int(in), guard = (size_t)td_get_int(in);
    const bool ask = td_get_int(in);
    const int ms = (int)td_get_int(in);
    unsigned char *buffer = new_buffer(size, guard);
    pid_t who = -1;
    bool over = false;
    begin();
    const ssize_t n = m ? mb_recv(m, buffer, size, ask ? &who : NULL, ms)
                        : dm_recv(from, buffer, size, ask ? &who : NULL, ms);
    put_end(out, n);
    for (size_t i = 0; i < guard; i++)
        over |= buffer[size + i] != MARK;
    td_put_int(out, who);
    td_put_int(out, over);
    td_put_bytes(out, buffer, n < 0 ? 0 : (size_t)n < size ? (size_t)n : size);
    free(buffer);
}

/* ---- mailboxes with names ---------------------------------------------------------------------- */

static const char *get_name(td_msg *in)
{
    static char name[64];
    size_t size;
    const char *text = td_get_bytes(in, &size);
    if (size >= sizeof name)
        exit(119);
    memcpy(name, text, size);
    name[size] = '\0';
    return name;
}

static void call_create(td_msg *in, td_msg *out)
{
    const char *name = get_name(in);
    const int cap = (int)td_get_int(in);
    const size_t max = (size_t)td_get_int(in);
    begin();
    put_end(out, mb_create(name, cap, max));
}

static void call_delete(td_msg *in, td_msg *out)
{
    const char *name = get_name(in);
    begin();
    put_end(out, mb_delete(name));
}

/* in: name, where the handle goes. */
static void call_open(td_msg *in, td_msg *out)
{
    const char *name = get_name(in);
    mb **h = &handles[td_get_int(in)];
    begin();
    *h = mb_open(name);
    put_end(out, *h ? 0 : -1);
}

static void call_close(td_msg *in, td_msg *out)
{
    mb **h = &handles[td_get_int(in)];
    begin();
    put_end(out, mb_close(*h));
    *h = NULL;
}

/* in: handle, bytes, ms. */
static void call_send(td_msg *in, td_msg *out)
{
    mb *m = handles[td_get_int(in)];
    size_t size;
    const void *data = td_get_bytes(in, &size);
    const int ms = (int)td_get_int(in);
    unsigned char *copy = copy_of(data, size);
    begin();
    put_end(out, mb_send(m, copy, size, ms));
    free(copy);
}

/* in: handle; as receive. */
static void call_recv(td_msg *in, td_msg *out)
{
    mb *m = handles[td_get_int(in)];
    receive(in, out, m, 0);
}

/* ---- from process to process ------------------------------------------------------------------- */

static void call_dm_open(td_msg *in, td_msg *out)
{
    (void)in;
    begin();
    put_end(out, dm_open());
}

/* in: to whom, bytes, ms. */
static void call_dm_send(td_msg *in, td_msg *out)
{
    const pid_t to = (pid_t)td_get_int(in);
    size_t size;
    const void *data = td_get_bytes(in, &size);
    const int ms = (int)td_get_int(in);
    unsigned char *copy = copy_of(data, size);
    begin();
    put_end(out, dm_send(to, copy, size, ms));
    free(copy);
}

/* in: from whom; as receive. */
static void call_dm_recv(td_msg *in, td_msg *out)
{
    const pid_t from = (pid_t)td_get_int(in);
    receive(in, out, NULL, from);
}

/* Forks a child that does nothing and ends by exit, as any child may. out: 1 if it ended with 0. */
static void call_child_ends(td_msg *in, td_msg *out)
{
    (void)in;
    int status = -1;
    const pid_t pid = fork();
    if (pid == 0)
        exit(0);
    td_put_int(out, pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

/* A child opens a mailbox of its own. out: what dm_open returned, and dm_recv with ms 0. */
static void call_child_opens(td_msg *in, td_msg *out)
{
    (void)in;
    int ends[2];
    int64_t said[2] = {-3, -3};
    static char buffer[MB_MAX];
    if (pipe2(ends, O_CLOEXEC) < 0)
        exit(119);
    const pid_t pid = fork();
    if (pid == 0) {
        said[0] = dm_open();
        said[1] = dm_recv(0, buffer, sizeof buffer, NULL, 0);
        (void)!write(ends[1], said, sizeof said);
        exit(0);
    }
    close(ends[1]);
    (void)!read(ends[0], said, sizeof said);
    close(ends[0]);
    waitpid(pid, NULL, 0);
    td_put_int(out, said[0]);
    td_put_int(out, said[1]);
}

/* ---- a process that ends without exit, and one that gets its pid ---------------------------------- */

#define AGAIN "MAILBOX_DRIVER_AGAIN"

/* What has this program begun again: it has the pid of the process that it was before. It opens its mailbox
 * and says what is in it. */
__attribute__((constructor)) static void begin_again(void)
{
    static char buffer[MB_MAX];
    const char *fd = getenv(AGAIN);
    if (!fd)
        return;
    int64_t said[2] = {-2, -2};
    said[0] = dm_open();
    if (said[0] == 0)
        said[1] = dm_recv(0, buffer, sizeof buffer, NULL, 0);
    (void)!write(atoi(fd), said, sizeof said);
    exit(0);
}

static _Noreturn void open_and_begin_again(int ready, int go, int result)
{
    char word, number[16], *argv[] = {"mailbox", NULL};
    char text[sizeof AGAIN + sizeof number];
    char *environment[] = {text, NULL};
    word = dm_open() == 0 ? 'y' : 'n';
    (void)!write(ready, &word, 1);
    (void)!read(go, &word, 1);
    strcpy(text, AGAIN "=");
    number[0] = (char)('0' + result / 10);
    number[1] = (char)('0' + result % 10);
    number[2] = '\0';
    strcat(text, number);
    execve("/proc/self/exe", argv, environment);
    _exit(118);
}

/* A child opens its mailbox, gets a message, and executes this program. out: what its first dm_open, our
 * dm_send, its second dm_open, and its dm_recv returned. */
static void call_same_pid(td_msg *in, td_msg *out)
{
    (void)in;
    int ready[2], go[2], result[2], status;
    int64_t said[2] = {-3, -3}, sent = -1;
    char word = '?';
    if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0 || pipe(result) < 0 || result[1] > 99)
        exit(119);
    const pid_t pid = fork();
    if (pid == 0)
        open_and_begin_again(ready[1], go[0], result[1]);
    close(ready[1]);
    close(result[1]);
    if (read(ready[0], &word, 1) == 1 && word == 'y')
        sent = dm_send(pid, "old", 3, 0);
    (void)!write(go[1], "g", 1);
    (void)!read(result[0], said, sizeof said);
    waitpid(pid, &status, 0);
    td_put_int(out, word == 'y' ? 0 : -1);
    td_put_int(out, sent);
    td_put_int(out, said[0]);
    td_put_int(out, said[1]);
    close(ready[0]);
    close(go[0]);
    close(go[1]);
    close(result[0]);
}

/* ---- what is left ------------------------------------------------------------------------------ */

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

/* out: shared mappings of this process; names in the working directory. */
static void call_look(td_msg *in, td_msg *out)
{
    (void)in;
    td_put_int(out, shared_mappings());
    td_put_int(out, files_here());
}

TD_DRIVER({"mb_create", call_create}, {"mb_delete", call_delete}, {"mb_open", call_open},
          {"mb_close", call_close}, {"mb_send", call_send}, {"mb_recv", call_recv}, {"dm_open", call_dm_open},
          {"dm_send", call_dm_send}, {"dm_recv", call_dm_recv}, {"child_ends", call_child_ends},
          {"child_opens", call_child_opens}, {"same_pid", call_same_pid}, {"look", call_look})
