// Two programs map the same file; the writer announces its data by a number in the file itself, the reader
// polls it.
// START: writer data-{unique}
// START: reader data-{unique}
// RACE: COUNT POLL
// RACE: DATA SUM
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
    int *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int i = 1; i <= 5; i++)
        page[i] = i * i; /* DATA */
    page[0] = 5;         /* COUNT */
    return 0;
}
