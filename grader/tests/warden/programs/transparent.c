/* What a tracer might change (ptrace(2), signal(7)), each as its own scenario; prints what happened. The
 * test runs it with and without warden: both must print the same. */
#define _GNU_SOURCE /* semtimedop */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t handled;

static void on_signal(int number)
{
    (void)number;
    handled++;
}

static void handle(int number, int flags)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    sigaction(number, &action, NULL);
}

static long ms_since(const struct timespec *begin)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - begin->tv_sec) * 1000 + (now.tv_nsec - begin->tv_nsec) / 1000000;
}

/* A child that ends while we wait: nobody handles SIGCHLD, so no wait may notice. */
static pid_t child_that_ends_after(int ms)
{
    pid_t pid = fork();
    if (pid == 0) {
        usleep((unsigned)ms * 1000);
        _exit(0);
    }
    return pid;
}

/* The same after a first one, and then an event that ends the wait: the wait lasts until that event. */
static pid_t child_that_writes_after(int fd, int ms)
{
    pid_t pid = fork();
    if (pid == 0) {
        usleep((unsigned)ms * 1000);
        _exit(write(fd, "x", 1) == 1 ? 0 : 1);
    }
    return pid;
}

static void say(const char *what, long got)
{
    int error = errno;
    printf("%s %ld %s\n", what, got, got < 0 ? strerror(error) : "");
}

static void in_epoll(void)
{
    int fds[2], set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN}, got;
    if (pipe(fds) < 0)
        exit(1);
    epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &event);
    child_that_ends_after(20);
    child_that_writes_after(fds[1], 100);
    say("epoll_wait", epoll_wait(set, &got, 1, -1));
}

static void in_semop(void)
{
    int id = semget(IPC_PRIVATE, 1, 0600);
    struct sembuf take = {0, -1, 0}, give = {0, 1, 0};
    child_that_ends_after(20);
    if (fork() == 0) {
        usleep(100000);
        _exit(semop(id, &give, 1) < 0);
    }
    say("semop", semop(id, &take, 1));
    semctl(id, 0, IPC_RMID);
}

static void in_sigtimedwait(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    child_that_ends_after(20);
    pid_t parent = getpid();
    if (fork() == 0) {
        usleep(100000);
        _exit(kill(parent, SIGUSR1));
    }
    say("sigwaitinfo", sigwaitinfo(&set, NULL));
}

static void in_pause(void)
{
    handle(SIGUSR1, 0);
    child_that_ends_after(20);
    pid_t parent = getpid();
    if (fork() == 0) {
        usleep(100000);
        _exit(kill(parent, SIGUSR1));
    }
    say("pause", pause());
    printf("handled %d\n", handled);
}

static void in_read(void)
{
    int fds[2];
    char byte;
    if (pipe(fds) < 0)
        exit(1);
    signal(SIGUSR2, SIG_IGN);
    pid_t parent = getpid();
    child_that_ends_after(20);
    if (fork() == 0) {
        usleep(50000);
        kill(parent, SIGUSR2);
        usleep(50000);
        _exit(write(fds[1], "x", 1) != 1);
    }
    say("read", read(fds[0], &byte, 1));
}

static void in_recv_with_timeout(void)
{
    int fds[2];
    char byte;
    struct timeval second = {5, 0};
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
        exit(1);
    setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    child_that_ends_after(20);
    child_that_writes_after(fds[1], 100);
    say("recv", recv(fds[0], &byte, 1, 0));
}

