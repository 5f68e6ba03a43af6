/* Which is the other end of a socket (sockets.c). */
#ifndef WARDEN_SOCKETS_H
#define WARDEN_SOCKETS_H

#include <stdbool.h>

/* The number in an object's name "socket:[812]"; 0 if it is no socket. */
unsigned long sockets_inode(const char *object);

struct socket_look {
    unsigned long peer; /* its number; 0: it has none, or the kernel does not say */
    bool is_tcp;
    bool is_stream; /* of TCP or of the Unix domain: it carries bytes, and no messages */
    unsigned local_port, remote_port;
};
void sockets_look(unsigned long inode, struct socket_look *look);

/* What the kernel's network may still do while everybody sleeps. */
enum sockets_traffic {
    SOCKETS_NONE,      /* there is no socket of TCP or UDP */
    SOCKETS_QUIET,     /* there are some */
    SOCKETS_IN_FLIGHT, /* a byte, a SYN or a FIN of TCP has been sent and not been acknowledged, or waits to
                          be sent */
};
enum sockets_traffic sockets_traffic(void);

#endif
