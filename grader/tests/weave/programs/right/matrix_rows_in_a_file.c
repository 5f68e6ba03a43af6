// The product of two matrices: each child computes its rows into a mapped file, so nothing has to be locked.
// OUTPUT: 30 24 18
// OUTPUT: 84 69 54
// OUTPUT: 138 114 90
// OUTPUT: the file holds 36 bytes
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N = 3 };

static const int a[N][N] = {{1, 2, 3}, {4, 5, 6}, {7, 8, 9}};
static const int b[N][N] = {{9, 8, 7}, {6, 5, 4}, {3, 2, 1}};

static void row(int (*c)[N], int i)
{
    for (int j = 0; j < N; j++) {
        c[i][j] = 0;
        for (int k = 0; k < N; k++)
            c[i][j] += a[i][k] * b[k][j];
    }
}

int main(void)
{
    char name[] = "matrix-XXXXXX";
    int fd = mkstemp(name);
    if (fd < 0 || ftruncate(fd, sizeof(int[N][N])) != 0) {
        perror(name);
        return 1;
    }
    int(*c)[N] = mmap(NULL, sizeof(int[N][N]), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (c == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int i = 0; i < N; i++) {
        switch (fork()) {
        case -1:
            perror("fork");
            return 1;
        case 0:
            row(c, i);
            _exit(0);
        }
    }
    int status;
    while (wait(&status) > 0)
        if (status != 0)
            return 1;
    for (int i = 0; i < N; i++)
        printf("%d %d %d\n", c[i][0], c[i][1], c[i][2]);
    struct stat st;
    if (fstat(fd, &st) != 0)
        return 1;
    printf("the file holds %d bytes\n", (int)st.st_size);
    munmap(c, sizeof(int[N][N]));
    close(fd);
    return unlink(name) != 0;
}
