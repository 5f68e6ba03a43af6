/*
 * A stage for pipelines, so that what runs in them is the same everywhere. It knows nothing of what a test
 * expects: it does as it is told, and tells what it sees.
 *
 *     stage tell TOKEN               reports (stage.h) on stdout, then copies
 *     stage say TOKEN N              reports, and exits with N at once
 *     stage warn TOKEN               as tell, on stderr
 *     stage save FILE TOKEN          as tell, into a new file
 *     stage arguments TOKEN ARG...   tells each argument, with its length, then copies
 *     stage signals TOKEN            tells which signals are ignored, and which are blocked, then copies
 *     stage state TOKEN              tells environment, working directory and umask, then copies
 *     stage copy                     stdin to stdout, until end-of-file
 *     stage take N                   N bytes of stdin to stdout, and leaves the rest
 *     stage endless                  writes until that fails
 *     stage exit N                   at once
 *     stage kill N                   itself by signal N
 *     stage last N                   reads to the end of stdin, lets all siblings end, exits with N
 *     stage outlive N                lets its reader and all siblings end, exits with N
 *     stage make MODE FILE...        empty files with that mode
 *     stage show FILE                a file to stdout
 *     stage ignoring PROGRAM ARG...  executes it, with SIGPIPE ignored and SIGUSR2 blocked
 *     stage filling N PROGRAM ARG... executes it with N further arguments, the numbers from 1 on
 */
#define _GNU_SOURCE
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "stage: %s: %s\n", what, strerror(errno));
    exit(PEER_FAILED);
}

static void write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0)
            exit(PEER_FAILED); /* nobody reads, or it is no descriptor to write to */
        data += n;
        size -= (size_t)n;
    }
}

/* A stdin that is closed is as good as an empty one. */
static void copy(int to)
{
    static char data[65536];
    ssize_t n;
    while ((n = read(STDIN_FILENO, data, sizeof data)) > 0)
        write_all(to, data, (size_t)n);
}

/* ---- telling ----------------------------------------------------------------------------------------- */

struct text {
    size_t size;
    char data[262144];
};

static void add(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    t->size += (size_t)vsnprintf(t->data + t->size, sizeof t->data - t->size, format, args);
    va_end(args);
    if (t->size >= sizeof t->data) {
        errno = E2BIG;
        give_up("too much to tell");
    }
}

static void add_bytes(struct text *t, const char *what, const char *bytes)
{
    add(t, "%s %zu:", what, strlen(bytes));
    add(t, "%s\n", bytes);
}

/* Without opening anything: that would be a descriptor too, and might have the number that was closed. */
static void add_descriptors(struct text *t)
{
    static const char *const modes[] = {[O_RDONLY] = "r", [O_WRONLY] = "w", [O_RDWR] = "rw"};
    for (int fd = 0; fd < 1024; fd++) {
        char path[40], object[120];
        const int flags = fcntl(fd, F_GETFL);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        const ssize_t n = flags < 0 ? -1 : readlink(path, object, sizeof object - 1);
        if (n >= 0)
            add(t, "fd %d %s %.*s\n", fd, modes[flags & O_ACCMODE], (int)n, object);
    }
}

static void report(struct text *t, const char *token)
{
    add(t, "stage %s %d %d\n", token, (int)getpid(), (int)getppid());
    add_descriptors(t);
    add(t, "end\n");
    if (t->size > REPORT_SIZE) {
        errno = E2BIG;
        give_up("the report");
    }
    memmove(t->data + REPORT_SIZE - t->size, t->data, t->size);
    memset(t->data, ' ', REPORT_SIZE - t->size);
    t->size = REPORT_SIZE;
}

static void tell_arguments(struct text *t, char **args)
{
    size_t count = 0;
    while (args[count])
        count++;
    add(t, "arguments %s %zu\n", args[0], count - 1);
    for (size_t i = 1; i < count; i++)
        add_bytes(t, "arg", args[i]);
    add(t, "end\n");
}

