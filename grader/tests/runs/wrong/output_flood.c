/*
 * A line for ever: the output reaches its limit.
 * EXPECT: output_flood/stdout_flood or resource_limit/output or output_flood/output or timeout/still_running or busy_wait/spins
 * OPTIONS: --timeout 3
 */
#include <stdio.h>

int main(void)
{
    for (;;)
        puts("still here, still here, still here, still here, still here, still here, still here");
}
