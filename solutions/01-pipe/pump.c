/*
 * Lab 01, task 2: pump, two processes that upper-case what flows through them.
 *
 *     pump <in >out
 *
 *     stdin ----> parent ====== pipe =====> child ----> stdout
 *                 reads bytes               a-z become A-Z, every other byte stays as it is
 *
 * Exit status: 0 when every byte has been copied, 1 after any error, told on stderr.
 */
//: solution
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUFFER_SIZE 4096

/* Only ASCII letters. toupper() depends on the locale, and must not be given a negative char. */
static void upper_case(char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] >= 'a' && bytes[i] <= 'z')
            bytes[i] = (char)(bytes[i] - 'a' + 'A');
}

/* write() may take fewer bytes than it was given: a disk that is nearly full, a signal. The rest goes next. */
static int write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0)
            return -1;
        bytes += n;
        size -= (size_t)n;
    }
    return 0;
}

/*
 * Copies until end-of-file. 0, or -1 with errno. What came is `n` bytes and no string: it has no NUL at
 * its end, may have one in its middle, and the rest of the buffer holds what an earlier read() left there.
 */
static int copy(int from, int to, bool change)
{
    char buffer[BUFFER_SIZE];
    ssize_t n;
    while ((n = read(from, buffer, sizeof buffer)) > 0) {
        if (change)
            upper_case(buffer, (size_t)n);
        if (write_all(to, buffer, (size_t)n) < 0)
            return -1;
    }
    return n < 0 ? -1 : 0;
}

/* The child's half: pipe to stdout. Its exit status is how the parent learns what became of the output. */
static _Noreturn void child(const int ends[2])
{
    close(ends[1]); /* or it would wait for ever for the end-of-file that it holds back itself */
    int done = copy(ends[0], STDOUT_FILENO, true);
    if (done < 0)
        perror("pump: standard output");
    _exit(done < 0 ? 1 : 0);
}

/* The parent's half: stdin to pipe. */
static int parent(const int ends[2], pid_t pid)
{
    int status;
    close(ends[0]); /* or it would never learn that its reader, the child, is gone */
    int done = copy(STDIN_FILENO, ends[1], false);
    /* EPIPE: the child has ended early. It has said why, and its exit status tells it below. */
    if (done < 0 && errno != EPIPE)
        perror("pump: standard input");
    close(ends[1]); /* the child's end-of-file, before we wait for it */
    if (waitpid(pid, &status, 0) < 0) {
        perror("pump: waitpid");
        return 1;
    }
    return done == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

int main(void)
{
    int ends[2];
    /* A write to a pipe without readers then fails with EPIPE instead of killing us on the spot, so that
     * the parent still waits for its child. */
    signal(SIGPIPE, SIG_IGN);
    if (pipe(ends) < 0) {
        perror("pump: pipe");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("pump: fork");
        return 1;
    }
    if (pid == 0)
        child(ends);
    return parent(ends, pid);
}
//: skeleton
//| #include <stdio.h>
//|
//| /* TODO 1: copy bytes from one descriptor to another until end-of-file.
//|  *
//|  * Write the n bytes that read() returned, no more and no less. write() may take fewer than it was
//|  * given: go on with the rest. Any byte may come, the NUL byte too. Tell the caller of an error. */
//|
//| int main(void)
//| {
//|     /* TODO 2: make a pipe, then a child. If one of them fails, say so on stderr and exit with 1. */
//|
//|     /* TODO 3: in one process, close the end that it does not use, and copy from stdin into the pipe. */
//|
//|     /* TODO 4: in the other, close the end that it does not use, and copy from the pipe to stdout;
//|      *         on the way, a-z become A-Z. */
//|
//|     /* TODO 5: close the write end when the input has ended, so that the reader sees its end-of-file. */
//|
//|     /* TODO 6: wait for the child. Exit with 0 only if both halves did all of their work, else with 1. */
//|     fprintf(stderr, "pump: nothing here yet; begin with TODO 1 in pump.c\n");
//|     return 1;
//| }
//: end
