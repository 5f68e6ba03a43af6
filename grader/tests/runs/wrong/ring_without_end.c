/*
 * A dozen processes pass a byte round for ever. All but one of them wait at each moment, and that one is
 * another when the next is looked at.
 * OPTIONS: --timeout 2
 * EXPECT: timeout/still_running or busy_wait/spins
 */
#include <unistd.h>

#define COUNT 12

int main(void)
{
    int fd[COUNT][2], me = 0;
    char byte = 'x';
    for (int i = 0; i < COUNT; i++)
        if (pipe(fd[i]) < 0)
            return 1;
    while (me < COUNT - 1 && fork() == 0)
        me++;
    if (me == 0 && write(fd[1][1], &byte, 1) != 1)
        return 1;
    while (read(fd[me][0], &byte, 1) == 1)                 /* HERE */
        if (write(fd[(me + 1) % COUNT][1], &byte, 1) != 1) /* HERE */
            return 1;
    return 0;
}
