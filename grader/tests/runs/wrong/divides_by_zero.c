/*
 * SIGFPE in a child, after a division by how many there are.
 * EXPECT: crash/killed_by_signal
 */
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    (void)argv;
    if (fork() == 0)
        _exit(100 / (argc - 1)); /* HERE */
    wait(NULL);
    return 0;
}
