#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Calls that the witness does not watch. fork is a class: ptrace(2) tells of children that were made, not of
 * those that could not be. */
static const struct {
    long number;
    const char *name;
} further[] = {
    {SYS_clone, "fork"},
    {SYS_clone3, "fork"},
#if defined(__x86_64__)
    {SYS_fork, "fork"},
    {SYS_vfork, "fork"},
#endif
    {SYS_execve, "execve"},
    {SYS_mmap, "mmap"},
    {SYS_brk, "brk"},
    {SYS_ftruncate, "ftruncate"},
    {SYS_rt_sigprocmask, "rt_sigprocmask"},
};

/* Functions of the C library whose call has another name. */
static const struct {
    const char *name;
    long number;
} aliases[] = {
    {"accept", SYS_accept},
    {"accept", SYS_accept4},
    {"epoll_wait", SYS_epoll_pwait},
#if defined(__x86_64__)
    {"epoll_wait", SYS_epoll_wait},
#endif
    {"exec", SYS_execve},
    {"mq_receive", SYS_mq_timedreceive},
    {"mq_send", SYS_mq_timedsend},
    {"pread", SYS_pread64},
    {"pwrite", SYS_pwrite64},
    {"recv", SYS_recvfrom},
    {"send", SYS_sendto},
    {"sigaction", SYS_rt_sigaction},
    {"sigprocmask", SYS_rt_sigprocmask},
    {"sigsuspend", SYS_rt_sigsuspend},
    {"waitpid", SYS_wait4},
};

static const struct {
    long number;
    int argument;
    bool vector;
} sizes[] = {
    {SYS_read, 2, false},  {SYS_pread64, 2, false}, {SYS_recvfrom, 2, false}, {SYS_readv, 2, true},
    {SYS_preadv, 2, true}, {SYS_write, 2, false},   {SYS_pwrite64, 2, false}, {SYS_sendto, 2, false},
    {SYS_writev, 2, true}, {SYS_pwritev, 2, true},
};

int faults_size_argument(long number, bool *vector)
{
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        if (sizes[i].number == number) {
            *vector = sizes[i].vector;
            return sizes[i].argument;
        }
    }
    return -1;
}

const char *faults_call_name(long number)
{
    const struct call *c = calls_find(number);
    for (size_t i = 0; !c && i < ARRAY_SIZE(further); i++)
        if (further[i].number == number)
            return further[i].name;
    return c ? c->name : "a system call";
}

/* ---- reading one ----------------------------------------------------------------------------------------
 */

static void add_number(struct fault *f, long number)
{
    bool vector;
    if (f->action == FAULT_SHORT && faults_size_argument(number, &vector) < 0)
        return;
    for (size_t i = 0; i < f->numbers_count; i++)
        if (f->numbers[i] == number)
            return;
    if (f->numbers_count < FAULT_CALLS_MAX)
        f->numbers[f->numbers_count++] = number;
}

static bool is_made_by_programs(const struct call *c)
{
    return c->kind != CALL_AGAIN && c->kind != CALL_RETURN;
}

/* A name that means several calls wins over that of one: `read` is every call that reads. */
static bool read_call(struct fault *f, const char *name)
{
    for (size_t i = 0; i < call_table_count; i++)
        if (is_made_by_programs(&call_table[i]) && strcmp(calls_kind_name(call_table[i].kind), name) == 0) {
            f->by_class = true;
            add_number(f, call_table[i].number);
        }
    for (size_t i = 0; !f->by_class && i < ARRAY_SIZE(aliases); i++)
        if (strcmp(aliases[i].name, name) == 0)
            add_number(f, aliases[i].number);
    for (size_t i = 0; !f->by_class && i < ARRAY_SIZE(further); i++)
        if (strcmp(further[i].name, name) == 0)
            add_number(f, further[i].number);
    for (size_t i = 0; !f->by_class && i < call_table_count; i++)
        if (is_made_by_programs(&call_table[i]) && strcmp(call_table[i].name, name) == 0)
            add_number(f, call_table[i].number);
    return f->numbers_count > 0;
}

/* A number from 1 on, or `*` for 0. */
static bool read_count(const char *word, uint64_t *value)
{
    char *end;
    *value = 0;
    if (strcmp(word, "*") == 0)
        return true;
    errno = 0;
    *value = strtoull(word, &end, 10);
    return *word >= '0' && *word <= '9' && !*end && !errno && *value > 0 && *value <= INT_MAX;
}

static bool read_who(struct fault *f, const char *word)
{
    if (strcmp(word, "any") == 0)
        return true;
    f->who = FAULT_MAIN;
    if (strcmp(word, "main") == 0)
        return true;
    f->who = FAULT_CHILDREN;
    if (strncmp(word, "child", 5) != 0)
        return false;
    return !word[5] || (word[5] != '*' && read_count(word + 5, &f->child));
}

