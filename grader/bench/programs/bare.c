/* bare PROGRAM COUNT: starts the program that often with fork and exec and waits for each; prints the
 * nanoseconds of all. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
    int count = argc == 3 ? atoi(argv[2]) : 0;
    long long begin = now_ns();
    if (count <= 0) {
        fprintf(stderr, "usage: bare PROGRAM COUNT\n");
        return 2;
    }
    for (int i = 0; i < count; i++) {
        int status = 0;
        pid_t pid = fork();
        if (pid == 0) {
            execl(argv[1], argv[1], (char *)NULL);
            _exit(127);
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
            fprintf(stderr, "bare: %s could not be run\n", argv[1]);
            return 1;
        }
    }
    printf("%lld\n", now_ns() - begin);
    return 0;
}