/* Three children end while a wait with a timeout lasts: it ends after its timeout all the same. */
static void timeouts(void)
{
    struct timespec begin, wait = {0, 600000000};
    int id = semget(IPC_PRIVATE, 1, 0600), set = epoll_create1(0);
    struct sembuf take = {0, -1, 0};
    struct epoll_event got;
    sigset_t none;
    sigemptyset(&none);
    sigaddset(&none, SIGUSR1);
    sigprocmask(SIG_BLOCK, &none, NULL);
    for (int which = 0; which < 4; which++) {
        for (int i = 1; i <= 3; i++)
            child_that_ends_after(150 * i);
        clock_gettime(CLOCK_MONOTONIC, &begin);
        long got_back = which == 0   ? semtimedop(id, &take, 1, &wait)
                        : which == 1 ? epoll_wait(set, &got, 1, 600)
                        : which == 2 ? sigtimedwait(&none, NULL, &wait)
                                     : nanosleep(&wait, NULL);
        int error = errno;
        long ms = ms_since(&begin);
        errno = error;
        say("with a timeout", got_back);
        /* begun again from the start three times it would last 1050 ms */
        printf("%s, timeout %ld\n", ms >= 590 && ms < 950 ? "on time" : "not on time", wait.tv_nsec);
        while (waitpid(-1, NULL, 0) > 0)
            ;
    }
    semctl(id, 0, IPC_RMID);
}

/* A system call leaves its arguments' registers as they are, also one that was given another timeout. */
static void registers(void)
{
#if defined(__x86_64__)
    int set = epoll_create1(0);
    struct epoll_event got;
    long result;
    child_that_ends_after(100);
    register long r10 __asm__("r10") = 400; /* no call may come between this and its use */
    __asm__ volatile("syscall"
                     : "=a"(result), "+r"(r10)
                     : "a"(SYS_epoll_wait), "D"(set), "S"(&got), "d"(1L)
                     : "rcx", "r11", "memory");
    long left = r10;
    printf("epoll_wait %ld, its timeout still %ld\n", result, left);
#else
    puts("epoll_wait 0, its timeout still 400");
#endif
}

static void stop_and_continue(void)
{
    int status, fds[2], back[2];
    if (pipe(fds) < 0 || pipe(back) < 0)
        exit(1);
    pid_t pid = fork();
    if (pid == 0) {
        char go;
        raise(SIGSTOP);
        if (write(fds[1], "x", 1) != 1) /* the parent looks whether this comes too early */
            _exit(1);
        _exit(read(back[0], &go, 1) == 1 ? 5 : 1); /* not to end before it has waited for the continue */
    }
    say("waits for the stop", waitpid(pid, &status, WUNTRACED) == pid);
    printf("stopped %d by %d\n", WIFSTOPPED(status), WSTOPSIG(status));
    usleep(30000);
    struct pollfd p = {fds[0], POLLIN, 0};
    say("runs on while stopped", poll(&p, 1, 30));
    kill(pid, SIGCONT);
    say("waits for the continue", waitpid(pid, &status, WCONTINUED) == pid);
    printf("continued %d\n", WIFCONTINUED(status));
    if (write(back[1], "g", 1) != 1)
        exit(1);
    say("waits for the end", waitpid(pid, &status, 0) == pid);
    printf("code %d\n", WEXITSTATUS(status));
}

/* SIGSTOP and SIGCONT end a wait in semop even untraced (facts of signal(7)): that stays as it is. */
static void stopped_in_semop(void)
{
    int id = semget(IPC_PRIVATE, 1, 0600), status;
    struct sembuf take = {0, -1, 0};
    pid_t pid = fork();
    if (pid == 0)
        _exit(semop(id, &take, 1) < 0 ? errno : 0);
    usleep(100000);
    kill(pid, SIGSTOP);
    waitpid(pid, &status, WUNTRACED);
    kill(pid, SIGCONT);
    usleep(100000);
    semctl(id, 0, IPC_RMID);
    waitpid(pid, &status, 0);
    printf("semop of a stopped process: %s\n", strerror(WEXITSTATUS(status)));
}

static void to_self(void)
{
    handle(SIGTRAP, 0);
    handle(SIGUSR1, SA_RESTART);
    raise(SIGTRAP);
    raise(SIGUSR1);
    kill(getpid(), SIGUSR1);
    signal(SIGTRAP, SIG_IGN);
    raise(SIGTRAP);
    raise(SIGCHLD);
    raise(SIGCONT);
    raise(SIGURG);
    printf("handled %d\n", handled);
}

static void killed(void)
{
    const int signals[] = {SIGKILL, SIGTERM, SIGTRAP, SIGSEGV, SIGABRT, SIGPIPE, SIGXCPU, SIGSYS};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0) {
            raise(signals[i]);
            _exit(0);
        }
        waitpid(pid, &status, 0);
        printf("killed %d by %d\n", WIFSIGNALED(status), WTERMSIG(status));
    }
}

