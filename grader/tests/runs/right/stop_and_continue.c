/*
 * Job control: the child stops itself, the parent sees that by WUNTRACED, continues it, sees that by WCONTINUED, and then its end.
 * EXPECT: no finding
 * OUTPUT: stopped, continued, exit 5
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int status, go[2];
    char byte;
    if (pipe(go) < 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        raise(SIGSTOP);
        read(go[0], &byte, 1);
        _exit(5);
    }
    if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
        return 1;
    printf("stopped, ");
    kill(pid, SIGCONT);
    if (waitpid(pid, &status, WCONTINUED) != pid || !WIFCONTINUED(status))
        return 1;
    printf("continued, ");
    write(go[1], "x", 1);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return 1;
    printf("exit %d\n", WEXITSTATUS(status));
    return 0;
}
