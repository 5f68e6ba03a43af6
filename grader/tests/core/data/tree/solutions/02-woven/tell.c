#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* tell FIFO N: one byte */
int main(int argc, char **argv)
{
    //: solution
    if (argc != 3)
        return 1;
    mkfifo(argv[1], 0600);
    int fd = open(argv[1], O_WRONLY); // waits for who hears: what is told before is lost
    char n = (char)atoi(argv[2]);
    return fd < 0 || write(fd, &n, 1) != 1;
    //: skeleton
    //| (void)argc;
    //| (void)argv;
    //| return 1;
    //: end
}
