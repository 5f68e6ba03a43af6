// Five writers, one pipe: records below PIPE_BUF are never mixed. With each record comes a part of the shared
// array, which the reader may look at because it has the record.
// OUTPUT: 15 records, total 345
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 5, EACH = 3 };

struct record {
    int writer, number;
    char text[24];
};

int main(void)
{
    int fd[2];
    int *value =
        mmap(NULL, WRITERS * EACH * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (value == MAP_FAILED || pipe(fd) == -1) {
        perror("setup");
        exit(1);
    }
    for (int w = 0; w < WRITERS; w++) {
        pid_t pid = fork();
        if (pid == -1) {
            perror("fork");
            exit(1);
        }
        if (pid == 0) {
            close(fd[0]);
            for (int n = 0; n < EACH; n++) {
                struct record r = {.writer = w, .number = n};
                snprintf(r.text, sizeof r.text, "writer %d, record %d", w, n);
                value[w * EACH + n] = 10 * w + n + 2;
                if (write(fd[1], &r, sizeof r) != sizeof r)
                    _exit(1);
            }
            _exit(0);
        }
    }
    close(fd[1]);
    struct record r;
    int count = 0, total = 0;
    ssize_t got;
    while ((got = read(fd[0], &r, sizeof r)) == sizeof r) {
        char expected[24];
        snprintf(expected, sizeof expected, "writer %d, record %d", r.writer, r.number);
        if (strcmp(expected, r.text) != 0)
            return 1;
        count++;
        total += value[r.writer * EACH + r.number];
    }
    while (wait(NULL) > 0)
        ;
    printf("%d records, total %d\n", count, total);
    return got != 0;
}
