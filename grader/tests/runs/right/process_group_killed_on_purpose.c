/*
 * Three children in a process group of their own wait for ever; one kill(-pgid) ends them all, and all are waited for.
 * Both sides call setpgid(), so it does not matter who comes first.
 * EXPECT: no finding
 * OUTPUT: 3 ended by SIGTERM
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t group = 0;
    int status, ended = 0;
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            setpgid(0, group);
            for (;;)
                pause();
        }
        setpgid(pid, group);
        if (!group)
            group = pid;
    }
    kill(-group, SIGTERM);
    while (waitpid(-group, &status, 0) > 0)
        ended += WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
    printf("%d ended by SIGTERM\n", ended);
    return 0;
}
