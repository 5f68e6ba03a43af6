/*
 * `ls | wc` with the write end left open in the parent that waits: wc never ends. wc has no line of ours, the wait has.
 * EXPECT: deadlock/write_end_kept_by_waiting_parent
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        dup2(fd[1], 1);
        execlp("ls", "ls", "/", (char *)0);
        _exit(127);
    }
    pid_t wc = fork();
    if (wc == 0) {
        dup2(fd[0], 0);
        close(fd[0]);
        close(fd[1]);
        execlp("wc", "wc", "-l", (char *)0);
        _exit(127);
    }
    wait(NULL); /* HERE */
    wait(NULL); /* HERE */
    return 0;
}
