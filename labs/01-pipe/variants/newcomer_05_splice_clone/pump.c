#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIG (128 * 1024)

static bool write_fully(int fd, const uint8_t *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);
        if (n < 0)
            return false;
        data += n, size -= (size_t)n;
    }
    return true;
}

static bool feed(int to)
{
    /* Let the kernel move the bytes; it cannot do that for every kind of file. */
    for (;;) {
        ssize_t n = splice(STDIN_FILENO, NULL, to, NULL, BIG, SPLICE_F_MOVE);
        if (n > 0)
            continue;
        if (n == 0)
            return true;
        if (errno == EINVAL || errno == ENOSYS || errno == EPERM)
            break;
        warn("splice");
        return false;
    }

    static uint8_t buffer[BIG];
    for (;;) {
        ssize_t n = read(STDIN_FILENO, buffer, sizeof buffer);
        if (n == 0)
            return true;
        if (n < 0) {
            warn("stdin");
            return false;
        }
        if (!write_fully(to, buffer, (size_t)n)) {
            warn("pipe");
            return false;
        }
    }
}

static int drain(int from)
{
    static uint8_t buffer[BIG];
    uint8_t table[256];

    for (int i = 0; i < 256; i++)
        table[i] = (uint8_t)(i >= 0x61 && i <= 0x7a ? i - 0x20 : i);
    for (;;) {
        ssize_t n = read(from, buffer, sizeof buffer);
        if (n == 0)
            return EXIT_SUCCESS;
        if (n < 0) {
            warn("pipe");
            return EXIT_FAILURE;
        }
        for (ssize_t i = 0; i < n; i++)
            buffer[i] = table[buffer[i]];
        if (!write_fully(STDOUT_FILENO, buffer, (size_t)n)) {
            warn("stdout");
            return EXIT_FAILURE;
        }
    }
}

static void die_by_sigpipe(void)
{
    sigset_t set;

    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGPIPE);
}

int main(void)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        err(EXIT_FAILURE, "pipe2");
    (void)fcntl(ends[1], F_SETPIPE_SZ, 1 << 18); /* only for speed; may fail */

    pid_t pid = (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, 0UL, 0UL, 0UL, 0UL);
    if (pid < 0)
        err(EXIT_FAILURE, "clone");
    if (pid == 0) {
        signal(SIGPIPE, SIG_DFL);
        close(ends[1]);
        _exit(drain(ends[0]));
    }

    signal(SIGPIPE, SIG_IGN);
    close(ends[0]);
    bool ok = feed(ends[1]);
    close(ends[1]);

    siginfo_t info = { 0 };
    if (waitid(P_PID, (id_t)pid, &info, WEXITED) < 0)
        err(EXIT_FAILURE, "waitid");
    if (info.si_code != CLD_EXITED) {
        warnx("the writing process was ended by signal %d", info.si_status);
        if (info.si_status == SIGPIPE)
            die_by_sigpipe();
        return EXIT_FAILURE;
    }
    return ok && info.si_status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
