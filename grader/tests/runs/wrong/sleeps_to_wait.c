/*
 * sleep() of a minute to wait for a child that ends at once.
 * EXPECT: timeout/sleeping
 * OPTIONS: --timeout 2
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    if (fork() == 0)
        _exit(0);
    sleep(60); /* HERE */
    wait(NULL);
    return 0;
}
