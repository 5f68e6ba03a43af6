// A server on a Unix socket forks a child for each connection; the children count requests under a semaphore.
// OUTPUT: replies ok, requests served: 3
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CLIENTS = 3 };

struct stats {
    sem_t lock;
    int served;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void serve(int c, struct stats *st)
{
    char text[32];
    ssize_t n = read(c, text, sizeof text);
    if (n <= 0)
        exit(1);
    for (ssize_t i = 0; i < n; i++)
        if (text[i] >= 'a' && text[i] <= 'z')
            text[i] = (char)(text[i] - 'a' + 'A');
    sem_wait(&st->lock);
    st->served++;
    sem_post(&st->lock);
    if (write(c, text, (size_t)n) != n)
        exit(1);
    exit(0);
}

static void client(const struct sockaddr_un *where)
{
    char text[32];
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)where, sizeof *where) < 0)
        die("connect");
    if (write(fd, "hello", 5) != 5)
        die("write");
    size_t have = 0;
    ssize_t n;
    while ((n = read(fd, text + have, sizeof text - have)) > 0)
        have += (size_t)n;
    exit(have == 5 && memcmp(text, "HELLO", 5) == 0 ? 0 : 1);
}

int main(void)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    struct stats *st = mmap(NULL, sizeof *st, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (st == MAP_FAILED || sem_init(&st->lock, 1, 1) < 0)
        die("setup");
    snprintf(where.sun_path, sizeof where.sun_path, "socket-%d", (int)getpid());
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    if (s < 0 || bind(s, (struct sockaddr *)&where, sizeof where) < 0 || listen(s, 5) < 0)
        die("bind");
    for (int i = 0; i < CLIENTS; i++)
        if (fork() == 0)
            client(&where);
    for (int i = 0; i < CLIENTS; i++) {
        int c = accept(s, NULL, NULL);
        if (c < 0)
            die("accept");
        if (fork() == 0)
            serve(c, st);
        close(c);
    }
    int status, bad = 0;
    while (wait(&status) > 0)
        bad |= status;
    unlink(where.sun_path);
    printf("replies %s, requests served: %d\n", bad ? "wrong" : "ok", st->served);
    return bad != 0;
}
