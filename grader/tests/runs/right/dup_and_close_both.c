/*
 * The child has the write end three times, by dup(), fcntl() and dup2() onto stdout, and closes each: only the last close
 * gives end-of-file, while the child lives on until it is told to end.
 * EXPECT: no finding
 * OUTPUT: got abc, then the end
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[2], go[2];
    char text[4] = "", byte;
    if (pipe(fd) < 0 || pipe(go) < 0)
        return 1;
    if (fork() == 0) {
        int second = dup(fd[1]), third = fcntl(fd[1], F_DUPFD, 50);
        dup2(fd[1], 1);
        write(fd[1], "a", 1);
        close(fd[1]);
        write(second, "b", 1);
        close(second);
        write(third, "c", 1);
        close(third);
        close(1);
        close(go[1]);
        _exit((int)read(go[0], &byte, 1));
    }
    close(fd[1]);
    for (ssize_t n, size = 0; (n = read(fd[0], text + size, 3 - (size_t)size)) > 0;)
        size += n;
    printf("got %s, ", text);
    if (read(fd[0], &byte, 1) != 0)
        return 1;
    puts("then the end");
    close(go[1]);
    wait(NULL);
    return 0;
}
