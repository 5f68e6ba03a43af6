/* What a program sees of faults that are injected: each scenario prints one line for each thing that it did.
 * "right" and "wrong" ones copy their stdin: the first handle all that read(2) and write(2) may do. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t handled;
static char order[64];

static void on_signal(int number)
{
    (void)number;
    handled++;
    strcat(order, "h");
}

static void handle(int number, int flags)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    sigaction(number, &action, NULL);
}

/* Straight to stdout: what is printed must not depend on buffers. */
static void say(const char *what, long got)
{
    char line[128];
    int error = errno;
    int n = snprintf(line, sizeof line, "%s %ld%s%s\n", what, got, got < 0 ? " " : "",
                     got < 0 ? strerrorname_np(error) : "");
    while (write(1, line, (size_t)n) < 0 && errno == EINTR)
        ;
}

/* Three reads of four bytes from a pipe. */
static void reads(void)
{
    int fd[2];
    char b[5];
    if (pipe(fd) < 0 || write(fd[1], "abcdefghijkl", 12) != 12)
        _exit(9);
    for (int i = 0; i < 3; i++) {
        memset(b, 0, sizeof b);
        long n = read(fd[0], b, 4);
        say(n > 0 ? b : "read", n);
    }
}

static void both_read(void)
{
    int fd[2];
    char b[5] = "";
    if (pipe(fd) < 0 || write(fd[1], "abcdefgh", 8) != 8)
        _exit(9);
    say("main", read(fd[0], b, 4));
    for (int i = 1; i < 3; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            say(i == 1 ? "child 1" : "child 2", read(fd[0], b, 1));
            _exit(0);
        }
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    say("main", read(fd[0], b, 1));
}

static void writes(void)
{
    int fd[2];
    if (pipe(fd) < 0)
        _exit(9);
    signal(SIGPIPE, SIG_IGN);
    say("write", write(fd[1], "abcd", 4));
    say("write", write(fd[1], "abcd", 4));
    struct iovec v[3] = {{"", 0}, {"abc", 3}, {"defg", 4}};
    say("writev", writev(fd[1], v, 3));
    char b[32] = "", c[32] = "";
    struct iovec w[2] = {{b, 2}, {c, 30}};
    say("readv", readv(fd[0], w, 2));
    say(b, (long)v[1].iov_len);
}

static void broken_pipe(void)
{
    int fd[2];
    if (pipe(fd) < 0)
        _exit(9);
    handle(SIGPIPE, 0);
    say("write", write(fd[1], "abcd", 4));
    say("handled", handled);
    int s[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, s) < 0)
        _exit(9);
    say("send", send(s[0], "abcd", 4, MSG_NOSIGNAL));
    say("handled", handled);
}

static void makes(void)
{
    int fd[2];
    say("pipe", pipe(fd));
    say("open", open("/dev/null", O_RDONLY | O_CLOEXEC));
    say("dup", dup(0));
    say("fcntl", fcntl(0, F_GETFL) & O_CLOEXEC); /* no duplicate */
    say("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
    void *memory = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    say("mmap", memory == MAP_FAILED ? -1 : 0);
    int a = open("/dev/null", O_RDONLY);
    say("close", close(a));
    say("again", close(a));
}

static void *thread(void *unused)
{
    (void)unused;
    return NULL;
}

static void forks(void)
{
    char *argv[] = {(char *)"true", NULL};
    pthread_t t;
    say("thread", pthread_create(&t, NULL, thread, NULL) ? -1 : 0);
    pthread_join(t, NULL);
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        say("fork", pid < 0 ? -1 : 0);
    }
    pid_t pid = vfork();
    if (pid == 0)
        _exit(0);
    say("vfork", pid < 0 ? -1 : 0);
    errno = posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ);
    say("posix_spawn", errno ? -1 : 0);
    while (wait(NULL) > 0)
        ;
}

static void order_of(const char *what, long n)
{
    say(what, n);
    say(*order ? order : "-", handled);
}

/* Is the signal handled before the read, or does it interrupt it? */
static void read_with(int flags)
{
    int fd[2];
    char b[8];
    handle(SIGUSR1, flags);
    if (pipe(fd) < 0 || write(fd[1], "abcd", 4) != 4)
        _exit(9);
    for (int i = 0; i < 2; i++)
        order_of("read", read(fd[0], b, 2));
}

static void read_blocked_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    read_with(0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    say(order, handled);
}

/* Another thread takes the signal; the one that reads blocks it. */
static void *takes(void *set)
{
    int number = 0;
    sigwait(set, &number);
    say("taken", number);
    return NULL;
}

static void read_beside_sigwait(void)
{
    sigset_t set;
    pthread_t t;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    pthread_create(&t, NULL, takes, &set);
    read_with(0);
    pthread_join(t, NULL);
}

