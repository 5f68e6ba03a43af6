// posix_spawn starts the program again as a worker; the shared memory is a file that is inherited as a
// descriptor and mapped by each. The parent reads a worker's part after it has waited for that worker.
// OUTPUT: 0 1 4 9
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
enum { WORKERS = 4 };

static int *map(int fd)
{
    int *p = mmap(NULL, WORKERS * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return p;
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        int fd = atoi(argv[1]), n = atoi(argv[2]);
        map(fd)[n] = n * n;
        return 0;
    }
    char name[] = "spawned-XXXXXX";
    int fd = mkstemp(name);
    if (fd < 0 || unlink(name) < 0 || ftruncate(fd, WORKERS * sizeof(int)) < 0) {
        perror(name);
        return 1;
    }
    int *square = map(fd);
    pid_t pid[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        char fd_text[12], n_text[12];
        sprintf(fd_text, "%d", fd);
        sprintf(n_text, "%d", i);
        char *const words[] = {argv[0], fd_text, n_text, NULL};
        int error = posix_spawn(&pid[i], argv[0], NULL, NULL, words, environ);
        if (error != 0) {
            fprintf(stderr, "posix_spawn: %s\n", strerror(error));
            return 1;
        }
    }
    for (int i = 0; i < WORKERS; i++) {
        int status;
        if (waitpid(pid[i], &status, 0) != pid[i] || status != 0)
            return 1;
        printf("%d%s", square[i], i + 1 < WORKERS ? " " : "\n");
    }
    return 0;
}
