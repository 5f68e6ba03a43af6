/*
 * Two pipes, and both sides want to hear before they speak.
 * EXPECT: deadlock/wait_in_a_circle or deadlock/wait_in_a_cycle
 */
#include <sys/wait.h>
#include <unistd.h>

static void talk(int in, int out)
{
    char byte;
    read(in, &byte, 1); /* HERE */
    write(out, "x", 1);
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
