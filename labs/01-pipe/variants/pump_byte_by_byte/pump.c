#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2];
    unsigned char c;
    ssize_t n;
    if (pipe(fd) < 0)
        return 1;
    pid_t pid = fork();
    if (pid < 0)
        return 1;
    if (pid == 0) {
        close(fd[1]);
        while ((n = read(fd[0], &c, 1)) == 1) {
            if (c >= 'a' && c <= 'z')
                c = (unsigned char)(c & ~0x20);
            if (write(1, &c, 1) != 1)
                _exit(1);
        }
        _exit(n == 0 ? 0 : 1);
    }
    close(fd[0]);
    while ((n = read(0, &c, 1)) == 1)
        if (write(fd[1], &c, 1) != 1)
            break;
    close(fd[1]);
    int status;
    waitpid(pid, &status, 0);
    return n == 0 && status == 0 ? 0 : 1;
}
