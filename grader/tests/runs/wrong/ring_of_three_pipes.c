/*
 * Three processes in a ring, each reads from its left neighbour before it writes to its right one.
 * EXPECT: deadlock/wait_in_a_cycle
 */
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int fd[3][2];
    for (int i = 0; i < 3; i++)
        if (pipe(fd[i]) < 0)
            return 1;
    for (int me = 0; me < 3; me++)
        if (fork() == 0) {
            char token;
            int in = fd[me][0], out = fd[(me + 1) % 3][1];
            for (int i = 0; i < 3; i++) {
                if (fd[i][0] != in)
                    close(fd[i][0]);
                if (fd[i][1] != out)
                    close(fd[i][1]);
            }
            read(in, &token, 1); /* HERE */
            write(out, &token, 1);
            _exit(0);
        }
    for (int i = 0; i < 3; i++) {
        close(fd[i][0]);
        close(fd[i][1]);
    }
    while (wait(NULL) > 0)
        ;
    return 0;
}
