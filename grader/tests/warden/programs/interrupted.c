/* A signal comes while a wait is about to begin; argv[1] says what becomes of the wait. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static int ends_in_handler, ticks;

static void on_signal(int number)
{
    (void)number;
    if (ends_in_handler)
        _exit(0);
    getppid();
}

static void on_tick(int number)
{
    (void)number;
    if (++ticks == 2)
        _exit(0);
}

/* The first time its read goes on, the second time it ends in the handler. */
static int reads_for_two_ticks(int fd)
{
    char byte;
    const struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    const struct itimerval timer = {.it_interval.tv_usec = 10000, .it_value.tv_usec = 10000};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    return read(fd, &byte, 1) == 1;
}

static void on_end(int number)
{
    (void)number;
    _exit(0);
}

/* Both signals have come before it waits. The handler of one returns, that of the other ends it. */
static int waits_for_two(struct pollfd *p)
{
    sigset_t both, none;
    signal(SIGUSR1, on_end);
    signal(SIGUSR2, on_tick);
    sigemptyset(&none);
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    sigprocmask(SIG_BLOCK, &both, NULL);
    raise(SIGUSR1);
    raise(SIGUSR2);
    return ppoll(p, 1, NULL, &none) > 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int fd[2];
    sigset_t usr1, none;
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = SA_RESTART}; /* which poll takes no notice of */
    struct pollfd p = {.events = POLLIN};
    ends_in_handler = strcmp(what, "ends_in_handler") == 0;
    sigaction(SIGUSR1, &action, NULL);
    sigemptyset(&none);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    if (strcmp(what, "is_signalled") != 0)
        raise(SIGUSR1);
    if (pipe(fd) < 0)
        return 1;
    p.fd = fd[0];
    if (strcmp(what, "ends_in_another_handler") == 0)
        return waits_for_two(&p);
    if (strcmp(what, "ends_second_time") == 0)
        return reads_for_two_ticks(fd[0]);
    if (strcmp(what, "suspends") == 0)
        return sigsuspend(&none) == 0;
    if (strcmp(what, "tries_again") == 0)
        while (ppoll(&p, 1, NULL, &none) < 0 && errno == EINTR)
            if (write(fd[1], "x", 1) != 1)
                return 1;
    if (strcmp(what, "gives_up") == 0 || strcmp(what, "is_signalled") == 0 || ends_in_handler)
        return ppoll(&p, 1, NULL, &none) > 0; /* interrupted */
    return 0;
}
