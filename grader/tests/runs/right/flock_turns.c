/*
 * flock() guards a number in a file; each process opens the file itself, since a lock belongs to the open file.
 * EXPECT: no finding
 * OUTPUT: 60
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    char name[64];
    int n = 0;
    snprintf(name, sizeof name, "counter-%d", (int)getpid());
    int first = open(name, O_CREAT | O_EXCL | O_RDWR, 0600);
    if (first < 0 || write(first, &n, sizeof n) != sizeof n)
        return 1;
    for (int k = 0; k < 3; k++)
        if (fork() == 0) {
            int fd = open(name, O_RDWR);
            for (int i = 0; i < 20; i++) {
                flock(fd, LOCK_EX);
                pread(fd, &n, sizeof n, 0);
                n++;
                pwrite(fd, &n, sizeof n, 0);
                flock(fd, LOCK_UN);
            }
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    pread(first, &n, sizeof n, 0);
    printf("%d\n", n);
    return unlink(name);
}
