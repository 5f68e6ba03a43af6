#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char **stages[20];
    int count = 0, begin = 1, status = 0, pipes[19][2];
    pid_t pids[20];
    for (int i = 1; i <= argc; i++) {
        if (i < argc && strcmp(argv[i], "--") != 0)
            continue;
        if (i == begin || count == 20)
            return 2;
        argv[i] = NULL;
        stages[count++] = argv + begin;
        begin = i + 1;
    }
    for (int i = 0; i < count - 1; i++)
        if (pipe(pipes[i]) < 0)
            return 1;
    for (int i = 0; i < count; i++) {
        pids[i] = fork();
        if (pids[i] < 0)
            return 1;
        if (pids[i] != 0)
            continue;
        if (i > 0) {
            dup2(pipes[i - 1][0], 0);
            close(pipes[i - 1][0]);
            close(pipes[i - 1][1]);
        }
        if (i < count - 1) {
            dup2(pipes[i][1], 1);
            close(pipes[i][0]);
            close(pipes[i][1]);
        }
        execvp(stages[i][0], stages[i]);
        perror(stages[i][0]);
        _exit(127);
    }
    for (int i = 0; i < count - 1; i++) {
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
    for (int i = 0; i < count; i++)
        waitpid(pids[i], &status, 0);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
