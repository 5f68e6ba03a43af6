/*
 * Both sides send more than a pipe holds before either reads.
 * EXPECT: deadlock/wait_in_a_cycle or deadlock/wait_in_a_circle
 */
#include <sys/wait.h>
#include <unistd.h>

static char data[200000];

static void talk(int in, int out)
{
    write(out, data, sizeof data); /* HERE */
    for (size_t size = 0; size < sizeof data;)
        size += (size_t)read(in, data, sizeof data);
}

int main(void)
{
    int there[2], back[2];
    if (pipe(there) < 0 || pipe(back) < 0)
        return 1;
    if (fork() == 0) {
        close(there[1]);
        close(back[0]);
        talk(there[0], back[1]);
        _exit(0);
    }
    close(there[0]);
    close(back[1]);
    talk(back[0], there[1]);
    wait(NULL);
    return 0;
}
