// The token goes into the pipe before the line it announces has been copied.
// RACE: COPY USE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    int id = shmget(IPC_PRIVATE, 256, IPC_CREAT | 0600);
    char *line = shmat(id, NULL, 0);
    if (id < 0 || line == (char *)-1 || pipe(fd) < 0) {
        perror("setup");
        return 1;
    }
    shmctl(id, IPC_RMID, NULL);
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        char go;
        if (read(fd[0], &go, 1) == 1)
            printf("received: %s\n", line); /* USE */
        exit(0);
    }
    if (write(fd[1], "g", 1) != 1)
        return 1;
    strcpy(line, "hello from the parent"); /* COPY */
    wait(NULL);
    return 0;
}
