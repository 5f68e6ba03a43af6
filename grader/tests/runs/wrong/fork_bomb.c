/*
 * The child's branch does not end, in a loop without an end: processes up to the limit, each of which then waits.
 * EXPECT: resource_limit/processes
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    while (fork() >= 0)
        ;
    while (wait(NULL) > 0)
        ;
    return 0;
}
