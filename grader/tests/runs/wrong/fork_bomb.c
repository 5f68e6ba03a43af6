/*
 * The child's branch does not end, in a loop without an end: processes up to the limit, each of which then waits.
 * EXPECT: resource_limit/processes
 * XFAIL SOMETIMES: no finding if the bomb is over before the number of processes is looked at
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
