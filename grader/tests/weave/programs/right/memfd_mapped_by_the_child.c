// A memfd is inherited, and the child maps it by itself, read-only and at another address; a pipe says when
// it is filled.
// OUTPUT: sum of squares 285
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT 10

int main(void)
{
    int go[2];
    int fd = memfd_create("squares", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, COUNT * sizeof(int)) < 0 || pipe(go) < 0) {
        perror("setup");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        char token;
        close(go[1]);
        if (read(go[0], &token, 1) != 1)
            _exit(2);
        const int *v = mmap(NULL, COUNT * sizeof(int), PROT_READ, MAP_SHARED, fd, 0);
        if (v == MAP_FAILED)
            _exit(3);
        int sum = 0;
        for (int i = 0; i < COUNT; i++)
            sum += v[i];
        printf("sum of squares %d\n", sum);
        fflush(stdout);
        _exit(0);
    }
    close(go[0]);
    int *v = mmap(NULL, COUNT * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (v == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int i = 0; i < COUNT; i++)
        v[i] = i * i;
    if (write(go[1], "!", 1) != 1)
        return 1;
    close(go[1]);
    int status;
    if (waitpid(pid, &status, 0) < 0 || status != 0)
        return 1;
    return 0;
}