static void interrupted(void)
{
    int fds[2];
    char byte;
    struct itimerval soon = {{0, 0}, {0, 50000}};
    if (pipe(fds) < 0)
        exit(1);
    handle(SIGALRM, 0);
    setitimer(ITIMER_REAL, &soon, NULL);
    say("read without SA_RESTART", read(fds[0], &byte, 1));
    handle(SIGALRM, SA_RESTART);
    child_that_writes_after(fds[1], 150);
    setitimer(ITIMER_REAL, &soon, NULL);
    say("read with SA_RESTART", read(fds[0], &byte, 1));
    printf("handled %d\n", handled);
}

static void groups(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        kill(0, SIGTERM);
        _exit(1);
    }
    setpgid(pid, pid);
    waitpid(-pid, &status, 0);
    printf("the group's signal %d\n", WTERMSIG(status));
    pid = fork();
    if (pid == 0)
        _exit(setsid() < 0 ? 1 : getsid(0) == getpid() ? 3 : 2);
    waitpid(pid, &status, 0);
    printf("session %d\n", WEXITSTATUS(status));
}

static void *execs(void *name)
{
    execl(name, "transparent", "says", "after exec", (char *)NULL);
    return NULL;
}

static void exec_from_thread(const char *self)
{
    pthread_t t;
    fflush(stdout);
    pthread_create(&t, NULL, execs, (void *)self);
    pthread_join(t, NULL);
}

static void *idles(void *argument)
{
    pause();
    return argument;
}

static void threads(const char *self)
{
    int status;
    pid_t pid = fork();
    fflush(stdout);
    if (pid == 0) {
        pthread_t t;
        for (int i = 0; i < 8; i++)
            pthread_create(&t, NULL, idles, NULL);
        exec_from_thread(self);
    }
    waitpid(pid, &status, 0);
    printf("exec among threads: %d\n", status);
    pid = fork();
    if (pid == 0) {
        pthread_t t;
        for (int i = 0; i < 8; i++)
            pthread_create(&t, NULL, idles, NULL);
        exit(4);
    }
    waitpid(pid, &status, 0);
    printf("exit among threads: %d\n", WEXITSTATUS(status));
}

static void no_child_wait(void)
{
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 5; i++)
        child_that_ends_after(10);
    say("wait while SIGCHLD is ignored", wait(NULL));
    signal(SIGCHLD, SIG_DFL);
    pid_t pid = vfork();
    if (pid == 0)
        _exit(6);
    int status;
    waitpid(pid, &status, 0);
    printf("vfork %d\n", WEXITSTATUS(status));
}

/* Every child is seen by a handler that waits for all it can, as lectures teach it. */
static void on_child(int number)
{
    int saved = errno;
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        handled++;
    errno = saved;
}

static void burst(void)
{
    struct sigaction action = {.sa_handler = on_child};
    sigset_t none, chld;
    sigemptyset(&none);
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, NULL);
    sigaction(SIGCHLD, &action, NULL);
    for (int i = 0; i < 40; i++)
        if (fork() == 0)
            _exit(0);
    while (handled < 40)
        sigsuspend(&none);
    printf("reaped %d\n", handled);
}

static void in_order(void)
{
    void (*const all[])(void) = {in_epoll,          in_semop,
                                 in_sigtimedwait,   in_pause,
                                 in_read,           in_recv_with_timeout,
                                 timeouts,          registers,
                                 stop_and_continue, stopped_in_semop,
                                 to_self,           killed,
                                 interrupted,       groups,
                                 no_child_wait,     burst};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        pid_t pid = fork(); /* each begins with the signals as they were */
        int status;
        if (pid == 0) {
            alarm(20);
            all[i]();
            exit(0);
        }
        waitpid(pid, &status, 0);
        if (status != 0)
            printf("scenario %zu ended with status %d\n", i, status);
    }
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc == 3) {
        printf("%s\n", argv[2]);
        return 0;
    }
    in_order();
    threads(argv[0]);
    return 0;
}
