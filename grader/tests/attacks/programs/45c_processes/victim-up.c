/* Starts ten children at a time. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int gate[2];
    char c;
    if (pipe(gate) < 0)
        return 1;
    for (int i = 0; i < 10; i++) {
        const pid_t child = fork();
        if (child < 0)
            return 1;
        if (child == 0) {
            close(gate[1]);
            _exit(read(gate[0], &c, 1) != 0);
        }
    }
    close(gate[1]);
    while (wait(NULL) > 0)
        ;
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}
