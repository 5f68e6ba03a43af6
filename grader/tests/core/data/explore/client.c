/* Sends a number through the FIFO, once it is there. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int fd, number;
    if (argc != 3)
        return 1;
    number = atoi(argv[2]);
    while ((fd = open(argv[1], O_WRONLY)) < 0)
        usleep(1000);
    return write(fd, &number, sizeof number) != sizeof number;
}
