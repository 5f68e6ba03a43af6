/*
 * The child sends three bytes and waits for an answer; the parent wants eight before it answers.
 * EXPECT: deadlock/wait_in_a_circle or deadlock/wait_in_a_cycle
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int there[2], back[2];
    char data[8];
    if (pipe(there) < 0 || pipe(back) < 0)
        return 1;
    if (fork() == 0) {
        close(there[1]);
        close(back[0]);
        write(back[1], "abc", 3);
        _exit(read(there[0], data, 1) != 1); /* HERE */
    }
    close(there[0]);
    close(back[1]);
    for (ssize_t n, size = 0; size < 8; size += n)
        if ((n = read(back[0], data + size, 8 - (size_t)size)) <= 0) /* HERE */
            return 1;
    write(there[1], "x", 1);
    wait(NULL);
    return 0;
}
