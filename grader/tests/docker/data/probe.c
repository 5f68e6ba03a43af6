/* What may a process in our container ask the kernel for? One line a probe: its name and what the kernel
 * said, a name of errno, "ok", or "killed N" where the kernel ended the process. Each probe runs in a child
 * of its own.
 *
 * The test that runs this knows what each line must be under our profile, and what it becomes without one. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEW_USER_NAMESPACE         0x10000000
#define USERFAULTFD_USER_MODE_ONLY 1
#define KEYCTL_GET_KEYRING_ID      0
#define KEY_SPEC_SESSION_KEYRING   (-3)

/* A probe returns 0, or an errno. */
struct probe {
    const char *name;
    int (*run)(void);
};

static int said(long result)
{
    return result < 0 ? errno : 0;
}

/* Ends the child, however it got there; the exit status is an errno. */
static int child_result(pid_t pid)
{
    int status = 0;
    if (pid < 0) {
        return errno;
    }
    if (waitpid(pid, &status, 0) != pid) {
        return errno;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EPROTO;
}

/* ---- must be refused ---------------------------------------------------------------------------------- */

static int io_uring(void)
{
    char parameters[512] = {0};
    return said(syscall(SYS_io_uring_setup, 1, parameters));
}

static int bpf(void)
{
    return said(syscall(SYS_bpf, 0, NULL, 0));
}

static int keyctl(void)
{
    return said(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1));
}

static int add_key(void)
{
    return said(syscall(SYS_add_key, "user", "ipclab", "x", 1, KEY_SPEC_SESSION_KEYRING));
}

static int userfaultfd(void)
{
    return said(syscall(SYS_userfaultfd, USERFAULTFD_USER_MODE_ONLY));
}

static int perf_event_open(void)
{
    return said(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
}

static int unshare_user(void)
{
    return said(unshare(CLONE_NEWUSER));
}

static int set_namespace(void)
{
    return said(setns(-1, 0));
}

static int clone_user(void)
{
    pid_t pid = (pid_t)syscall(SYS_clone, NEW_USER_NAMESPACE | SIGCHLD, NULL, NULL, NULL, 0L);
    if (pid == 0) {
        _exit(0);
    }
    return child_result(pid);
}

static int clone3(void)
{
    uint64_t arguments[8] = {0};
    arguments[4] = SIGCHLD;
    pid_t pid = (pid_t)syscall(SYS_clone3, arguments, sizeof arguments);
    if (pid == 0) {
        _exit(0);
    }
    return child_result(pid);
}

static int mount_tmpfs(void)
{
    return said(syscall(SYS_mount, NULL, NULL, NULL, 0, NULL));
}

static int fsopen_tmpfs(void)
{
    return said(syscall(SYS_fsopen, "tmpfs", 0));
}

static int kexec(void)
{
    return said(syscall(SYS_kexec_load, 0, 0, NULL, 0));
}

static int load_module(void)
{
    return said(syscall(SYS_finit_module, -1, "", 0));
}

static int handle_of_file(void)
{
    uint32_t handle[8] = {0};
    int mount_id = 0;
    return said(syscall(SYS_name_to_handle_at, AT_FDCWD, "/", handle, &mount_id, 0));
}

static int compare_processes(void)
{
    return said(syscall(SYS_kcmp, getpid(), getpid(), 0, 0, 0));
}

static int write_other_memory(void)
{
    char byte = 0;
    struct iovec piece = {&byte, 1};
    return said(process_vm_writev(getpid(), &piece, 1, &piece, 1, 0));
}

static int vsock(void)
{
    return said(socket(AF_VSOCK, SOCK_STREAM, 0));
}

static int kernel_ciphers(void)
{
    return said(socket(AF_ALG, SOCK_SEQPACKET, 0));
}

static int no_randomization(void)
{
    return said(syscall(SYS_personality, 0x0040000));
}

#if defined __x86_64__
static int i386_getpid(void)
{
    long result = 20;
    __asm__ volatile("int $0x80" : "+a"(result)::"memory", "r8", "r9", "r10", "r11");
    return result < 0 ? (int)-result : 0;
}

static int x32_getpid(void)
{
    return said(syscall(0x40000000 + SYS_getpid));
}
#endif

/* ---- must work ---------------------------------------------------------------------------------------- */

static int plain_fork(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    return child_result(pid);
}

static int spawn(void)
{
    pid_t pid = -1;
    char *argv[] = {(char *)"true", NULL};
    int error = posix_spawn(&pid, "/bin/true", NULL, NULL, argv, NULL);
    return error != 0 ? error : child_result(pid);
}

static void *nothing(void *argument)
{
    return argument;
}

static int thread(void)
{
    pthread_t id;
    int error = pthread_create(&id, NULL, nothing, NULL);
    return error != 0 ? error : pthread_join(id, NULL);
}

static int posix_queue(void)
{
    struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
    mqd_t queue = mq_open("/probe", O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
    char got[8];
    if (queue == (mqd_t)-1) {
        return errno;
    }
    (void)mq_unlink("/probe");
    return said(mq_send(queue, "x", 1, 0) < 0 ? -1 : mq_receive(queue, got, sizeof got, NULL));
}

static int posix_memory(void)
{
    int fd = shm_open("/probe", O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd < 0) {
        return errno;
    }
    (void)shm_unlink("/probe");
    return said(ftruncate(fd, 4096));
}

static int sysv_memory(void)
{
    int id = shmget(IPC_PRIVATE, 4096, 0600);
    if (id < 0) {
        return errno;
    }
    char *at = shmat(id, NULL, 0);
    (void)shmctl(id, IPC_RMID, NULL);
    return at == (char *)-1 ? errno : 0;
}

static int sysv_semaphores(void)
{
    struct sembuf up = {.sem_op = 1};
    int id = semget(IPC_PRIVATE, 1, 0600);
    if (id < 0) {
        return errno;
    }
    int error = said(semop(id, &up, 1));
    (void)semctl(id, 0, IPC_RMID);
    return error;
}

static int sysv_messages(void)
{
    int id = msgget(IPC_PRIVATE, 0600);
    return id < 0 ? errno : said(msgctl(id, IPC_RMID, NULL));
}

static int fifo(void)
{
    int error = said(mkfifo("/tmp/probe-fifo", 0600));
    (void)unlink("/tmp/probe-fifo");
    return error;
}

static int trace(void)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        (void)raise(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? SIGSTOP : SIGKILL);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        return errno;
    }
    if (!WIFSTOPPED(status)) {
        return EPERM;
    }
    (void)ptrace(PTRACE_CONT, pid, NULL, NULL);
    return child_result(pid);
}

