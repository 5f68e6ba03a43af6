/*
 * The other side of the FIFOs: a program of the tests that has the student's rights, as the judge may neither
 * open a FIFO of mode 0600 nor look into the working directory. It does what the judge tells it on stdin, one
 * system call or two at a time, and says on stdout what came of it. It knows nothing itself.
 *
 *     command  COMMAND SLOT FLAGS SIZE PATH\n   and then SIZE bytes of data
 *     answer   ERROR SIZE\n                     and then SIZE bytes; ERROR is "ok", or a name of errno(3)
 *
 * SLOT is a number that the judge gives to an open file. FLAGS: of open r, w, rw, and n for O_NONBLOCK; of
 * fifo the mode. With the arguments `umask MODE PROGRAM ARG...` it becomes that program, under that umask.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOTS    64
#define DATA_MAX (1 << 20)

struct order {
    char command[16], flags[16], path[4200];
    int slot;
    size_t size;
};

static int slots[SLOTS];
static char data[DATA_MAX];

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "tester: %s: %s\n", what, strerror(errno));
    exit(120);
}

/* ---- answers ----------------------------------------------------------------------------------- */

static void say(const char *error, const void *bytes, size_t size)
{
    printf("%s %zu\n", error, size);
    if (fwrite(bytes, 1, size, stdout) != size || fflush(stdout) != 0)
        fail("stdout");
}

/* What a call returned; `result` is data, if it went well. */
static void say_result(ssize_t returned, const void *bytes, size_t size)
{
    if (returned < 0)
        say(strerrorname_np(errno), "", 0);
    else
        say("ok", bytes, size);
}

