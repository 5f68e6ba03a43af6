/*
 * vfork(): the parent sleeps until the child has exec-ed or ended, in memory that both use. Both ways are right.
 * EXPECT: no finding
 * OUTPUT: codes 0 and 9
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int a, b;
    pid_t pid = vfork();
    if (pid == 0) {
        execlp("true", "true", (char *)0);
        _exit(127);
    }
    waitpid(pid, &a, 0);
    pid = vfork();
    if (pid == 0)
        _exit(9);
    waitpid(pid, &b, 0);
    printf("codes %d and %d\n", WEXITSTATUS(a), WEXITSTATUS(b));
    return 0;
}
