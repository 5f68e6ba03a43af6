/*
 * Children that end in each way, on purpose: by a code, by a signal from outside, by one from itself. The parent tells all.
 * EXPECT: no finding
 * OUTPUT: exit 200
 * OUTPUT: signal 9
 * OUTPUT: signal 15
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    for (int how = 0; how < 3; how++) {
        int status;
        pid_t pid = fork();
        if (pid == 0) {
            if (how == 0)
                _exit(200);
            if (how == 2)
                raise(SIGTERM);
            for (;;)
                pause();
        }
        if (how == 1)
            kill(pid, SIGKILL);
        if (waitpid(pid, &status, 0) != pid)
            return 1;
        if (WIFEXITED(status))
            printf("exit %d\n", WEXITSTATUS(status));
        if (WIFSIGNALED(status))
            printf("signal %d\n", WTERMSIG(status));
    }
    return 0;
}
