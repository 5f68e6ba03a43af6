/*
 * Faults: what shall go wrong in a system call of a started process or of its descendants. faults.c reads
 * them and says which calls they are about; inject.c makes them happen at the witness's stops.
 *
 * A fault is words (../PROTOCOL.md): CALL NTH WHO FD ACTION…
 *     read 2 main * errno EINTR      the second read of the process itself fails
 *     write * any 1 short 1          every write to descriptor 1 takes one byte at most
 *     pause * any * signal SIGUSR1   just before each pause its signal comes, and is handled
 *     read 1 child2 * hold           the child that was made second stops before its first read
 * It happens by count and place only, never by time; each process counts its own calls, so the schedule
 * changes nothing. Only calls made by the student's program are counted: none before its exec, none of the
 * dynamic loader, none of another program that it executes.
 */
#ifndef WARDEN_FAULTS_H
#define WARDEN_FAULTS_H

#include "calls.h"

#define FAULTS_MAX      32 /* of a process; and of an entry of the kind run */
#define FAULT_CALLS_MAX 24

enum fault_who { FAULT_ANYONE, FAULT_MAIN, FAULT_CHILDREN };

enum fault_action {
    FAULT_ERRNO,         /* the call is not made, and fails */
    FAULT_SHORT,         /* it transfers so many bytes at most */
    FAULT_SIGNAL,        /* comes just before it */
    FAULT_SIGNAL_INSIDE, /* comes once the process is seen blocked in it */
    FAULT_HOLD,          /* the thread is held at its entry until it is let go */
};

struct fault {
    char text[128];                /* as it was asked for */
    long numbers[FAULT_CALLS_MAX]; /* of the calls that it is about */
    size_t numbers_count;
    bool by_class; /* a call counts only where it does what the class says: fcntl that duplicates, … */
    uint64_t nth;  /* 0: every one */
    enum fault_who who;
    uint64_t child; /* the child that was made so manieth; 0: each */
    int fd;         /* -1: any */
    enum fault_action action;
    int value; /* errno, bytes or signal */
    /* while the process runs */
    int proc;
    uint64_t fits, injected;
};

/* Reads the words of one; 0, or EINVAL. */
int faults_read(struct fault *f, char *const *words, size_t count);
/* The same of one line of words with a blank between; it is cut up. */
int faults_read_line(struct fault *f, char *line);
/* Is the call what this fault is about, as far as its number and arguments in registers tell? */
bool faults_is_about(const struct fault *f, long number, const uint64_t *args);
/* The call's name in the log: as in the table, "fork", … */
const char *faults_call_name(long number);
/* Which argument limits how much the call transfers; -1 none. *vector: it counts iovecs, the argument before
 * it points to them. */
int faults_size_argument(long number, bool *vector);

#endif
