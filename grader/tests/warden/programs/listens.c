/* Wants to decide itself about the calls that warden refuses: a filter of its own hands them to a listener.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int listener;

static void *lets_all_go_on(void *unused)
{
    struct seccomp_notif asked;
    for (memset(&asked, 0, sizeof asked); ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) == 0;
         memset(&asked, 0, sizeof asked)) {
        struct seccomp_notif_resp answer = {.id = asked.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
    }
    return unused;
}

int main(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    pthread_t t;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    listener = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    printf("listener %d\n", listener < 0 ? errno : 0);
    if (listener >= 0)
        pthread_create(&t, NULL, lets_all_go_on, NULL);
    const int made = unshare(CLONE_NEWUSER);
    printf("unshare %d\n", made < 0 ? errno : 0);
    /* a filter without a listener is its own business */
    printf("filter %d\n",
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &(struct sock_fprog){1, &code[4]}) < 0 ? errno
                                                                                                   : 0);
    fflush(stdout);
    if (fork() == 0)
        _exit(0);
    return 0; /* a child is left behind, which the end of a process tells */
}
