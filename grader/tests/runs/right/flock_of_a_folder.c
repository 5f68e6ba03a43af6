/*
 * The lock of the working directory guards a number; close() gives it back, and so does the end of the process.
 * EXPECT: no finding
 * OUTPUT: 30
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int lock(void)
{
    int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && flock(fd, LOCK_EX) == 0 ? fd : -1;
}

int main(void)
{
    int *number = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int k = 0; k < 3; k++)
        if (fork() == 0) {
            for (int i = 0; i < 10; i++) {
                int fd = lock();
                ++*number;
                if (i < 9)
                    close(fd);
            }
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    printf("%d\n", *number);
    return 0;
}
