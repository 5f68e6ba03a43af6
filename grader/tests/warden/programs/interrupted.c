/* A signal comes while a wait is about to begin; argv[1] says what becomes of the wait. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static int ends_in_handler;

static void on_signal(int number)
{
    (void)number;
    if (ends_in_handler)
        _exit(0);
    getppid();
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
    raise(SIGUSR1);
    if (pipe(fd) < 0)
        return 1;
    p.fd = fd[0];
    if (strcmp(what, "suspends") == 0)
        return sigsuspend(&none) == 0;
    if (strcmp(what, "tries_again") == 0)
        while (ppoll(&p, 1, NULL, &none) < 0 && errno == EINTR)
            if (write(fd[1], "x", 1) != 1)
                return 1;
    if (strcmp(what, "gives_up") == 0 || ends_in_handler)
        return ppoll(&p, 1, NULL, &none) > 0; /* interrupted */
    return 0;
}
