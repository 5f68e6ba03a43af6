/*
 * The child's branch does not end, so children fork too; each process waits once: main leaves two of its
 * three, its first child one of its two.
 * EXPECT: zombie/child_never_waited
 * EXPECT: zombie/child_never_waited
 * EXPECT: zombie/child_never_waited
 * XFAIL: a child that another process than main never waited for is not told
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    for (int i = 0; i < 3; i++)
        if (fork() < 0) /* HERE */
            return 1;
    wait(NULL);
    return 0;
}
