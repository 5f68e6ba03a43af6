/* Two processes pass a byte to and fro for ever: each sleeps most of the time, yet they get on. */
#include <unistd.h>
int main(void)
{
    int there[2], back[2];
    char c = 0;
    if (pipe(there) < 0 || pipe(back) < 0)
        return 1;
    int child = fork() == 0;
    int in = child ? there[0] : back[0], out = child ? back[1] : there[1];
    if (!child && write(out, &c, 1) != 1)
        return 1;
    while (read(in, &c, 1) == 1)
        if (write(out, &c, 1) != 1)
            return 1;
    return 0;
}
