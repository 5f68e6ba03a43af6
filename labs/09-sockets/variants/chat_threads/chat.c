#include "addr.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int sock;
static atomic_bool input_over;

static bool send_all(const void *data, size_t size)
{
    const char *at = data;
    while (size) {
        ssize_t n = send(sock, at, size, MSG_NOSIGNAL);
        if (n < 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static bool send_frame(const char *text, size_t size)
{
    uint32_t head = htonl((uint32_t)size);
    return size <= 65536 && send_all(&head, 4) && send_all(text, size);
}

static _Noreturn void give_up(const char *why)
{
    fprintf(stderr, "chat: %s\n", why);
    fflush(stdout);
    _exit(1);
}

static void *from_stdin(void *nick)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    if (!send_frame(nick, strlen(nick)))
        give_up("cannot send");
    while ((n = getline(&line, &room, stdin)) > 0) {
        if (line[n - 1] == '\n')
            n--;
        if (!send_frame(line, (size_t)n))
            give_up("cannot send");
    }
    free(line);
    input_over = true;
    shutdown(sock, SHUT_WR);
    return NULL;
}

static void from_server(void)
{
    static char text[65536];
    uint32_t size;
    for (;;) {
        ssize_t n = recv(sock, &size, 4, MSG_WAITALL);
        if (n == 0 && input_over)
            return;
        if (n != 4)
            give_up("the server has gone");
        size = ntohl(size);
        if (size > sizeof text)
            give_up("too long");
        if (size && recv(sock, text, size, MSG_WAITALL) != (ssize_t)size)
            give_up("the server has gone in the middle of a frame");
        fwrite(text, 1, size, stdout);
        fputc('\n', stdout);
        fflush(stdout);
    }
}

static int connect_to(const struct addr *a)
{
    if (a->is_unix) {
        struct sockaddr_un u = {.sun_family = AF_UNIX};
        strcpy(u.sun_path, a->path);
        int s = socket(AF_UNIX, SOCK_STREAM, 0);
        return connect(s, (struct sockaddr *)&u, sizeof u) == 0 ? s : -1;
    }
    struct addrinfo *list, want = {.ai_socktype = SOCK_STREAM};
    if (getaddrinfo(a->host, a->port, &want, &list))
        return -1;
    int s = socket(list->ai_family, SOCK_STREAM, 0);
    if (connect(s, list->ai_addr, list->ai_addrlen) < 0)
        s = -1;
    freeaddrinfo(list);
    return s;
}

int main(int argc, char **argv)
{
    struct addr a;
    pthread_t reader;
    if (argc != 3 || addr_parse(argv[1], &a) < 0)
        return 2;
    if ((sock = connect_to(&a)) < 0) {
        perror(argv[1]);
        return 1;
    }
    if (pthread_create(&reader, NULL, from_stdin, argv[2]) != 0)
        return 1;
    from_server();
    pthread_join(reader, NULL);
    return 0;
}
