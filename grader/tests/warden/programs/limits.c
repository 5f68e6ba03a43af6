/* Uses too much of what argv[1] says. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* 10 ms by that clock. */
static void burn(clockid_t clock)
{
    struct timespec used;
    do
        clock_gettime(clock, &used);
    while (used.tv_sec == 0 && used.tv_nsec < 10000000);
}

static void *burn_as_thread(void *unused)
{
    burn(CLOCK_THREAD_CPUTIME_ID);
    return unused;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    if (strcmp(argv[1], "stdout") == 0)
        for (;;)
            puts("more");
    if (strcmp(argv[1], "fork_once") == 0) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        return pid < 0 && errno == EAGAIN ? 7 : 0;
    }
    if (strcmp(argv[1], "shares_by_fork") == 0 || strcmp(argv[1], "shares_by_vfork") == 0) {
        char *p = malloc(60 << 20); /* fork copies no page of it, vfork not even the map */
        int ready[2];
        memset(p, 1, 60 << 20);
        if (pipe(ready) < 0)
            return 2;
        for (int i = 0; i < 4; i++) {
            if (strcmp(argv[1], "shares_by_vfork") == 0) {
                if (vfork() == 0) {
                    usleep(200000); /* long enough to be sampled */
                    _exit(0);
                }
            } else if (fork() == 0) {
                char c;
                close(ready[1]);
                _exit(read(ready[0], &c, 1) != 0);
            }
        }
        usleep(200000);
        return 0;
    }
    if (strcmp(argv[1], "abort") == 0)
        abort();
    if (strcmp(argv[1], "cpu") == 0)
        for (volatile long i = 0;; i++)
            ;
    if (strcmp(argv[1], "cpu_children") == 0) { /* no single process computes for long */
        if (fork() > 0)
            pause();
        for (;;) {
            for (volatile long i = 0; i < 20000000; i++)
                ;
            if (fork() > 0)
                _exit(0);
        }
    }
    if (strncmp(argv[1], "cpu_unseen", 10) == 0) { /* short lives that the kernel adds to nobody's time */
        struct sigaction reap_itself = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
        if (strcmp(argv[1], "cpu_unseen_ignored") == 0)
            reap_itself.sa_handler = SIG_IGN;
        sigaction(SIGCHLD, &reap_itself, NULL);
        for (;;) {
            if (fork() == 0) {
                burn(CLOCK_PROCESS_CPUTIME_ID);
                _exit(0);
            }
            while (wait(NULL) > 0)
                ;
        }
    }
    if (strcmp(argv[1], "terminals") == 0) {
        int taken = 0;
        while (taken < 100 && posix_openpt(O_RDWR | O_NOCTTY) >= 0)
            taken++;
        return taken;
    }
    if (strcmp(argv[1], "cpu_threads") == 0) { /* 300 ms of all together */
        for (int i = 0; i < 30; i++) {
            pthread_t thread;
            if (pthread_create(&thread, NULL, burn_as_thread, NULL) == 0)
                pthread_join(thread, NULL);
        }
        return 0;
    }
    /* A child that its parent made so that no tracer gets hold of it. */
    if (strcmp(argv[1], "memory_untraced") == 0 &&
        syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0) > 0)
        pause();
    if (strncmp(argv[1], "memory", 6) == 0)
        for (;;) {
            char *p = malloc(1 << 20);
            if (p)
                memset(p, 1, 1 << 20);
        }
    if (strcmp(argv[1], "forks") == 0)
        for (;;)
            fork();
    if (strcmp(argv[1], "stderr") == 0)
        for (;;)
            fprintf(stderr, "%01000d\n", 0);
    if (strcmp(argv[1], "files") == 0) {
        int n = 0;
        while (open("/dev/null", O_RDONLY) >= 0)
            n++;
        printf("%d %d\n", n, errno == EMFILE);
        return 0;
    }
    if (strcmp(argv[1], "file_size") == 0) {
        static char block[65536];
        int fd = open("big", O_CREAT | O_WRONLY, 0600);
        while (write(fd, block, sizeof block) > 0)
            ;
        return errno == EFBIG ? 3 : 4;
    }
    pause();
    return 0;
}
