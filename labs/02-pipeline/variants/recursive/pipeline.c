#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int failed;

static void become(int fd, int number)
{
    close(number);
    if (fcntl(fd, F_DUPFD, number) != number)
        _exit(127);
    close(fd);
}

/* Runs what begins at argv, with `in` as its stdin (-1: as it is). Returns the status of the last stage. */
static int run(char **argv, int in)
{
    char **rest = argv;
    int ends[2] = {-1, -1}, status = 0, later = 0;
    while (*rest)
        rest++;
    rest = rest[1] ? rest + 1 : NULL; /* main has put two NULLs behind the last */
    if (rest && pipe(ends) < 0) {
        perror("pipe");
        failed = 1;
        if (in >= 0)
            close(in);
        return 1;
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        failed = 1;
    }
    if (pid == 0) {
        if (in != -1)
            become(in, STDIN_FILENO);
        if (rest) {
            close(ends[0]);
            become(ends[1], STDOUT_FILENO);
        }
        execvp(argv[0], argv);
        perror(argv[0]);
        _exit(127);
    }
    if (in != -1)
        close(in);
    if (rest) {
        close(ends[1]);
        if (failed)
            close(ends[0]);
        else
            later = run(rest, ends[0]);
    }
    if (pid > 0)
        waitpid(pid, &status, 0);
    if (rest)
        return later;
    return WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status) + 128;
}

int main(int argc, char *argv[])
{
    int stages = 1, words = 0;
    char **list = calloc((size_t)argc + 2, sizeof *list);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--")) {
            list[i - 1] = argv[i];
            words++;
            continue;
        }
        if (!words)
            stages = 100;
        stages++;
        words = 0;
    }
    if (!words || stages > 20) {
        fputs("usage: pipeline CMD [ARG...] [-- CMD [ARG...]]...\n", stderr);
        free(list);
        return 2;
    }
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd < 3)
        fd = dup(fd);
    close(fd);
    int status = run(list, -1);
    free(list);
    return failed ? 1 : status;
}
