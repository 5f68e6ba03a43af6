/* Right: the middle process is waited for, the grandchild ends by itself some time later. */
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    int fd[2];
    char c;
    if (pipe(fd) < 0)
        return 1;
    pid_t middle = fork();
    if (middle == 0) {
        if (fork() == 0) {
            for (volatile int i = 0; i < 3000000; i++)
                ;
            if (write(fd[1], "x", 1) != 1)
                _exit(1);
            _exit(0);
        }
        _exit(0);
    }
    close(fd[1]);
    if (waitpid(middle, NULL, 0) != middle)
        return 1;
    return read(fd[0], &c, 1) == 1 ? 0 : 1;
}
