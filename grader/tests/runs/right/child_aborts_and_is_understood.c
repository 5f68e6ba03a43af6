/*
 * A child ends by abort(), and the parent says how: what the exercise about wait statuses asks for.
 * EXPECT: no finding
 * OUTPUT: killed by 6
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        abort();
    if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status))
        return 1;
    printf("killed by %d\n", WTERMSIG(status));
    return 0;
}
