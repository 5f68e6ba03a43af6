/*
 * flock() of two files in opposite orders; unlike for fcntl() locks the kernel does not look for circles here.
 * EXPECT: deadlock/wait_in_a_cycle
 */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

static void take(const char *first, const char *second, int tell, int hear)
{
    int a = open(first, O_RDWR | O_CREAT, 0600), b = open(second, O_RDWR | O_CREAT, 0600);
    char byte;
    flock(a, LOCK_EX);
    write(tell, "x", 1);
    read(hear, &byte, 1);
    flock(b, LOCK_EX); /* HERE */
    close(b);
    close(a);
}

int main(void)
{
    int there[2], back[2];
    if (pipe(there) < 0 || pipe(back) < 0)
        return 1;
    if (fork() == 0) {
        take("one", "two", there[1], back[0]);
        _exit(0);
    }
    take("two", "one", back[1], there[0]);
    wait(NULL);
    unlink("one");
    unlink("two");
    return 0;
}
