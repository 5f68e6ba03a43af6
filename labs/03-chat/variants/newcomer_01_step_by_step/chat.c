/*
 * Lab 03, task 2: chat, a conversation with a child.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* TODO 1 */
static int write_all(int fd, const void *buf, size_t size)
{
    const char *p = buf;
    while (size > 0) {
        ssize_t w = write(fd, p, size);
        if (w == -1)
            return -1;
        p += w;
        size -= (size_t)w;
    }
    return 0;
}

static ssize_t read_all(int fd, void *buf, size_t size)
{
    char *p = buf;
    size_t got = 0;
    while (got < size) {
        ssize_t r = read(fd, p + got, size - got);
        if (r == -1)
            return -1;
        if (r == 0)
            break;
        got += (size_t)r;
    }
    return (ssize_t)got;
}

static int send_text(int fd, const char *text, size_t len)
{
    uint32_t header = htonl((uint32_t)len);
    if (write_all(fd, &header, sizeof header) == -1)
        return -1;
    return write_all(fd, text, len);
}

/* 1: *text is a new text (free it), 0: end, -1: error */
static int recv_text(int fd, char **text, size_t *len)
{
    uint32_t header;
    ssize_t r = read_all(fd, &header, sizeof header);
    if (r == 0)
        return 0;
    if (r != sizeof header)
        return -1;
    *len = ntohl(header);
    *text = malloc(*len + 1);
    if (*text == NULL)
        return -1;
    if (read_all(fd, *text, *len) != (ssize_t)*len) {
        free(*text);
        return -1;
    }
    (*text)[*len] = '\0';
    return 1;
}

/* TODO 4 */
static int child(int in, int out)
{
    char *line;
    size_t len;
    int r;
    while ((r = recv_text(in, &line, &len)) == 1) {
        int ok;
        int bye = 0;
        if (strcmp(line, "bye") == 0) {
            bye = 1;
            ok = send_text(out, "bye", 3);
        } else if (strcmp(line, "How are you") == 0) {
            ok = send_text(out, "I am fine thank you", 19);
        } else {
            char *reply = malloc(len + 11);
            if (reply == NULL) {
                free(line);
                return 1;
            }
            strcpy(reply, "You said: ");
            strcat(reply, line);
            ok = send_text(out, reply, len + 10);
            free(reply);
        }
        free(line);
        if (ok == -1)
            return 1;
        if (bye)
            return 0;
    }
    return r == 0 ? 0 : 1;
}

/* TODO 5 */
static int parent(int out, int in)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    int status = 0;
    while ((len = getline(&line, &size, stdin)) != -1) {
        if (len > 0 && line[len - 1] == '\n')
            line[--len] = '\0';
        if (send_text(out, line, (size_t)len) == -1) {
            perror("chat: child is gone");
            status = 1;
            break;
        }
        char *reply;
        size_t n;
        if (recv_text(in, &reply, &n) != 1) {
            fprintf(stderr, "chat: no reply\n");
            status = 1;
            break;
        }
        fwrite(reply, 1, n, stdout);
        putchar('\n');
        free(reply);
        if (fflush(stdout) == EOF || ferror(stdout)) {
            perror("chat: stdout");
            status = 1;
            break;
        }
        if (strcmp(line, "bye") == 0)
            break;
    }
    if (len == -1 && !feof(stdin)) {
        perror("chat: stdin");
        status = 1;
    }
    free(line);
    return status;
}

int main(void)
{
    /* TODO 2 */
    signal(SIGPIPE, SIG_IGN);

    /* TODO 3 */
    int lines[2], replies[2];
    if (pipe(lines) == -1 || pipe(replies) == -1) {
        perror("chat: pipe");
        return 1;
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("chat: fork");
        return 1;
    }
    if (pid == 0) {
        close(lines[1]);
        close(replies[0]);
        int s = child(lines[0], replies[1]);
        close(lines[0]);
        close(replies[1]);
        _exit(s);
    }
    close(lines[0]);
    close(replies[1]);
    int status = parent(lines[1], replies[0]);

    /* TODO 6 */
    close(lines[1]);
    close(replies[0]);
    int s;
    if (waitpid(pid, &s, 0) == -1) {
        perror("chat: waitpid");
        return 1;
    }
    if (!WIFEXITED(s) || WEXITSTATUS(s) != 0)
        status = 1;
    return status;
}
