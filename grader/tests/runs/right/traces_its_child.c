/*
 * A debugger of its own: PTRACE_TRACEME in the child, and the parent counts its stops. (A process has one tracer at most.)
 * EXPECT: no finding
 * OUTPUT: stopped once, exit 2
 * XFAIL: ptrace is refused with EPERM, and no finding or note says so
 */
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(99);
        raise(SIGSTOP);
        _exit(2);
    }
    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
        return 1;
    printf("stopped once, ");
    ptrace(PTRACE_CONT, pid, NULL, NULL);
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return 1;
    printf("exit %d\n", WEXITSTATUS(status));
    return 0;
}
