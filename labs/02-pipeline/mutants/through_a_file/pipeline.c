#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int begin = 1, status = 0, in = -1, words = 0, count = 0;
    for (int i = 1; i <= argc; i++) {
        if (i < argc && strcmp(argv[i], "--") != 0) {
            words++;
            continue;
        }
        if (words == 0 || ++count > 20)
            return 2;
        words = 0;
    }
    for (int i = 1; i <= argc; i++) {
        if (i < argc && strcmp(argv[i], "--") != 0)
            continue;
        const int last = i >= argc;
        argv[i] = NULL;
        int out = last ? -1 : open("between", O_RDWR | O_CREAT | O_TRUNC, 0600);
        pid_t pid = fork();
        if (pid == 0) {
            if (in >= 0)
                dup2(in, 0);
            if (out >= 0)
                dup2(out, 1);
            execvp(argv[begin], argv + begin);
            perror(argv[begin]);
            _exit(127);
        }
        if (pid < 0)
            return 1;
        waitpid(pid, &status, 0);
        if (out >= 0) {
            lseek(out, 0, SEEK_SET);
            unlink("between");
        }
        in = out;
        begin = i + 1;
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
