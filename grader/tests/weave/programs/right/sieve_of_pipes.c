// Eratosthenes as a pipeline: each process takes the first number it gets as a prime, filters its multiples
// out, and passes the rest on to the next, which it starts itself.
// OUTPUT: 2 3 5 7 11 13 17 19
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT 20

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int next_number(int fd, int *n)
{
    ssize_t got = read(fd, n, sizeof *n);
    if (got == -1)
        die("read");
    return got == sizeof *n;
}

/* Runs in each stage: the child of one is the next, with the pipe between them as its input. */
static void stages(int in, int results)
{
    int prime, n, p[2];
    pid_t pid = 0;
    while (pid == 0 && next_number(in, &prime)) {
        if (write(results, &prime, sizeof prime) != sizeof prime || pipe(p) == -1)
            die("stage");
        pid = fork();
        if (pid == -1)
            die("fork");
        if (pid == 0) {
            close(p[1]);
            close(in);
            in = p[0];
        }
    }
    if (pid == 0)
        exit(0);
    close(p[0]);
    while (next_number(in, &n))
        if (n % prime != 0 && write(p[1], &n, sizeof n) != sizeof n)
            die("write");
    close(p[1]);
    if (waitpid(pid, NULL, 0) == -1)
        die("waitpid");
    exit(0);
}

int main(void)
{
    int numbers[2], results[2];
    if (pipe(numbers) == -1 || pipe(results) == -1)
        die("pipe");
    pid_t pid = fork();
    if (pid == -1)
        die("fork");
    if (pid == 0) {
        close(numbers[1]);
        close(results[0]);
        stages(numbers[0], results[1]);
    }
    close(numbers[0]);
    close(results[1]);
    for (int n = 2; n <= LIMIT; n++)
        if (write(numbers[1], &n, sizeof n) != sizeof n)
            die("write");
    close(numbers[1]);
    int prime, first = 1;
    while (next_number(results[0], &prime)) {
        printf("%s%d", first ? "" : " ", prime);
        first = 0;
    }
    putchar('\n');
    waitpid(pid, NULL, 0);
    return 0;
}
