// A dialogue over a pair of sockets; the numbers themselves lie in shared memory, only the turns go over the
// sockets.
// OUTPUT: 1 2 4 8 16 32 64
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURNS 6

static void pass(int fd)
{
    if (send(fd, "", 1, 0) != 1) {
        perror("send");
        exit(1);
    }
}

static void await(int fd)
{
    char c;
    if (recv(fd, &c, 1, 0) != 1) {
        perror("recv");
        exit(1);
    }
}

int main(void)
{
    int sv[2];
    int *n = mmap(NULL, sizeof *n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (n == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0) {
        perror("setup");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        close(sv[0]);
        for (int i = 0; i < TURNS; i++) {
            await(sv[1]);
            *n *= 2;
            pass(sv[1]);
        }
        exit(0);
    }
    close(sv[1]);
    *n = 1;
    for (int i = 0; i < TURNS; i++) {
        printf("%d ", *n);
        pass(sv[0]);
        await(sv[0]);
    }
    printf("%d\n", *n);
    return waitpid(pid, NULL, 0) != pid;
}
