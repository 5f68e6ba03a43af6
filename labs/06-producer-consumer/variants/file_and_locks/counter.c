#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int fd;
static struct {
    long counter;
} * s;

static int parse(const char *text, long low, long high, long *value)
{
    char *end;
    errno = 0;
    *value = strtol(text, &end, 10);
    return errno || end == text || *end || *value < low || *value > high;
}

static void work(long k)
{
    for (; k > 0; k--) {
        struct flock l = {.l_type = F_WRLCK, .l_len = 1};
        fcntl(fd, F_SETLKW, &l);
        s->counter++;
        l.l_type = F_UNLCK;
        fcntl(fd, F_SETLK, &l);
    }
}

int main(int argc, char **argv)
{
    long n, k, i;
    int bad = 0, status;
    if (argc != 3 || parse(argv[1], 1, 64, &n) || parse(argv[2], 0, 1000000, &k)) {
        fputs("usage: counter N K\n", stderr);
        return 2;
    }
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s == MAP_FAILED) {
        perror("counter: mmap");
        return 1;
    }
    char name[] = "counter.XXXXXX";
    fd = mkstemp(name);
    if (fd < 0 || unlink(name) < 0) {
        perror("counter: lock file");
        return 1;
    }
    for (i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("counter: fork");
            bad = 1;
            break;
        }
        if (pid == 0) {
            work(k);
            _exit(0);
        }
    }

    while (wait(&status) > 0)
        if (status != 0)
            bad = 1;

    if (bad) {
        fputs("counter: failed\n", stderr);
        return 1;
    }
    printf("%ld\n", s->counter);
    return 0;
}
