/*
 * Lab 03, task 2: chat, a conversation with a child.
 *
 *     chat <lines >replies
 *
 *                        === lines ===>
 *     stdin --> parent                    child, who makes the replies
 *     stdout <--         <== replies ===
 *
 * Exit status: 0 when the conversation came to its end, 1 after any error, told on stderr.
 */
//: solution
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1048566
#define SAID           "You said: "
#define MESSAGE_MAX    (sizeof SAID - 1 + LINE_MAX_BYTES) /* 1 MiB, as in task 1 */

/* The two streams as one process sees them. stdio does here what msg.c does by hand: fread() and fwrite()
 * go on until all is there. What it adds is a buffer, so that whoever has spoken has to fflush(). */
struct link {
    FILE *from, *to;
};

struct message {
    uint32_t size;
    char text[MESSAGE_MAX];
};

/* ---- messages, on the wire of task 1 ------------------------------------------------------------------ */

/* A reply is a message in two pieces, so this takes two. 0, or -1 with errno. */
static int put(struct link *l, const char *first, size_t first_size, const char *rest, size_t rest_size)
{
    const uint32_t header = htonl((uint32_t)(first_size + rest_size));
    fwrite(&header, sizeof header, 1, l->to);
    fwrite(first, 1, first_size, l->to);
    fwrite(rest, 1, rest_size, l->to);
    return fflush(l->to) == 0 && !ferror(l->to) ? 0 : -1;
}

/* 1; 0 at the end of the stream; -1 if it breaks off. */
static int take(struct link *l, struct message *m)
{
    uint32_t header;
    size_t got = fread(&header, 1, sizeof header, l->from);
    if (got < sizeof header)
        return got == 0 && !ferror(l->from) ? 0 : -1;
    m->size = ntohl(header);
    if (m->size > sizeof m->text)
        return -1;
    return fread(m->text, 1, m->size, l->from) == m->size ? 1 : -1;
}

static bool is(const char *text, size_t size, const char *word)
{
    return size == strlen(word) && memcmp(text, word, size) == 0;
}

/* ---- the child -------------------------------------------------------------------------------------- */

static int reply_to(struct link *l, const struct message *m)
{
    static const char fine[] = "I am fine thank you";
    if (is(m->text, m->size, "How are you"))
        return put(l, fine, sizeof fine - 1, NULL, 0);
    if (is(m->text, m->size, "bye"))
        return put(l, m->text, m->size, NULL, 0);
    return put(l, SAID, sizeof SAID - 1, m->text, m->size);
}

/* Until "bye", or until the parent closes its end or is no more: both look alike from here. */
static int answer(struct link *l)
{
    static struct message m;
    int got;
    while ((got = take(l, &m)) == 1) {
        if (reply_to(l, &m) < 0)
            return -1;
        if (is(m.text, m.size, "bye"))
            return 0;
    }
    return got;
}

/* ---- the parent ------------------------------------------------------------------------------------- */

/* One line to the child, its reply to stdout. Strictly in turn: so never do both write at once, and neither
 * can wait for the other to make room. 0, or -1 after a message. */
static int exchange(struct link *l, const char *line, size_t size)
{
    static struct message reply;
    if (size > LINE_MAX_BYTES) {
        fprintf(stderr, "chat: a line of more than %d bytes\n", LINE_MAX_BYTES);
        return -1;
    }
    if (put(l, line, size, NULL, 0) < 0) {
        perror("chat: to the child"); /* EPIPE: it is gone */
        return -1;
    }
    if (take(l, &reply) != 1) {
        fprintf(stderr, "chat: the child has gone without a reply\n");
        return -1;
    }
    fwrite(reply.text, 1, reply.size, stdout);
    putchar('\n');
    if (fflush(stdout) != 0) {
        perror("chat: standard output");
        return -1;
    }
    return 0;
}

static int converse(struct link *l)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n = 0;
    int done = 0;
    bool bye = false;
    while (done == 0 && !bye && (n = getline(&line, &room, stdin)) > 0) {
        size_t size = (size_t)n;
        if (line[size - 1] == '\n') /* the last line may have none */
            size--;
        done = exchange(l, line, size);
        bye = is(line, size, "bye");
    }
    free(line);
    if (n < 0 && !feof(stdin)) {
        perror("chat: standard input");
        return -1;
    }
    return done;
}

/* ---- both ------------------------------------------------------------------------------------------- */

/* Without memory for a stream there is no conversation. The other process notices: its pipes end. */
static FILE *stream(int fd, const char *mode)
{
    FILE *f = fdopen(fd, mode);
    if (!f) {
        perror("chat: fdopen");
        _exit(1);
    }
    return f;
}

/* Each keeps one end of each pipe. The other two have to go: the child's copy of the end that the parent
 * writes to would keep it from ever seeing the end of the lines, and with the parent's copies of the child's
 * ends the parent could not notice that the child is gone. */
static _Noreturn void child(const int lines[2], const int replies[2])
{
    close(lines[1]);
    close(replies[0]);
    struct link l = {.from = stream(lines[0], "r"), .to = stream(replies[1], "w")};
    int done = answer(&l);
    if (done < 0)
        fprintf(stderr, "chat: the child cannot go on\n");
    fclose(l.from);
    fclose(l.to);
    _exit(done < 0 ? 1 : 0);
}

static int parent(const int lines[2], const int replies[2], pid_t pid)
{
    int status;
    close(lines[0]);
    close(replies[1]);
    struct link l = {.from = stream(replies[0], "r"), .to = stream(lines[1], "w")};
    int done = converse(&l);
    fclose(l.to); /* the end of the lines: now the child can end, and may be waited for */
    fclose(l.from);
    if (waitpid(pid, &status, 0) < 0) {
        perror("chat: waitpid");
        return 1;
    }
    return done == 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

int main(void)
{
    int lines[2], replies[2]; /* one pipe for each direction: in a single one we would read our own words */
    /* A write to a child that is gone then fails with EPIPE, instead of ending us without a word. */
    signal(SIGPIPE, SIG_IGN);
    if (pipe(lines) < 0 || pipe(replies) < 0) {
        perror("chat: pipe");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("chat: fork");
        return 1;
    }
    if (pid == 0)
        child(lines, replies);
    return parent(lines, replies, pid);
}
//: skeleton
//| #include <stdio.h>
//|
//| /* TODO 1: one process sends a text to the other so that it can tell where it ends: the wire of task 1.
//|  *         This file is built without msg.c. What you want in both files goes into a header of your own,
//|  *         as static inline functions; or see what fread() and fwrite() do for you on a stream that
//|  *         fdopen() makes of a pipe end. */
//|
//| /* TODO 2: the child: take a line, make the reply, send it back; until "bye", or until the stream of lines
//|  *         ends. It neither reads stdin nor writes stdout. */
//|
//| /* TODO 3: the parent: read a line of any length from stdin, send it without its newline, take the reply,
//|  *         print it and a newline, fflush(); until "bye", or the end of the input, or an error. */
//|
//| int main(void)
//| {
//|     /* TODO 4: see to it that a write to a process that is gone is an error (EPIPE), not your end. */
//|
//|     /* TODO 5: make two pipes, one for each direction, then a child. If that fails, say so on stderr and
//|      *         exit with 1. Each process keeps one end of each pipe and closes the other two. */
//|
//|     /* TODO 6: close, wait for the child, and exit: 0 if all went well on both sides, else 1. */
//|     fprintf(stderr, "chat: nothing here yet; begin with TODO 1 in chat.c\n");
//|     return 1;
//| }
//: end
