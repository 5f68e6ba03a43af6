// A memfd goes to a process that could not have inherited it, over a Unix socket (SCM_RIGHTS); both map it.
// OUTPUT: 2 3 5 7 11 sum to 28
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROOM = 8 };

union control {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(int))];
};

static int *map(int fd)
{
    int *p = mmap(NULL, ROOM * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        exit(1);
    return p;
}

static void send_fd(int socket, int fd)
{
    char byte = 'm';
    union control c = {.bytes = {0}};
    struct iovec io = {.iov_base = &byte, .iov_len = 1};
    struct msghdr m = {
        .msg_iov = &io, .msg_iovlen = 1, .msg_control = c.bytes, .msg_controllen = sizeof c.bytes};
    c.head = (struct cmsghdr){
        .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&c.head), &fd, sizeof fd);
    if (sendmsg(socket, &m, 0) != 1) {
        perror("sendmsg");
        exit(1);
    }
}

static int receive_fd(int socket)
{
    char byte;
    int fd = -1;
    union control c;
    struct iovec io = {.iov_base = &byte, .iov_len = 1};
    struct msghdr m = {
        .msg_iov = &io, .msg_iovlen = 1, .msg_control = c.bytes, .msg_controllen = sizeof c.bytes};
    if (recvmsg(socket, &m, 0) != 1 || m.msg_controllen < CMSG_LEN(sizeof(int))) {
        perror("recvmsg");
        exit(1);
    }
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
    return fd;
}

int main(void)
{
    int sv[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0) {
        perror("socketpair");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        int fd = memfd_create("primes", 0);
        if (fd < 0 || ftruncate(fd, ROOM * sizeof(int)) < 0)
            exit(1);
        memcpy(map(fd), (int[]){2, 3, 5, 7, 11}, 5 * sizeof(int));
        send_fd(sv[1], fd);
        exit(0);
    }
    int *p = map(receive_fd(sv[0])), sum = 0;
    for (int i = 0; p[i]; i++) {
        printf("%d ", p[i]);
        sum += p[i];
    }
    printf("sum to %d\n", sum);
    return waitpid(pid, NULL, 0) != pid;
}
