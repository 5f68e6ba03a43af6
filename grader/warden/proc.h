/*
 * Reading /proc about the student's processes (proc.c; proc(5)). Everything that is read may be gone or
 * changed a moment later, and a pid may be another process by then: callers take it as an observation.
 *
 * /proc/PID/{fd,syscall,mem} answer to the owner of the process only, so warden reads them with the
 * student's fsuid; it has no capability to override file permissions.
 */
#ifndef WARDEN_PROC_H
#define WARDEN_PROC_H

#include "level.h"

struct run;

struct proc_access {
    uid_t student;
    bool change_fsuid; /* we are root and the student is not */
    bool yama;         /* simulate: syscall and mem are refused */
    /* A traced process is shown as "t" whether a stop signal stopped it or we did, for a moment. */
    bool (*stopped)(const struct run *r, pid_t tid);
    bool (*held)(const struct run *r, pid_t tid); /* … or we did until further notice */
    const struct run *r;
};

struct proc_stat {
    pid_t pid, ppid;
    char state; /* R S D Z T t X … */
    char name[32];
    uint64_t cpu_ticks;          /* user + system, without children */
    uint64_t children_cpu_ticks; /* of children that were waited for */
    uint64_t start;              /* tells a pid from its next user */
    int64_t rss_pages;
    int threads;
};
bool proc_stat(pid_t pid, struct proc_stat *st);
/* The same for one thread. */
bool proc_thread_stat(pid_t pid, pid_t tid, struct proc_stat *st);

/* Which signals a thread ignores and which have handlers: bit n-1 is signal n (proc(5)). */
bool proc_signals(pid_t pid, pid_t tid, uint64_t *ignored, uint64_t *caught);

/* Signals that have come and wait, of the thread and of its process, and those that the thread blocks. */
bool proc_pending(pid_t pid, uint64_t *pending, uint64_t *blocked);

/* Has it a child that has ended and was not waited for? */
bool proc_has_zombie(pid_t pid);

/* Has it a tracer? A child of a traced process has one from its first moment on (PTRACE_O_TRACEFORK). */
bool proc_is_traced(pid_t pid);

/* The thread group of a thread id; 0 if it is gone. */
pid_t proc_tgid(pid_t tid);

/* What a thread does right now: a system call it is blocked in (running = false), or nothing of the
 * kind. False if it cannot be known. */
struct proc_syscall {
    bool running;
    long number; /* -1: blocked, but not in a system call (a page fault, say) */
    uint64_t args[6], sp, pc;
};
bool proc_syscall(const struct proc_access *a, pid_t pid, pid_t tid, struct proc_syscall *sc);

/* Context switches so far of one thread, voluntary and not; UINT64_MAX if unknown. */
uint64_t proc_switches(pid_t pid, pid_t tid);

/* Children (zombies too) of a process, over all its threads. Returns how many were stored. */
size_t proc_children(pid_t pid, pid_t *list, size_t room);
/* The process's descendants, the process itself not among them. */
size_t proc_descendants(pid_t pid, pid_t *list, size_t room);
/* Threads of a process. */
size_t proc_threads(pid_t pid, pid_t *list, size_t room);

struct proc_fd {
    int number;
    bool readable, writable;
    char object[256];
};
/* vfork(2) of the C library keeps its return address in the first argument's register, off the stack that it
 * shares with the child: where its caller stands then. Else the call's own place. */
uint64_t proc_syscall_pc(const struct proc_syscall *sc);
/* Open descriptors, by number; -1 if it cannot be known. */
ssize_t proc_fds(const struct proc_access *a, pid_t pid, struct proc_fd *list, size_t room);
/* readlink of one descriptor; false if it is not open. */
bool proc_fd_object(const struct proc_access *a, pid_t pid, int fd, char *object, size_t room);

/* readlink(2) of a link below /proc/PID, without a NUL; -1 with errno. */
ssize_t proc_link(const struct proc_access *a, const char *path, char *target, size_t room);

/* How a descriptor was opened: O_RDONLY, O_WRONLY, O_RDWR; -1 if it cannot be known. */
int proc_fd_mode(const struct proc_access *a, pid_t pid, int fd);

/* The text of /proc/PID/fdinfo/FD. */
bool proc_fdinfo(const struct proc_access *a, pid_t pid, int fd, char *text, size_t room);

/* Memory of a process in bytes, each shared page counted by its share (Pss of /proc/PID/smaps_rollup);
 * -1 if it may not be read. */
int64_t proc_pss(const struct proc_access *a, pid_t pid);

#define MAPS_ROOM 65536 /* so much of a map is looked at */

struct mapping { /* a line of it, as in proc(5) */
    unsigned long long start, end, offset, inode;
    char mode[8], device[16], path[128];
};

/* The text of /proc/PID/maps, whole lines only; -1 if it may not be read. */
ssize_t proc_maps(const struct proc_access *a, pid_t pid, char *text, size_t room);
/* The line of such a text in which an address lies; false if there is none. */
bool proc_mapping(const char *text, uint64_t address, struct mapping *m);

/* Reads memory of a process. False unless all of it was read. */
bool proc_memory(const struct proc_access *a, pid_t pid, uint64_t address, void *data, size_t size);
/* The memory itself, for many readings: a descriptor for pread(2), -1 with errno. It stays that of the
 * program that ran when it was opened. */
int proc_memory_open(const struct proc_access *a, pid_t pid);
/* As much of it as there is; how much, -1 with errno if nothing. */
ssize_t proc_memory_some(const struct proc_access *a, pid_t pid, uint64_t address, void *data, size_t size);

#endif
