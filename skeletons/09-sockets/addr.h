/*
 * Lab 09, given: takes an address of the command line apart. It opens nothing and looks nothing up.
 *
 *     unix:PATH         unix: everything after the colon is the path of a socket in the file system
 *     tcp:HOST:PORT     tcp: HOST is what lies between the first colon and the last one, PORT what follows
 */
#ifndef ADDR_H
#define ADDR_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct addr {
    bool is_unix;
    char path[108]; /* unix: as long as sun_path of struct sockaddr_un, its NUL included */
    char host[256]; /* tcp: a name, or a number such as 127.0.0.1 or ::1 */
    char
        port[6]; /* tcp: "0" to "65535", as text: getaddrinfo() takes it so, strtoul() makes a number of it */
};

/* 0, or -1 if the text is no address. */
static inline int addr_parse(const char *text, struct addr *a)
{
    memset(a, 0, sizeof *a);
    if (strncmp(text, "unix:", 5) == 0) {
        a->is_unix = true;
        if (text[5] == '\0' || strlen(text + 5) >= sizeof a->path)
            return -1;
        strcpy(a->path, text + 5);
        return 0;
    }
    const char *colon = strrchr(text, ':');
    if (strncmp(text, "tcp:", 4) != 0 || colon <= text + 4)
        return -1;
    const size_t host = (size_t)(colon - (text + 4)), port = strlen(colon + 1);
    if (host >= sizeof a->host || port == 0 || port >= sizeof a->port ||
        strspn(colon + 1, "0123456789") != port)
        return -1;
    memcpy(a->host, text + 4, host);
    memcpy(a->port, colon + 1, port);
    return 0;
}

#endif
