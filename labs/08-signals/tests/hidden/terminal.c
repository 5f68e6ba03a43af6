/*
 * A terminal for a program: its stdin, stdout and stderr are a new pseudo-terminal, which is its controlling
 * one, and it is alone in the foreground process group.
 *
 *     terminal PROGRAM [ARG...]
 *
 * What comes on stdin is typed, and not echoed; what the program prints comes out, and at its end the line
 * "ended by exit N" or "ended by signal N". If the keys send no signals any more, that is said when one is
 * pressed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define FAILED 120 /* of a peer's own duty */
/* The kernel hands bytes on from one side to the other behind everybody's back: nobody who waits here waits
 * for ever. */
#define PAUSE_MS 1000

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "terminal: %s: %s\n", what, strerror(errno));
    exit(FAILED);
}

static void hand_on(const char *data, ssize_t size, int to)
{
    for (ssize_t n; size > 0; data += n, size -= n)
        if ((n = write(to, data, (size_t)size)) < 0)
            give_up("write");
}

static int open_terminal(int *inside)
{
    struct termios t;
    const int outside = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (outside < 0 || grantpt(outside) < 0 || unlockpt(outside) < 0)
        give_up("posix_openpt");
    *inside = open(ptsname(outside), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*inside < 0 || tcgetattr(*inside, &t) < 0)
        give_up("the terminal");
    t.c_lflag &= ~(tcflag_t)(ECHO | ECHOCTL);
    t.c_oflag &= ~(tcflag_t)OPOST; /* a newline stays one byte */
    if (tcsetattr(*inside, TCSANOW, &t) < 0)
        give_up("tcsetattr");
    return outside;
}

static pid_t start(int inside, char **command)
{
    const pid_t pid = fork();
    if (pid < 0)
        give_up("fork");
    if (pid > 0)
        return pid;
    if (setsid() < 0 || ioctl(inside, TIOCSCTTY, 0) < 0)
        give_up("TIOCSCTTY");
    for (int fd = 0; fd <= 2; fd++)
        dup2(inside, fd);
    execv(command[0], command);
    _exit(FAILED);
}

/* What the program has printed so far. */
static void drain(int outside)
{
    char data[4096];
    struct pollfd p = {.fd = outside, .events = POLLIN};
    while (poll(&p, 1, 0) == 1 && p.revents & POLLIN) {
        const ssize_t n = read(outside, data, sizeof data);
        if (n <= 0)
            return;
        hand_on(data, n, STDOUT_FILENO);
    }
}

static void type(int outside, int inside, const char *data, ssize_t size)
{
    static const char off[] = "the signal keys are off\n";
    struct termios t;
    if (tcgetattr(inside, &t) == 0 && !(t.c_lflag & ISIG))
        hand_on(off, sizeof off - 1, STDOUT_FILENO);
    hand_on(data, size, outside);
}

static void type_and_print(int outside, int inside, int ended)
{
    struct pollfd p[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                         {.fd = outside, .events = POLLIN},
                         {.fd = ended, .events = POLLIN}};
    while (!p[2].revents) {
        char data[4096];
        if (poll(p, 3, PAUSE_MS) < 0)
            give_up("poll");
        if (p[0].revents) {
            const ssize_t n = read(STDIN_FILENO, data, sizeof data);
            if (n <= 0)
                p[0].fd = -1;
            else
                type(outside, inside, data, n);
        }
        drain(outside);
    }
}

int main(int argc, char **argv)
{
    int inside, status;
    if (argc < 2) {
        errno = EINVAL;
        give_up("PROGRAM");
    }
    const int outside = open_terminal(&inside);
    const pid_t pid = start(inside, argv + 1);
    const int ended = (int)syscall(SYS_pidfd_open, pid, 0);
    if (ended < 0)
        give_up("pidfd_open");
    type_and_print(outside, inside, ended);
    tcdrain(inside);
    drain(outside);
    if (waitpid(pid, &status, 0) != pid)
        give_up("waitpid");
    printf("ended by %s %d\n", WIFSIGNALED(status) ? "signal" : "exit",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return 0;
}
