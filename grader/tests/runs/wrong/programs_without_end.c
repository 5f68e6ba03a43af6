/*
 * Starts one program after the other, and has forgotten when to stop. Most of the time it is asleep in
 * vfork, which no signal ends.
 * OPTIONS: --timeout 2
 * EXPECT: timeout/still_running or busy_wait/spins
 */
#include <stdlib.h>

int main(void)
{
    int failed = 0;
    while (failed == 0)
        failed = system("true"); /* HERE */
    return failed;
}
