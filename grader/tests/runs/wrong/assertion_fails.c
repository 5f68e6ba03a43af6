/*
 * An assertion that fails: abort().
 * EXPECT: crash/killed_by_signal
 */
#include <assert.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    assert(pipe(fd) == -1); /* HERE */
    return 0;
}
