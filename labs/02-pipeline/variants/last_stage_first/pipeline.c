#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void redirect(int fd, int number)
{
    if (fd == number)
        return;
    close(number);
    if (dup(fd) != number) /* the lowest that is free: all below are open */
        _exit(127);
    close(fd);
}

static pid_t spawn(char **argv, int in, int out, int unused)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (unused >= 0)
            close(unused);
        redirect(in, 0);
        redirect(out, 1);
        execvp(argv[0], argv);
        perror("pipeline: execvp");
        _exit(127);
    }
    return pid;
}

int main(int argc, char **argv)
{
    char **stages[20];
    int count = 0, begin = 1, status, result = 0, out = 1, failed = 0;
    pid_t last = 0, pid;
    for (int i = 1; i <= argc; i++) {
        if (i < argc && strcmp(argv[i], "--") != 0)
            continue;
        if (i == begin || count == 20) {
            fprintf(stderr, "usage: pipeline CMD [ARG...] [-- CMD [ARG...]]...\n");
            return 2;
        }
        argv[i] = NULL;
        stages[count++] = argv + begin;
        begin = i + 1;
    }
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", O_RDWR); /* gets the lowest number, which is fd */
    for (int i = count - 1; i >= 0 && !failed; i--) {
        int ends[2] = {0, -1};
        if (i > 0 && pipe(ends) < 0) {
            perror("pipeline: pipe");
            failed = 1;
            break;
        }
        pid = spawn(stages[i], ends[0], out, ends[1]);
        if (pid < 0) {
            perror("pipeline: fork");
            failed = 1;
        }
        if (i == count - 1)
            last = pid;
        if (out != 1)
            close(out);
        if (ends[0] != 0)
            close(ends[0]);
        out = ends[1];
    }
    if (out > 1)
        close(out);
    while ((pid = wait(&status)) > 0)
        if (pid == last)
            result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return failed ? 1 : result;
}