static void tell_signals(struct text *t, const char *token)
{
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    add(t, "signals %s\nignored", token);
    for (int i = 1; i < 32; i++) {
        struct sigaction action;
        if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            add(t, " %d", i);
    }
    add(t, "\nblocked");
    for (int i = 1; i < 32; i++)
        if (sigismember(&mask, i) == 1)
            add(t, " %d", i);
    add(t, "\nend\n");
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void tell_state(struct text *t, const char *token)
{
    char folder[4096];
    size_t count = 0;
    if (!getcwd(folder, sizeof folder))
        give_up("getcwd");
    while (environ[count])
        count++;
    qsort(environ, count, sizeof *environ, compare);
    add(t, "state %s\n", token);
    for (size_t i = 0; i < count; i++)
        add_bytes(t, "env", environ[i]);
    add_bytes(t, "cwd", folder);
    add(t, "umask %03o\nend\n", (unsigned)umask(0));
}

/* ---- ending ------------------------------------------------------------------------------------------- */

/* Until a process has ended; it may be a zombie afterwards. */
static void await(pid_t pid)
{
    const int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (fd < 0 && errno == ESRCH)
        return;
    if (fd < 0 || poll(&p, 1, -1) < 0)
        give_up("waiting for a sibling");
    close(fd);
}

static pid_t parent; /* as it was at the start */

/* All other children that our parent has now. */
static void await_siblings(void)
{
    char path[60], list[4096];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    const int fd = open(path, O_RDONLY);
    const ssize_t n = fd < 0 ? -1 : read(fd, list, sizeof list - 1);
    if (n < 0)
        give_up(path);
    close(fd);
    list[n] = '\0';
    for (char *save = NULL, *word = strtok_r(list, " ", &save); word; word = strtok_r(NULL, " ", &save))
        if (atoi(word) != getpid())
            await((pid_t)atoi(word));
}

static void await_reader_gone(void)
{
    struct pollfd p = {.fd = STDOUT_FILENO, .events = 0}; /* POLLERR comes unasked */
    while (poll(&p, 1, -1) == 1 && !(p.revents & (POLLERR | POLLNVAL)))
        ;
}

static void endless(void)
{
    static char lines[8192];
    for (size_t i = 0; i < sizeof lines; i++)
        lines[i] = i % 2 ? '\n' : 'y';
    for (;;)
        write_all(STDOUT_FILENO, lines, sizeof lines);
}

static void take(size_t count)
{
    static char data[65536];
    while (count > 0) {
        const ssize_t n = read(STDIN_FILENO, data, count < sizeof data ? count : sizeof data);
        if (n <= 0)
            give_up("stdin ended early");
        write_all(STDOUT_FILENO, data, (size_t)n);
        count -= (size_t)n;
    }
}

/* ---- files and programs ------------------------------------------------------------------------------- */

static void make(const char *mode, char **files)
{
    for (; *files; files++) {
        const int fd = open(*files, O_WRONLY | O_CREAT | O_EXCL, (mode_t)strtol(mode, NULL, 8));
        if (fd < 0 || close(fd) < 0)
            give_up(*files);
    }
}

static void show(const char *file)
{
    const int fd = open(file, O_RDONLY);
    if (fd < 0 || dup2(fd, STDIN_FILENO) < 0)
        give_up(file);
    copy(STDOUT_FILENO);
}

static void save(const struct text *t, const char *file)
{
    const int fd = open(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        give_up(file);
    write_all(fd, t->data, t->size);
    copy(fd);
}

static void ignoring(char **command)
{
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR2);
    sigprocmask(SIG_BLOCK, &one, NULL);
    signal(SIGPIPE, SIG_IGN);
    execv(command[0], command);
    give_up(command[0]);
}

static void filling(int count, char **command)
{
    static char words[10000][12];
    size_t at = 0, old = 0;
    while (command[old])
        old++;
    char **all = calloc(old + (size_t)count + 1, sizeof *all);
    if (!all || count < 0 || (size_t)count > sizeof words / sizeof *words)
        give_up("so many arguments");
    for (; at < old; at++)
        all[at] = command[at];
    for (int i = 0; i < count; i++) {
        snprintf(words[i], sizeof words[i], "%d", i + 1);
        all[at++] = words[i];
    }
    execv(all[0], all);
    give_up(all[0]);
}

/* ---- main ------------------------------------------------------------------------------------------------
 */

static struct text text;

static void tell(int fd)
{
    write_all(fd, text.data, text.size);
    copy(fd);
}

/* Those of one argument; false if it is none of them. */
static int do_with_one(const char *what, char *argument)
{
    const int number = atoi(argument);
    if (strcmp(what, "tell") == 0) {
        report(&text, argument);
        tell(STDOUT_FILENO);
    } else if (strcmp(what, "warn") == 0) {
        report(&text, argument);
        tell(STDERR_FILENO);
    } else if (strcmp(what, "signals") == 0) {
        tell_signals(&text, argument);
        tell(STDOUT_FILENO);
    } else if (strcmp(what, "state") == 0) {
        tell_state(&text, argument);
        tell(STDOUT_FILENO);
    } else if (strcmp(what, "take") == 0) {
        take((size_t)number);
    } else if (strcmp(what, "exit") == 0) {
        exit(number);
    } else if (strcmp(what, "kill") == 0) {
        kill(getpid(), number);
        give_up("the signal did not kill");
    } else if (strcmp(what, "last") == 0) {
        char byte[4096];
        while (read(STDIN_FILENO, byte, sizeof byte) > 0)
            ;
        await_siblings();
        exit(number);
    } else if (strcmp(what, "outlive") == 0) {
        await_reader_gone();
        await_siblings();
        exit(number);
    } else if (strcmp(what, "show") == 0) {
        show(argument);
    } else {
        return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    parent = getppid();
    if (strcmp(what, "copy") == 0) {
        copy(STDOUT_FILENO);
    } else if (strcmp(what, "endless") == 0) {
        endless();
    } else if (argc > 2 && strcmp(what, "arguments") == 0) {
        tell_arguments(&text, argv + 2);
        tell(STDOUT_FILENO);
    } else if (argc > 3 && strcmp(what, "say") == 0) {
        report(&text, argv[2]);
        write_all(STDOUT_FILENO, text.data, text.size);
        return atoi(argv[3]);
    } else if (argc > 3 && strcmp(what, "save") == 0) {
        report(&text, argv[3]);
        save(&text, argv[2]);
    } else if (argc > 3 && strcmp(what, "make") == 0) {
        make(argv[2], argv + 3);
    } else if (argc > 3 && strcmp(what, "filling") == 0) {
        filling(atoi(argv[2]), argv + 3);
    } else if (argc > 2 && strcmp(what, "ignoring") == 0) {
        ignoring(argv + 2);
    } else if (argc < 3 || !do_with_one(what, argv[2])) {
        errno = EINVAL;
        give_up(what);
    }
    return 0;
}
