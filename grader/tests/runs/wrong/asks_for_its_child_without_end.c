/*
 * The parent asks again and again whether its child has ended: each question is a call that the supervisor stops at, yet it is a loop.
 * EXPECT: busy_wait/spins
 * OPTIONS: --timeout 2
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    while (waitpid(child, NULL, WNOHANG) == 0) /* HERE */
        ;
    return 0;
}
