/*
 * The child stops itself and the parent, which would continue it, waits for its end.
 * EXPECT: hang/stopped
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        raise(SIGSTOP); /* HERE */
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    kill(pid, SIGCONT);
    return 0;
}
