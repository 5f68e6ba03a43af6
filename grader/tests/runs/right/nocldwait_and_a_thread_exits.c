/*
 * SA_NOCLDWAIT holds for the whole process, whichever thread asked for it and whichever calls exit() while the child still runs.
 * The child ends when the last other end of its pipe is closed, by that exit.
 * EXPECT: no finding
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_barrier_t barrier;

static void *leave(void *unused)
{
    pthread_barrier_wait(&barrier);
    exit(0);
    return unused;
}

int main(void)
{
    int fd[2];
    char byte;
    pthread_t thread;
    struct sigaction action = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT};
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, leave, NULL);
    sigaction(SIGCHLD, &action, NULL);
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        close(fd[1]);
        _exit((int)read(fd[0], &byte, 1));
    }
    pthread_barrier_wait(&barrier);
    for (;;)
        pause();
}
