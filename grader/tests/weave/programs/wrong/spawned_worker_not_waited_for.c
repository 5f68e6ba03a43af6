// posix_spawn returns as soon as the worker runs, not when it has ended.
// RACE: WORK TAKE
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
    if (argc == 2) { /* the worker */
        int *v = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, atoi(argv[1]), 0);
        if (v == MAP_FAILED)
            return 1;
        for (int i = 0; i < 5; i++)
            v[i] = i * 11; /* WORK */
        return 0;
    }
    FILE *file = tmpfile();
    if (!file || ftruncate(fileno(file), 4096) < 0) {
        perror("tmpfile");
        return 1;
    }
    int fd = dup(fileno(file)); /* without FD_CLOEXEC */
    int *v = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char number[16];
    pid_t pid;
    snprintf(number, sizeof number, "%d", fd);
    char *words[] = {argv[0], number, NULL};
    if (fd < 0 || v == MAP_FAILED || posix_spawn(&pid, argv[0], NULL, NULL, words, environ) != 0)
        return 1;
    int last = v[4]; /* TAKE */
    waitpid(pid, NULL, 0);
    printf("at most %d\n", last > 44 ? last : 44);
    return 0;
}
