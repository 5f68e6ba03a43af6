/* counter N K -- defensive version: process-shared mutex in a POSIX shared memory object. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_OK = 0, EXIT_ERROR = 1, EXIT_USAGE = 2 };
enum { MAX_PROCESSES = 64, MAX_TIMES = 1000000 };

typedef struct {
    pthread_mutex_t mutex;
    uint64_t counter;
} shared_t;

static void complain(const char *what, int error)
{
    fprintf(stderr, "counter: %s: %s\n", what, strerror(error));
}

static bool parse_number(const char *text, unsigned long minimum, unsigned long maximum, unsigned long *result)
{
    if (text == NULL || *text == '\0' || strspn(text, "0123456789") != strlen(text))
        return false;
    errno = 0;
    unsigned long value = strtoul(text, NULL, 10);
    if (errno != 0 || value < minimum || value > maximum)
        return false;
    *result = value;
    return true;
}

/* A fresh object under a name that nobody has; the name is gone when this returns. */
static int open_anonymous_object(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (unsigned attempt = 0; attempt < 1000; attempt++) {
        char name[80];
        snprintf(name, sizeof name, "/counter-%ld-%lx-%u", (long)getpid(), (unsigned long)now.tv_nsec, attempt);
        int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd >= 0) {
            if (shm_unlink(name) != 0) {
                int error = errno;
                close(fd);
                errno = error;
                return -1;
            }
            return fd;
        }
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

static shared_t *create_shared(void)
{
    int fd = open_anonymous_object();
    if (fd < 0) {
        complain("shm_open", errno);
        return NULL;
    }
    if (ftruncate(fd, sizeof(shared_t)) != 0) {
        complain("ftruncate", errno);
        close(fd);
        return NULL;
    }
    shared_t *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED)
        complain("mmap", errno);
    close(fd);
    if (shared == MAP_FAILED)
        return NULL;

    pthread_mutexattr_t attributes;
    int error = pthread_mutexattr_init(&attributes);
    if (error == 0) {
        error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
        if (error == 0)
            error = pthread_mutex_init(&shared->mutex, &attributes);
        pthread_mutexattr_destroy(&attributes);
    }
    if (error != 0) {
        complain("mutex", error);
        munmap(shared, sizeof *shared);
        return NULL;
    }
    shared->counter = 0;
    return shared;
}

static int child_main(shared_t *shared, unsigned long times)
{
    while (times-- > 0) {
        if (pthread_mutex_lock(&shared->mutex) != 0)
            return EXIT_ERROR;
        shared->counter++;
        if (pthread_mutex_unlock(&shared->mutex) != 0)
            return EXIT_ERROR;
    }
    return EXIT_OK;
}

int main(int argc, char **argv)
{
    unsigned long processes, times;

    if (argc != 3 || !parse_number(argv[1], 1, MAX_PROCESSES, &processes) ||
        !parse_number(argv[2], 0, MAX_TIMES, &times)) {
        fprintf(stderr, "usage: counter N K   (1 <= N <= %d, 0 <= K <= %d)\n", MAX_PROCESSES, MAX_TIMES);
        return EXIT_USAGE;
    }
    /* If somebody ignores SIGCHLD for us, the statuses of our children are thrown away. */
    if (signal(SIGCHLD, SIG_DFL) == SIG_ERR) {
        complain("signal", errno);
        return EXIT_ERROR;
    }

    shared_t *shared = create_shared();
    if (shared == NULL)
        return EXIT_ERROR;

    pid_t children[MAX_PROCESSES];
    size_t forked = 0, running = 0;
    bool failed = false;

    while (forked < processes) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(child_main(shared, times));
        if (pid < 0) {
            complain("fork", errno);
            failed = true;
            break;
        }
        children[forked++] = pid;
    }
    running = forked;

    bool killed = false;
    while (running > 0) {
        if (failed && !killed) {
            /* whoever is still there may wait for a lock whose owner has died */
            for (size_t i = 0; i < forked; i++)
                if (children[i] > 0)
                    kill(children[i], SIGKILL);
            killed = true;
        }
        int status;
        pid_t pid = waitpid(-1, &status, 0);
        if (pid < 0) {
            if (errno == EINTR)
                continue;
            complain("waitpid", errno);
            failed = true;
            break;
        }
        for (size_t i = 0; i < forked; i++) {
            if (children[i] != pid)
                continue;
            children[i] = -1;
            running--;
            if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_OK) {
                fprintf(stderr, "counter: child %ld did not do its work\n", (long)pid);
                failed = true;
            }
        }
    }

    uint64_t sum = shared->counter;
    munmap(shared, sizeof *shared);
    if (failed)
        return EXIT_ERROR;
    if (sum != (uint64_t)processes * times) {
        fprintf(stderr, "counter: the sum is wrong\n");
        return EXIT_ERROR;
    }
    printf("%llu\n", (unsigned long long)sum);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("stdout", errno);
        return EXIT_ERROR;
    }
    return EXIT_OK;
}
