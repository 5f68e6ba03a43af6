/*
 * A pipe that one process writes and then reads: never more than fits, and no read without bytes.
 * EXPECT: no finding
 * OUTPUT: 60000 bytes
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    static char data[20000];
    int fd[2];
    size_t size = 0;
    if (pipe(fd) < 0)
        return 1;
    memset(data, 'x', sizeof data);
    for (int i = 0; i < 3; i++) {
        if (write(fd[1], data, sizeof data) != sizeof data)
            return 1;
        for (size_t got = 0; got < sizeof data;) {
            ssize_t n = read(fd[0], data, sizeof data - got);
            if (n <= 0)
                return 1;
            got += (size_t)n;
            size += (size_t)n;
        }
    }
    printf("%zu bytes\n", size);
    return 0;
}