static bool read_fd(struct fault *f, const char *word)
{
    char *end;
    f->fd = -1;
    if (strcmp(word, "*") == 0)
        return true;
    const long value = strtol(word, &end, 10);
    f->fd = (int)value;
    return *word >= '0' && *word <= '9' && !*end && value <= 65535;
}

/* Second names of one number. */
struct alias {
    const char *name;
    int number;
};
static const struct alias error_aliases[] = {
    {"EWOULDBLOCK", EWOULDBLOCK}, {"EDEADLOCK", EDEADLOCK}, {"EOPNOTSUPP", EOPNOTSUPP}, {"ENOTSUP", ENOTSUP}};
static const struct alias signal_aliases[] = {
    {"SIGCLD", SIGCHLD}, {"SIGIO", SIGIO}, {"SIGPOLL", SIGPOLL}, {"SIGIOT", SIGIOT}};

static int number_of(const struct alias *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            return list[i].number;
    return 0;
}

static int errno_of(const char *name)
{
    for (int i = 1; i < 4096; i++) {
        const char *known = strerrorname_np(i);
        if (known && strcmp(known, name) == 0)
            return i;
    }
    return number_of(error_aliases, ARRAY_SIZE(error_aliases), name);
}

static int signal_of(const char *name)
{
    for (int i = 1; i < NSIG && strncmp(name, "SIG", 3) == 0; i++) {
        const char *known = sigabbrev_np(i);
        if (known && strcmp(known, name + 3) == 0)
            return i;
    }
    return number_of(signal_aliases, ARRAY_SIZE(signal_aliases), name);
}

static bool read_action(struct fault *f, char *const *words, size_t count)
{
    uint64_t size;
    if (strcmp(words[0], "hold") == 0) {
        f->action = FAULT_HOLD;
        return count == 1;
    }
    if (count < 2)
        return false;
    if (strcmp(words[0], "errno") == 0) {
        f->action = FAULT_ERRNO;
        f->value = errno_of(words[1]);
        return count == 2 && f->value;
    }
    if (strcmp(words[0], "short") == 0 && words[1][0] != '*' && read_count(words[1], &size)) {
        f->action = FAULT_SHORT;
        f->value = (int)size;
        return count == 2;
    }
    if (strcmp(words[0], "signal") != 0)
        return false;
    f->action = count == 3 ? FAULT_SIGNAL_INSIDE : FAULT_SIGNAL;
    f->value = signal_of(words[1]);
    return f->value && (count == 2 || (count == 3 && strcmp(words[2], "inside") == 0));
}

int faults_read(struct fault *f, char *const *words, size_t count)
{
    *f = (struct fault){.proc = -1};
    size_t used = 0;
    if (count < 5 || !read_action(f, words + 4, count - 4) || !read_call(f, words[0]) ||
        !read_count(words[1], &f->nth) || !read_who(f, words[2]) || !read_fd(f, words[3]))
        return EINVAL;
    if (f->action == FAULT_ERRNO && f->numbers[0] == SYS_exit_group)
        return EINVAL; /* whoever calls it does not expect to come back */
    for (size_t i = 0; i < count && used < sizeof f->text; i++)
        used += (size_t)snprintf(f->text + used, sizeof f->text - used, "%s%s", i ? " " : "", words[i]);
    return 0;
}

int faults_read_line(struct fault *f, char *line)
{
    char *words[8];
    size_t count = 0;
    for (char *save = NULL, *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        if (count == ARRAY_SIZE(words))
            return EINVAL;
        words[count++] = word;
    }
    return faults_read(f, words, count);
}

/* ---- is it about this call? -------------------------------------------------------------------------------
 */

/* The table says which values of an argument make a call one of its kind. That the witness does not look at
 * what a library opens (`other`) is no such thing. */
static bool is_of_its_kind(long number, const uint64_t *args)
{
    const struct call *c = calls_find(number);
    if (!c || c->argument < 0 || c->other)
        return true;
    const unsigned value = (unsigned)args[c->argument];
    return value == c->values[0] || value == c->values[1];
}

static bool is_on(int fd, long number, const uint64_t *args)
{
    const struct call *c = calls_find(number);
    if (number == SYS_ftruncate)
        return (int)args[0] == fd;
    if (number == SYS_mmap)
        return (int)args[4] == fd;
    return c &&
           ((c->reads >= 0 && (int)args[c->reads] == fd) || (c->writes >= 0 && (int)args[c->writes] == fd));
}

bool faults_is_about(const struct fault *f, long number, const uint64_t *args)
{
    for (size_t i = 0; i < f->numbers_count; i++)
        if (f->numbers[i] == number)
            return (!f->by_class || is_of_its_kind(number, args)) &&
                   (f->fd < 0 || is_on(f->fd, number, args));
    return false;
}
