/*
 * waitid(WNOWAIT) looks at an ended child and leaves it a zombie; it can be asked again, and the last call reaps.
 * EXPECT: no finding
 * OUTPUT: seen 6, seen 6, reaped 6
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    siginfo_t a, b;
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(6);
    if (waitid(P_PID, (id_t)pid, &a, WEXITED | WNOWAIT) < 0 ||
        waitid(P_PID, (id_t)pid, &b, WEXITED | WNOWAIT) < 0 || waitpid(pid, &status, 0) != pid)
        return 1;
    printf("seen %d, seen %d, reaped %d\n", a.si_status, b.si_status, WEXITSTATUS(status));
    return 0;
}
