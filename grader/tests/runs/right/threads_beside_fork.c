/*
 * Four threads, each with a child and a pipe of its own: O_CLOEXEC does not help without exec, so each child's copies of other
 * pipes could keep them open; each thread therefore reads a fixed number of bytes and no end-of-file.
 * EXPECT: no finding
 * OUTPUT: 4 answers
 */
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void *work(void *answers)
{
    int fd[2];
    char byte;
    if (pipe(fd) < 0)
        return NULL;
    pid_t pid = fork();
    if (pid == 0)
        _exit(write(fd[1], "x", 1) != 1);
    if (read(fd[0], &byte, 1) == 1)
        __atomic_add_fetch((int *)answers, 1, __ATOMIC_SEQ_CST);
    waitpid(pid, NULL, 0);
    close(fd[0]);
    close(fd[1]);
    return NULL;
}

int main(void)
{
    pthread_t t[4];
    int answers = 0;
    for (int i = 0; i < 4; i++)
        if (pthread_create(&t[i], NULL, work, &answers))
            return 1;
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    printf("%d answers\n", answers);
    return 0;
}
