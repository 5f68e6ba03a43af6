/*
 * relay: copies its standard input to its standard output, through a pipe and a child.
 *
 *     stdin ----> parent ===== pipe ====> child ----> stdout
 *
 * What is read is handed on at once. Exit status: 0 when every byte has been copied, 1 after any error, which is
 * told on stderr.
 */
//: solution
#include <errno.h>
#include <signal.h>
//: end
#include <stdio.h>
//: solution
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUFFER_SIZE 4096

/* write() may take fewer bytes than it was given. The rest goes next. */
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

/* Copies until end-of-file. 0, or -1 with errno. */
static int copy(int from, int to)
{
    char *buffer = malloc(BUFFER_SIZE);
    if (buffer == NULL)
        return -1;
    int done = 0;
    ssize_t n = 0;
    while (done == 0 && (n = read(from, buffer, BUFFER_SIZE)) > 0)
        done = write_all(to, buffer, (size_t)n);
    free(buffer);
    return n < 0 ? -1 : done;
}

/* The child's half. Its exit status tells the parent what became of the output. */
static _Noreturn void child(const int ends[2])
{
    close(ends[1]); /* or it would wait for an end-of-file that it holds back itself */
    int done = copy(ends[0], STDOUT_FILENO);
    if (done < 0)
        perror("relay: standard output");
    _exit(done < 0 ? 1 : 0);
}

/* The parent's half. */
static int parent(const int ends[2], pid_t pid)
{
    int status;
    close(ends[0]); /* or it would never learn that the child, its reader, is gone */
    int done = copy(STDIN_FILENO, ends[1]);
    if (done < 0 && errno != EPIPE)
        perror("relay: standard input");
    close(ends[1]); /* the child's end-of-file, before we wait for it */
    if (waitpid(pid, &status, 0) < 0)
        return -1;
    return done == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

//: end
int main(void)
{
    //: solution
    int ends[2];
    signal(SIGPIPE, SIG_IGN); /* write() fails with EPIPE instead, so that we still wait for the child */
    if (pipe(ends) < 0) {
        perror("relay: pipe");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("relay: fork");
        return 1;
    }
    if (pid == 0)
        child(ends);
    return parent(ends, pid) < 0 ? 1 : 0;
    //: skeleton
    //| /* TODO 1: make a pipe and a child: pipe(2), fork(2). If one of them fails, say so and return 1. */
    //|
    //| /* TODO 2: each closes the end that it does not use. The parent copies stdin into the pipe, the child
    //|  *         copies from the pipe to stdout, until read() returns 0. */
    //|
    //| /* TODO 3: the parent closes its end, waits for the child, and returns 0 if all went well. */
    //| fprintf(stderr, "relay: nothing here yet; begin with TODO 1 in relay.c\n");
    //| return 1;
    //: end
}
