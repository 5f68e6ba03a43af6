#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* All bytes of fd; NULL on error. */
static char *slurp(int fd, size_t *size)
{
    size_t room = 64;
    char *all = malloc(room);
    *size = 0;
    while (all) {
        ssize_t n = read(fd, all + *size, room - *size);
        if (n == 0)
            return all;
        if (n < 0)
            break;
        *size += (size_t)n;
        if (*size == room) {
            room *= 2;
            char *more = realloc(all, room);
            if (!more)
                break;
            all = more;
        }
    }
    free(all);
    return NULL;
}

static int spill(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w < 0)
            return -1;
        p += w;
        n -= w;
    }
    return 0;
}

int main(void)
{
    int fd[2];
    size_t size;
    if (pipe(fd) < 0)
        exit(1);
    pid_t pid = fork();
    if (pid < 0)
        exit(1);
    int child = pid == 0;
    close(child ? fd[1] : fd[0]);
    char *all = slurp(child ? fd[0] : STDIN_FILENO, &size);
    int failed = all == NULL;
    if (all) {
        if (child)
            for (size_t i = 0; i < size; i++)
                if (all[i] >= 'a' && all[i] <= 'z')
                    all[i] -= 'a' - 'A';
        failed = spill(child ? STDOUT_FILENO : fd[1], all, size);
        free(all);
    }
    if (failed)
        fprintf(stderr, "pump: %s failed\n", child ? "the child" : "the parent");
    if (child)
        exit(failed ? 1 : 0);
    close(fd[1]);
    int status = 0;
    waitpid(pid, &status, 0);
    return failed || status ? 1 : 0;
}
