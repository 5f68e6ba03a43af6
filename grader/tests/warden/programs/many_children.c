/* Makes argv[1] children, one after the other, each of which makes calls of its own; then a pipe. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int fds[2];
    for (int i = argc > 1 ? atoi(argv[1]) : 0; i > 0; i--) {
        pid_t child = fork();
        if (child == 0) {
            if (pipe(fds) < 0)
                _exit(1);
            _exit(close(fds[0]));
        }
        waitpid(child, NULL, 0);
    }
    return pipe(fds) < 0;
}
