// While it holds a record lock, a process opens the same file once more to read a setting, and closes it:
// that gives up all its locks on the file.
// RACE: SUM SUM
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char name[] = "setting-XXXXXX";

static void lock(int fd, int type)
{
    struct flock l = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};
    if (fcntl(fd, F_SETLKW, &l) == -1) {
        perror("fcntl");
        exit(1);
    }
}

static int setting(void)
{
    char c = 0;
    int fd = open(name, O_RDONLY);
    if (fd < 0 || read(fd, &c, 1) != 1)
        exit(1);
    close(fd);
    return c == 0;
}

int main(void)
{
    int fd = mkstemp(name);
    if (fd < 0 || ftruncate(fd, 4096) < 0) {
        perror(name);
        return 1;
    }
    int *sum = mmap(NULL, sizeof *sum, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (sum == MAP_FAILED)
        return 1;
    pid_t pid = fork();
    if (pid < 0)
        return 1;
    for (int i = 1; i <= 3; i++) {
        lock(fd, F_WRLCK);
        int by = setting() ? i : -i;
        *sum += by; /* SUM */
        lock(fd, F_UNLCK);
    }
    if (pid == 0)
        exit(0);
    wait(NULL);
    unlink(name);
    printf("sum %d\n", *sum);
    return 0;
}
