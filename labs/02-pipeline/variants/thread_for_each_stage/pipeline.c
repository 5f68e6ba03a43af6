#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
    char **argv;
    int in, out; /* -1: as it is */
    int status, made;
};

static void *run(void *argument)
{
    struct job *j = argument;
    pid_t pid = fork();
    if (pid == 0) {
        if (j->in >= 0)
            dup2(j->in, 0);
        if (j->out >= 0)
            dup2(j->out, 1);
        execvp(j->argv[0], j->argv);
        perror(j->argv[0]);
        _exit(127);
    }
    if (pid < 0)
        perror("fork");
    if (j->in >= 0)
        close(j->in);
    if (j->out >= 0)
        close(j->out);
    j->made = pid > 0;
    if (pid > 0)
        waitpid(pid, &j->status, 0);
    return NULL;
}

int main(int argc, char **argv)
{
    struct job jobs[20];
    pthread_t threads[20];
    int n = 0, words = 0, made = 0, fd;
    for (int i = 1; i <= argc; i++) {
        if (i < argc && strcmp(argv[i], "--") != 0) {
            words++;
            continue;
        }
        if (words == 0 || n == 20) {
            fprintf(stderr, "usage: pipeline CMD [ARG...] [-- CMD [ARG...]]...\n");
            return 2;
        }
        argv[i] = NULL;
        jobs[n++] = (struct job){.argv = argv + i - words, .in = -1, .out = -1};
        words = 0;
    }
    while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) < 3 && fd >= 0)
        fcntl(fd, F_SETFD, 0);
    for (int i = 0; i < n - 1; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0) {
            perror("pipe2");
            return 1;
        }
        jobs[i].out = ends[1];
        jobs[i + 1].in = ends[0];
    }
    for (int i = 0; i < n; i++)
        if (pthread_create(&threads[i], NULL, run, &jobs[i]) != 0)
            return 1;
    for (int i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
        made += jobs[i].made;
    }
    if (made < n)
        return 1;
    int status = jobs[n - 1].status;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
