/* Tries what a student's process must not be able to do; prints one word for each thing that works. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
static void can(int yes, const char *what)
{
    if (yes)
        printf("%s\n", what);
}
int main(int argc, char **argv)
{
    pid_t judge = argc > 1 ? atoi(argv[1]) : 0;
    char path[64];
    can(kill(judge, 0) == 0, "signal-judge");
    can(kill(1, 0) == 0, "signal-warden");
    snprintf(path, sizeof path, "/proc/%d/mem", judge);
    can(open(path, O_RDONLY) >= 0, "read-judge");
    snprintf(path, sizeof path, "/proc/%d/environ", judge);
    can(open(path, O_RDONLY) >= 0, "environ-judge");
    can(open("/work/judge/j", O_RDONLY) >= 0, "open-judge");
    can(opendir("/work/judge") != NULL, "list-judges");
    can(open("/work/bin/new", O_CREAT | O_WRONLY, 0600) >= 0, "write-work");
    can(open("/etc/new", O_CREAT | O_WRONLY, 0600) >= 0, "write-etc");
    can(ptrace(PTRACE_ATTACH, judge, 0, 0) == 0 || errno != EPERM, "ptrace");
    can(syscall(SYS_io_uring_setup, 1, NULL) >= 0 || errno != ENOSYS, "io_uring");
    can(syscall(SYS_bpf, 0, NULL, 0) >= 0 || errno != EPERM, "bpf");
    can(syscall(SYS_unshare, 0x10000000) == 0, "unshare");
    can(access("/home", F_OK) == 0 || access("/root", F_OK) == 0, "host-files");
    for (int fd = 3; fd < 1024; fd++)
        can(fcntl(fd, F_GETFD) >= 0, "inherited-descriptor");
    can(geteuid() == 0, "root");
    can(setuid(0) == 0, "setuid");
    return 0;
}
