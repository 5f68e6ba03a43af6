/*
 * Not the program itself runs in a loop but one that it has started: the line is that of the start.
 * OPTIONS: --timeout 2
 * EXPECT: busy_wait/spins
 */
#include <stdlib.h>

int main(void)
{
    return system("while :; do :; done"); /* HERE */
}
