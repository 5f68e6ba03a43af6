#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 *   stdin ---> reader ==== pipe ====> writer ---> stdout
 *                  \                   /
 *                   main waits for both
 */

enum { READ, WRITE };

static void say(const char *who, const char *what)
{
    fprintf(stderr, "pump: %s: %s: %s\n", who, what, strerror(errno));
}

static void reader(int to)
{
    char buf[1 << 16];

    /* upper case is made here already */
    for (ssize_t n; (n = read(0, buf, sizeof buf)) != 0;) {
        if (n < 0) {
            say("reader", "read");
            _exit(1);
        }
        for (char *c = buf; c < buf + n; c++) {
            *c = (*c < 'a' || *c > 'z') ? *c : *c & ~32;
        }
        for (ssize_t done = 0, k; done < n; done += k) {
            if ((k = write(to, buf + done, n - done)) < 0) {
                say("reader", "write");
                _exit(1);
            }
        }
    }
    _exit(0);
}

static void writer(int from)
{
    char buf[777];

    for (ssize_t n; (n = read(from, buf, sizeof buf)) != 0;) {
        if (n < 0) {
            say("writer", "read");
            _exit(1);
        }
        for (ssize_t done = 0, k; done < n; done += k) {
            if ((k = write(1, buf + done, n - done)) < 0) {
                say("writer", "write");
                _exit(1);
            }
        }
    }
    _exit(0);
}

int main(void)
{
    int tube[2];
    pid_t w, r;
    int failed = 0, status;

    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (pipe(tube) == -1) {
        say("main", "pipe");
        return 1;
    }

    /* The writer comes first: if the reader cannot be made, the writer ends as soon as the pipe is closed. */
    w = fork();
    if (w == -1) {
        say("main", "fork");
        return 1;
    }
    if (w == 0) {
        close(tube[WRITE]);
        writer(tube[READ]);
    }
    r = fork();
    if (r == -1) {
        say("main", "fork");
        failed = 1;
    }
    if (r == 0) {
        close(tube[READ]);
        reader(tube[WRITE]);
    }
    close(tube[READ]);
    close(tube[WRITE]);

    if (waitpid(w, &status, 0) == -1 || status != 0) {
        failed = 1;
        if (r > 0) {
            kill(r, SIGTERM); /* not waited for yet, so the number is still its own */
        }
    }
    if (r > 0 && (waitpid(r, &status, 0) == -1 || status != 0)) {
        failed = 1;
    }
    return failed;
}
