#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* hear FIFO N: the sum of bytes that come, until it is N */
int main(int argc, char **argv)
{
    //: solution
    if (argc != 3 || (mkfifo(argv[1], 0600) != 0 && access(argv[1], R_OK) != 0))
        return 1;
    int wanted = atoi(argv[2]), sum = 0;
    int fd = wanted ? open(argv[1], O_RDWR) : -1;
    char n;
    while (sum < wanted && read(fd, &n, 1) == 1)
        sum += n;
    printf("%d\n", sum);
    return unlink(argv[1]) != 0;
    //: skeleton
    //| (void)argc;
    //| (void)argv;
    //| return 1;
    //: end
}
