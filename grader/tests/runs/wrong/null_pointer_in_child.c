/*
 * The child dies of a NULL pointer; its parent waits for it and looks away.
 * EXPECT: crash/killed_by_signal
 */
#include <sys/wait.h>
#include <unistd.h>

static int value(const int *p)
{
    return *p; /* HERE */
}

int main(void)
{
    if (fork() == 0)
        _exit(value(NULL));
    wait(NULL);
    return 0;
}
