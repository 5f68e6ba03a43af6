/* Which is the other end of a socket (sockets.c). */
#ifndef WARDEN_SOCKETS_H
#define WARDEN_SOCKETS_H

#include <stdbool.h>

/* The number in an object's name "socket:[812]"; 0 if it is no socket. */
unsigned long sockets_inode(const char *object);

struct socket_look {
    unsigned long peer; /* its number; 0: it has none, or the kernel does not say */
    bool is_tcp;
    unsigned local_port, remote_port;
};
void sockets_look(unsigned long inode, struct socket_look *look);

#endif
