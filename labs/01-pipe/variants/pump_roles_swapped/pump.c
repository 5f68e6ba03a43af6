#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    int p[2];
    char buf[10000];
    ssize_t n;
    if (pipe(p) == -1) {
        perror("pipe");
        exit(1);
    }
    switch (fork()) {
    case -1:
        perror("fork");
        exit(1);
    case 0:
        close(p[0]);
        while ((n = read(0, buf, sizeof(buf))) > 0) {
            if (write(p[1], buf, n) != n)
                exit(1);
        }
        if (n < 0)
            perror("read");
        exit(n < 0 ? 1 : 0);
    }
    close(p[1]);
    int failed = 0, status = 0;
    while ((n = read(p[0], buf, sizeof(buf))) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            unsigned char c = (unsigned char)buf[i];
            buf[i] = (char)toupper(c);
        }
        ssize_t done = 0;
        while (done < n) {
            ssize_t w = write(1, buf + done, n - done);
            if (w <= 0) {
                perror("write");
                failed = 1;
                break;
            }
            done += w;
        }
        if (failed)
            break;
    }
    close(p[0]);
    wait(&status);
    return failed || n < 0 || status != 0;
}
