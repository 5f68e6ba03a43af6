#include "../public/talking.h"

/* A server that says nothing, neither yes nor no: its queue has room for one connection, which is there, so
 * that the kernel drops whoever else comes (listen(2), tcp(7)). */
static uint16_t silent_port(void)
{
    uint16_t port;
    int fd = hold_port(SOCK_STREAM, &port);
    if (listen(fd, 0) < 0 || !tk_socket_connect(NULL, LOOPBACK, port))
        tk_error("a queue for one connection cannot be filled: %s", strerror(errno));
    return port;
}

static uint16_t refusing_port(void)
{
    uint16_t port;
    hold_port(SOCK_STREAM, &port); /* and listen to nobody */
    return port;
}

static const char *address_of(uint16_t port)
{
    return tk_string("tcp:%s:%u", LOOPBACK, port);
}

/* A connection, or the attempt at one: a pair of sockets of chat's own, to wake itself, is none. */
static bool is_tcp(const char *object)
{
    unsigned long wanted, inode = 0;
    char line[300];
    if (sscanf(object, "socket:[%lu]", &wanted) != 1)
        return false;
    FILE *f = fopen("/proc/net/tcp", "r");
    while (f && inode != wanted && fgets(line, sizeof line, f))
        if (sscanf(line, "%*s %*s %*s %*s %*s %*s %*s %*s %*s %lu", &inode) != 1)
            inode = 0;
    if (!f)
        tk_error("/proc/net/tcp: %s", strerror(errno));
    fclose(f);
    return inode == wanted;
}

static size_t connections_of(tk_process *p)
{
    const struct tk_fds fds = tk_fds(p);
    size_t count = 0;
    for (size_t i = 0; i < fds.count; i++)
        count += is_tcp(fds.list[i].object);
    return count;
}

TK_TEST(chat_takes_the_first_server_that_answers)
{
    tk_socket *listener = tk_socket_listen(LOOPBACK);
    const char *silent = address_of(silent_port()), *refusing = address_of(refusing_port()),
               *answering = address_of(tk_socket_port(listener));
    const char *const orders[][4] = {{silent, refusing, answering, "anna"},
                                     {refusing, silent, answering, "anna"},
                                     {answering, silent, refusing, "anna"}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        const char *const args[] = {orders[i][0], orders[i][1], orders[i][2], orders[i][3], NULL};
        const tk_bytes text = word(12);
        struct chat c = talking_by(listener, args, "anna");
        type(&c, tk_string("%s\n", (char *)text.data));
        hear_line(&c, text);
        tell(&c, word(9));
        tk_settles(c.p);
        tk_assert_int((int64_t)connections_of(c.p), 1,
                      "the number of connections that chat has, or still tries");
        tk_close_stdin(c.p);
        tk_socket_assert_eof(c.line.s, "the connection");
        tk_socket_close(c.line.s);
        tk_receive_all(c.p);
        tk_assert_exit(c.p, 0);
    }
    const char *const none[] = {refusing, refusing, "anna", NULL};
    tk_process *p = tk_spawn(&(struct tk_how){.program = "chat", .args = none});
    tk_cause("error_ignored");
    tk_assert(tk_output_comes(p), "no server is there, and chat goes on");
    tk_assert_exit(p, 1);
}

TK_SUITE(tk_test(chat_takes_the_first_server_that_answers))
