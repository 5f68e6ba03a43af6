// The parent collects what three children say over pipes of their own, in whatever order it comes, with
// select.
// OUTPUT: 9 messages, each child's in order, sum 36
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 3, EACH = 3 };

static void talk(int fd, int *shared, int me)
{
    for (int i = 0; i < EACH; i++) {
        shared[me * EACH + i] = (me + 1) * (i + 1);
        if (write(fd, &i, sizeof i) != sizeof i)
            exit(1);
        if (i == 1)
            usleep(1000);
    }
    exit(0);
}

int main(void)
{
    int in[CHILDREN], next[CHILDREN] = {0}, open = CHILDREN, messages = 0, ordered = 1, sum = 0;
    int *shared =
        mmap(NULL, CHILDREN * EACH * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int c = 0; c < CHILDREN; c++) {
        int fd[2];
        if (pipe(fd) < 0) {
            perror("pipe");
            return 1;
        }
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            close(fd[0]);
            talk(fd[1], shared, c);
        }
        close(fd[1]);
        in[c] = fd[0];
    }
    while (open > 0) {
        fd_set set;
        FD_ZERO(&set);
        for (int c = 0; c < CHILDREN; c++)
            if (in[c] >= 0)
                FD_SET(in[c], &set);
        if (select(FD_SETSIZE, &set, NULL, NULL, NULL) < 0) {
            perror("select");
            return 1;
        }
        for (int c = 0; c < CHILDREN; c++) {
            int n;
            if (in[c] < 0 || !FD_ISSET(in[c], &set))
                continue;
            if (read(in[c], &n, sizeof n) != sizeof n) {
                close(in[c]);
                in[c] = -1;
                open--;
                continue;
            }
            messages++;
            ordered = ordered && n == next[c]++;
            sum += shared[c * EACH + n];
        }
    }
    while (wait(NULL) > 0)
        ;
    printf("%d messages, each child's %s, sum %d\n", messages, ordered ? "in order" : "mixed", sum);
    return 0;
}
