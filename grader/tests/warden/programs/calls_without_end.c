/* From its first moment on it makes one watched call after the other. */
#include <unistd.h>

int main(void)
{
    int fds[2];
    while (pipe(fds) == 0) {
        close(fds[0]);
        close(fds[1]);
    }
    return 1;
}
