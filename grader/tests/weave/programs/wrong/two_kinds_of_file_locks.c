// One process locks the file with flock, the other with fcntl: on Linux these do not know of each other.
// RACE: BUMP BUMP
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void fcntl_lock(int fd, short type)
{
    struct flock l = {.l_type = type, .l_whence = SEEK_SET};
    if (fcntl(fd, F_SETLKW, &l) < 0)
        exit(1);
}

static void bump(int *n)
{
    *n += 1; /* BUMP */
}

int main(void)
{
    char name[] = "count-XXXXXX";
    int fd = mkstemp(name);
    if (fd < 0 || unlink(name) < 0 || ftruncate(fd, sizeof(int)) < 0)
        return perror(name), 1;
    int *n = mmap(NULL, sizeof *n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (n == MAP_FAILED)
        return perror("mmap"), 1;
    pid_t pid = fork();
    if (pid < 0)
        return perror("fork"), 1;
    for (int i = 0; i < 3; i++) {
        if (pid == 0) {
            flock(fd, LOCK_EX);
            bump(n);
            flock(fd, LOCK_UN);
        } else {
            fcntl_lock(fd, F_WRLCK);
            bump(n);
            fcntl_lock(fd, F_UNLCK);
        }
    }
    if (pid == 0)
        exit(0);
    wait(NULL);
    printf("%d\n", *n);
    return 0;
}