/* It blocks in read from stdin, which the test fills once the handler has told that it ran. */
static void tells(int number)
{
    on_signal(number);
    if (write(1, "handler\n", 8) != 8)
        _exit(9);
}

static void read_inside(int flags)
{
    char b[8];
    struct sigaction action = {.sa_handler = tells, .sa_flags = flags};
    sigaction(SIGUSR1, &action, NULL);
    say("read", read(0, b, 4));
    say("read", read(0, b, 4));
}

static void pauses(void)
{
    handle(SIGUSR1, 0);
    if (!handled)
        pause();
    say("woken", handled);
}

/* Made again from the same place with the same registers, as only the kernel does else. */
static void pauses_tightly(void)
{
    handle(SIGUSR1, 0);
    while (handled < 3)
        syscall(SYS_pause);
    say("pauses", handled);
}

static void reads_tightly(void)
{
    int fd[2];
    char b[4];
    if (pipe(fd) < 0 || write(fd[1], "abcd", 4) != 4)
        _exit(9);
    while (syscall(SYS_read, fd[0], b, 4) < 0)
        ;
}

/* The child may outlive its parent. */
static void leaves(void)
{
    if (fork() == 0) {
        say("child", 0);
        _exit(0);
    }
}

static void suspends(void)
{
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    handle(SIGUSR1, 0);
    while (!handled)
        sigsuspend(&old);
    say("woken", handled);
}

/* pause fails with EINTR each time: each is a call of its own. */
static void pauses_thrice(void)
{
    handle(SIGUSR1, 0);
    for (int i = 0; i < 3; i++) {
        pause();
        say("pause", handled);
    }
}

/* Who comes first? The child says so before the parent, unless it is held. */
static void race(void)
{
    int fd[2];
    char b;
    if (pipe(fd) < 0)
        _exit(9);
    pid_t pid = fork();
    if (pid == 0) {
        say("child", 0);
        _exit(0);
    }
    if (getenv("WAITS"))
        (void)!read(fd[0], &b, 1); /* for ever: it holds the other end itself */
    sched_yield();
    say("parent", 0);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* The parent waits for the child, the child for itself: a deadlock, held or not. */
static void deadlock(void)
{
    int fd[2];
    char b;
    if (pipe(fd) < 0)
        _exit(9);
    if (fork() == 0)
        _exit(read(fd[0], &b, 1) == 0);
    wait(NULL);
}

static void vfork_held(void)
{
    pid_t pid = vfork();
    if (pid == 0) {
        close(7);
        _exit(0);
    }
    say("vfork", waitpid(pid, NULL, 0) == pid);
}

/* stdio at the exit, from the C library's own code. */
static void stdio(void)
{
    printf("flushed at the exit\n");
}

static void others(void)
{
    char *argv[] = {(char *)"cat", NULL};
    execv("/bin/cat", argv);
}

static int copies(bool right)
{
    char b[1000];
    for (;;) {
        ssize_t n = read(0, b, sizeof b);
        if (n < 0 && right && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0;
        for (ssize_t at = 0; at < n;) {
            ssize_t w = write(1, b + at, (size_t)(n - at));
            if (w < 0 && right && errno == EINTR)
                continue;
            if (w < 0)
                return 1;
            if (!right)
                break;
            at += w;
        }
    }
}

static void read_plain(void)
{
    read_with(0);
}

static void read_restart(void)
{
    read_with(SA_RESTART);
}

static void inside_plain(void)
{
    read_inside(0);
}

static void inside_restart(void)
{
    read_inside(SA_RESTART);
}

static void right(void)
{
    _exit(copies(true));
}

static void wrong(void)
{
    _exit(copies(false));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*function)(void);
    } all[] = {
        {"reads", reads},
        {"both_read", both_read},
        {"writes", writes},
        {"broken_pipe", broken_pipe},
        {"makes", makes},
        {"forks", forks},
        {"read_plain", read_plain},
        {"read_restart", read_restart},
        {"read_blocked_signal", read_blocked_signal},
        {"read_beside_sigwait", read_beside_sigwait},
        {"inside_plain", inside_plain},
        {"inside_restart", inside_restart},
        {"pauses", pauses},
        {"pauses_thrice", pauses_thrice},
        {"pauses_tightly", pauses_tightly},
        {"reads_tightly", reads_tightly},
        {"leaves", leaves},
        {"suspends", suspends},
        {"race", race},
        {"deadlock", deadlock},
        {"vfork_held", vfork_held},
        {"stdio", stdio},
        {"others", others},
        {"right", right},
        {"wrong", wrong},
    };
    for (size_t i = 0; argc > 1 && i < sizeof all / sizeof *all; i++) {
        if (strcmp(argv[1], all[i].name) == 0) {
            all[i].function();
            return 0;
        }
    }
    return 2;
}
