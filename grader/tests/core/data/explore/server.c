/* Serves: adds what clients sent through a FIFO whose name is the first argument, until it has read as many as the second says. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int sum = 0, number;
    if (argc != 3 || mkfifo(argv[1], 0600) != 0)
        return 1;
    int fd = open(argv[1], O_RDWR);
    for (int n = atoi(argv[2]); n > 0; n--) {
        if (read(fd, &number, sizeof number) != sizeof number)
            return 2;
        sum += number;
    }
    unlink(argv[1]);
    printf("%d\n", sum);
    return 0;
}
