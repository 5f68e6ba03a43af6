/*
 * A subreaper: the child leaves three children of its own behind, they come to the grandparent, which waits for all.
 * EXPECT: no finding
 * OUTPUT: waited for 4
 */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int hold[2], n = 0;
    char byte;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || pipe(hold) < 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 3; i++)
            if (fork() == 0) {
                close(hold[1]);
                read(hold[0], &byte, 1);
                _exit(0);
            }
        _exit(0);
    }
    n += waitpid(pid, NULL, 0) == pid;
    close(hold[1]);
    while (wait(NULL) > 0)
        n++;
    printf("waited for %d\n", n);
    return 0;
}
