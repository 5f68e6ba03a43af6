/*
 * Busy waiting on an ordinary variable which the child sets, in its own memory.
 * EXPECT: busy_wait/spins
 * OPTIONS: --timeout 2
 */
#include <sys/wait.h>
#include <unistd.h>

static volatile int flag;

int main(void)
{
    if (fork() == 0) {
        flag = 1;
        _exit(0);
    }
    while (!flag) /* HERE */
        ;         /* HERE */
    wait(NULL);
    return 0;
}
