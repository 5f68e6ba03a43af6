/*
 * The program gives itself a seccomp filter that refuses getppid() with EPERM and allows everything else, then goes on as
 * usual, with a child and a pipe.
 * EXPECT: no finding
 * OUTPUT: refused, child 4
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    int fd[2], n = 0;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        return 1;
    const char *said = syscall(SYS_getppid) < 0 && errno == EPERM ? "refused" : "allowed";
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0)
        _exit(write(fd[1], &(int){4}, sizeof n) != sizeof n);
    close(fd[1]);
    read(fd[0], &n, sizeof n);
    wait(NULL);
    printf("%s, child %d\n", said, n);
    return 0;
}
