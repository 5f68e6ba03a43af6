// flock with a description for each process: everybody opens the lock file by itself.
// OUTPUT: next ticket: 10
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_lock(const char *name)
{
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        perror(name);
        exit(1);
    }
    return fd;
}

static void draw(const char *name, int *next, int times)
{
    int fd = open_lock(name);
    while (times-- > 0) {
        if (flock(fd, LOCK_EX) < 0) {
            perror("flock");
            exit(1);
        }
        *next = *next + 1;
        flock(fd, LOCK_UN);
    }
    close(fd);
}

int main(void)
{
    char name[32];
    snprintf(name, sizeof name, "lock-%d", (int)getpid());
    int fd = open_lock(name);
    int *next = mmap(NULL, sizeof *next, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (next == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    *next = 1;
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            close(fd);
            draw(name, next, 3);
            exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    if (flock(fd, LOCK_SH | LOCK_NB) < 0) {
        perror("flock");
        return 1;
    }
    printf("next ticket: %d\n", *next);
    return unlink(name) != 0;
}