static void say_text(const char *format, ...)
{
    char text[4200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say("ok", text, strlen(text));
}

/* ---- commands ---------------------------------------------------------------------------------- */

static void do_open(const struct order *o)
{
    int flags = strchr(o->flags, 'w') ? strchr(o->flags, 'r') ? O_RDWR : O_WRONLY : O_RDONLY;
    if (strchr(o->flags, 'n'))
        flags |= O_NONBLOCK;
    slots[o->slot] = open(o->path, flags | O_CLOEXEC);
    say_result(slots[o->slot], "", 0);
}

/* Waits until there is something, or the last writer has gone: no bytes. A writer that has not come yet is
 * waited for, though read(2) would not. */
static void do_read(const struct order *o)
{
    struct pollfd wait = {.fd = slots[o->slot], .events = POLLIN};
    ssize_t n;
    do {
        if (poll(&wait, 1, -1) < 0)
            fail("poll");
        n = read(wait.fd, data, (size_t)atol(o->flags));
    } while (n < 0 && errno == EAGAIN);
    say_result(n, data, n < 0 ? 0 : (size_t)n);
}

/* What is there now, without waiting. */
static void do_peek(const struct order *o)
{
    struct pollfd wait = {.fd = slots[o->slot], .events = POLLIN};
    ssize_t n = 0;
    if (poll(&wait, 1, 0) > 0)
        n = read(wait.fd, data, sizeof data);
    say_result(n, data, n < 0 ? 0 : (size_t)n);
}

static pid_t helper; /* opens a reply FIFO that its client may open only later, or never */

static void end_helper(void)
{
    if (helper > 0) {
        kill(helper, SIGKILL);
        waitpid(helper, NULL, 0);
    }
    helper = 0;
}

/* In a process of its own, as open() may wait for ever: until the next order. */
static void answer_later(const char *request, size_t size, size_t reply_size)
{
    const char *blank = memchr(request, ' ', size);
    if (!blank || (helper = fork()) != 0)
        return;
    char path[4200];
    snprintf(path, sizeof path, "%.*s", (int)(blank - request), request);
    int reply = open(path, O_WRONLY | O_CLOEXEC);
    _exit(reply >= 0 && write(reply, data, reply_size) == (ssize_t)reply_size ? 0 : 1);
}

/* Receives a request, however long, and answers it with the data. Ends before that when there is a new order.
 * Says what has come. */
static void do_serve(const struct order *o)
{
    static char request[DATA_MAX];
    struct pollfd wait[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
                             {.fd = slots[o->slot], .events = POLLIN}};
    size_t size = 0;
    while (size == 0 || request[size - 1] != '\n') {
        if (poll(wait, 2, -1) < 0)
            fail("poll");
        if (!wait[1].revents) {
            say("ok", request, size);
            return;
        }
        ssize_t n = read(wait[1].fd, request + size, sizeof request - size);
        size += n < 0 ? 0 : (size_t)n;
    }
    answer_later(request, size, o->size);
    say("ok", request, size);
}

static void do_write(const struct order *o)
{
    ssize_t n = write(slots[o->slot], data, o->size);
    say_result(n == (ssize_t)o->size ? n : -1, "", 0);
}

/* "fifo 600", "file 644", "folder 755", "other 600", and the number by which the kernel knows it. */
static void do_look(const struct order *o)
{
    struct stat s;
    if (lstat(o->path, &s) < 0) {
        say_result(-1, "", 0);
        return;
    }
    const char *kind = S_ISFIFO(s.st_mode)  ? "fifo"
                       : S_ISREG(s.st_mode) ? "file"
                       : S_ISDIR(s.st_mode) ? "folder"
                                            : "other";
    say_text("%s %o %ju:%ju", kind, s.st_mode & 07777, (uintmax_t)s.st_dev, (uintmax_t)s.st_ino);
}

static void do_look_at_slot(const struct order *o)
{
    struct stat s;
    if (fstat(slots[o->slot], &s) < 0)
        fail("fstat");
    say_text("%ju:%ju", (uintmax_t)s.st_dev, (uintmax_t)s.st_ino);
}

static void do_file(const struct order *o)
{
    int fd = open(o->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    ssize_t n = fd < 0 ? -1 : write(fd, data, o->size);
    close(fd);
    say_result(n, "", 0);
}

static void do_content(const struct order *o)
{
    int fd = open(o->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, data, sizeof data);
    close(fd);
    say_result(n, data, n < 0 ? 0 : (size_t)n);
}

static int is_listed(const struct dirent *e)
{
    return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

/* The names in a folder, in order, each with a newline. */
static void do_list(const struct order *o)
{
    struct dirent **names;
    size_t size = 0;
    int n = scandir(o->path, &names, is_listed, alphasort);
    for (int i = 0; i < n; i++)
        size += (size_t)snprintf(data + size, sizeof data - size, "%s\n", names[i]->d_name);
    say_result(n, data, size);
}

static void do_where(const struct order *o)
{
    char path[4200] = "";
    (void)o;
    const int got = getcwd(path, sizeof path) ? 0 : -1;
    say_result(got, path, strlen(path));
}

static void do_close(const struct order *o)
{
    say_result(close(slots[o->slot]), "", 0);
}

static void do_fifo(const struct order *o)
{
    say_result(mkfifo(o->path, (mode_t)strtol(o->flags, NULL, 8)), "", 0);
}

static void do_folder(const struct order *o)
{
    say_result(mkdir(o->path, 0755), "", 0);
}

static void do_unlink(const struct order *o)
{
    say_result(unlink(o->path), "", 0);
}

static const struct {
    const char *name;
    void (*carry_out)(const struct order *o);
} commands[] = {{"open", do_open},     {"read", do_read},         {"serve", do_serve},
                {"peek", do_peek},     {"write", do_write},       {"close", do_close},
                {"look", do_look},     {"slot", do_look_at_slot}, {"fifo", do_fifo},
                {"file", do_file},     {"content", do_content},   {"folder", do_folder},
                {"unlink", do_unlink}, {"list", do_list},         {"where", do_where}};

static void carry_out(const struct order *o)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, o->command) == 0) {
            commands[i].carry_out(o);
            return;
        }
    }
    fail(o->command);
}

static void become(char **argv)
{
    umask((mode_t)strtol(argv[0], NULL, 8));
    execv(argv[1], argv + 1);
    fail(argv[1]);
}

int main(int argc, char **argv)
{
    struct order o;
    if (argc > 3 && strcmp(argv[1], "umask") == 0)
        become(argv + 2);
    signal(SIGPIPE, SIG_IGN);
    umask(0);
    setvbuf(stdin, NULL, _IONBF, 0); /* a new order is seen by poll() */
    while (scanf("%15s %d %15s %zu %4199[^\n]", o.command, &o.slot, o.flags, &o.size, o.path) == 5) {
        if (getchar() != '\n' || o.slot < 0 || o.slot >= SLOTS || o.size > sizeof data ||
            fread(data, 1, o.size, stdin) != o.size)
            fail("an order that makes no sense");
        end_helper();
        carry_out(&o);
    }
    end_helper();
    return 0;
}
