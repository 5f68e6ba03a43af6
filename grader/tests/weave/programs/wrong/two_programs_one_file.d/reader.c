#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    int fd = open(argv[1], O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, 4096) < 0) {
        perror(argv[1]);
        return 1;
    }
    const int *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    int n = 0, sum = 0;
    for (int tries = 0; tries < 20 && n == 0; tries++) {
        n = page[0]; /* POLL */
        usleep(1000);
    }
    for (int i = 1; i <= n; i++)
        sum += page[i]; /* SUM */
    printf("%d numbers, sum %d\n", n, sum);
    unlink(argv[1]);
    return 0;
}
