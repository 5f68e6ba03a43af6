/*
 * Two processes pass a byte to and fro, and none of them ever stops. At each moment one of them may run,
 * though both are in read() most of the time.
 * OPTIONS: --timeout 2
 * EXPECT: timeout/still_running or busy_wait/spins
 */
#include <unistd.h>

static void pass_on(int from, int to)
{
    char byte;
    while (read(from, &byte, 1) == 1) /* HERE */
        if (write(to, &byte, 1) != 1) /* HERE */
            break;
}

int main(void)
{
    int there[2], back[2];
    if (pipe(there) < 0 || pipe(back) < 0 || write(there[1], "x", 1) != 1)
        return 1;
    if (fork() == 0)
        pass_on(there[0], back[1]);
    else
        pass_on(back[0], there[1]);
    return 0;
}