static int read_other_memory(void)
{
    char from = 'x';
    char to = 0;
    struct iovec here = {&to, 1};
    struct iovec there = {&from, 1};
    return said(process_vm_readv(getpid(), &here, 1, &there, 1, 0));
}

static int process_descriptor(void)
{
    int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    return fd < 0 ? errno : said(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0));
}

static int second_filter(void)
{
    uint32_t action = SECCOMP_RET_TRACE;
    return said(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action));
}

static int anonymous_file(void)
{
    return said(memfd_create("probe", MFD_CLOEXEC));
}

static int tcp_loopback(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int server = socket(AF_INET, SOCK_STREAM, 0);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    if (server < 0 || client < 0 || bind(server, (struct sockaddr *)&address, size) < 0 ||
        listen(server, 1) < 0 || getsockname(server, (struct sockaddr *)&address, &size) < 0) {
        return errno;
    }
    return said(connect(client, (struct sockaddr *)&address, size));
}

static int unix_pair(void)
{
    int pair[2];
    return said(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair));
}

static int interfaces(void)
{
    struct ifaddrs *list = NULL;
    return said(getifaddrs(&list));
}

static const struct probe probes[] = {
    {"io_uring_setup", io_uring},
    {"bpf", bpf},
    {"keyctl", keyctl},
    {"add_key", add_key},
    {"userfaultfd", userfaultfd},
    {"perf_event_open", perf_event_open},
    {"unshare", unshare_user},
    {"setns", set_namespace},
    {"clone_new_user", clone_user},
    {"clone3", clone3},
    {"mount", mount_tmpfs},
    {"fsopen", fsopen_tmpfs},
    {"kexec_load", kexec},
    {"finit_module", load_module},
    {"name_to_handle_at", handle_of_file},
    {"kcmp", compare_processes},
    {"process_vm_writev", write_other_memory},
    {"af_vsock", vsock},
    {"af_alg", kernel_ciphers},
    {"personality", no_randomization},
#if defined __x86_64__
    {"i386", i386_getpid},
    {"x32", x32_getpid},
#endif
    {"fork", plain_fork},
    {"posix_spawn", spawn},
    {"pthread_create", thread},
    {"mq_open", posix_queue},
    {"shm_open", posix_memory},
    {"shmget", sysv_memory},
    {"semget", sysv_semaphores},
    {"msgget", sysv_messages},
    {"mkfifo", fifo},
    {"ptrace", trace},
    {"process_vm_readv", read_other_memory},
    {"pidfd", process_descriptor},
    {"seccomp", second_filter},
    {"memfd_create", anonymous_file},
    {"tcp", tcp_loopback},
    {"socketpair", unix_pair},
    {"getifaddrs", interfaces},
};

static void report(const struct probe *probe)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        _exit(probe->run());
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        perror("probe");
        exit(1);
    }
    if (WIFSIGNALED(status)) {
        printf("%s killed %d\n", probe->name, WTERMSIG(status));
    } else {
        printf("%s %s\n", probe->name,
               WEXITSTATUS(status) == 0 ? "ok" : strerrorname_np(WEXITSTATUS(status)));
    }
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0); /* nothing buffered for a child to print again */
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        report(&probes[i]);
    }
    return 0;
}
