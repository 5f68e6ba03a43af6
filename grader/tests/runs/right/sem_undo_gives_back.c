/*
 * SEM_UNDO on a lock: the holder is killed with the lock, and the kernel gives it back to the one who waits for it.
 * EXPECT: no finding
 * OUTPUT: got the lock of the dead
 */
#include <signal.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct sembuf down = {0, -1, SEM_UNDO}, up = {0, 1, 0};
    int fd[2], id = semget(IPC_PRIVATE, 1, 0600);
    char byte;
    if (id < 0 || pipe(fd) < 0 || semop(id, &up, 1) < 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        semop(id, &down, 1);
        write(fd[1], "x", 1);
        for (;;)
            pause();
    }
    read(fd[0], &byte, 1);
    kill(pid, SIGKILL);
    if (semop(id, &down, 1) < 0)
        return 1;
    puts("got the lock of the dead");
    waitpid(pid, NULL, 0);
    return semctl(id, 0, IPC_RMID) < 0;
}
