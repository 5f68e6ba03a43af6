/*
 * A small shell's job: two processes in a group are stopped by kill(-pgid, SIGSTOP), continued and then end on their own.
 * EXPECT: no finding
 * OUTPUT: 2 stopped, 2 ended
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2], status, stopped = 0, ended = 0;
    pid_t group = 0;
    char byte;
    if (pipe(fd) < 0)
        return 1;
    for (int i = 0; i < 2; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            setpgid(0, group);
            close(fd[1]);
            read(fd[0], &byte, 1);
            _exit(0);
        }
        setpgid(pid, group);
        group = group ? group : pid;
    }
    kill(-group, SIGSTOP);
    while (stopped < 2 && waitpid(-group, &status, WUNTRACED) > 0)
        stopped += WIFSTOPPED(status);
    kill(-group, SIGCONT);
    close(fd[1]);
    while (waitpid(-group, &status, 0) > 0)
        ended += WIFEXITED(status);
    printf("%d stopped, %d ended\n", stopped, ended);
    return 0;
}
