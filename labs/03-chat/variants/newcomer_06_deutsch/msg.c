#define _GNU_SOURCE
#include "msg.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Byte fuer Byte: langsam, aber es kann nichts zerschnitten werden. */

static int warteAuf(int fd, short ereignis)
{
    struct pollfd p;
    p.fd = fd;
    p.events = ereignis;
    p.revents = 0;
    return poll(&p, 1, -1);
}

static int schreibeByte(int fd, unsigned char b)
{
    while (write(fd, &b, 1) != 1)
    {
        if (errno != EAGAIN)
            return -1;
        if (warteAuf(fd, POLLOUT) < 0)
            return -1;
    }
    return 0;
}

/* 1 Byte gelesen, 0 Ende, -1 Fehler */
static int liesByte(int fd, unsigned char *b)
{
    for (;;)
    {
        ssize_t r = read(fd, b, 1);
        if (r >= 0)
            return (int)r;
        if (errno != EAGAIN)
            return -1;
        if (warteAuf(fd, POLLIN) < 0)
            return -1;
    }
}

int rec_send(int fd, const void *rec, size_t size)
{
    const unsigned char *b = rec;
    for (size_t i = 0; i < size; i++)
        if (schreibeByte(fd, b[i]) < 0)
            return -1;
    return 0;
}

int rec_recv(int fd, void *rec, size_t size)
{
    unsigned char *b = rec;
    for (size_t i = 0; i < size; i++)
    {
        int r = liesByte(fd, &b[i]);
        if (r < 0)
            return -1;
        if (r == 0)
        {
            if (i == 0)
                return 0;
            errno = EPROTO;
            return -1;
        }
    }
    return 1;
}

int msg_send(int fd, const void *buf, uint32_t n)
{
    if (n > MSG_MAX)
    {
        errno = EMSGSIZE;
        return -1;
    }
    for (int verschieben = 24; verschieben >= 0; verschieben -= 8)
        if (schreibeByte(fd, (unsigned char)(n >> verschieben)) < 0)
            return -1;
    return rec_send(fd, buf, n);
}

int msg_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    unsigned char kopf[4];
    int r = rec_recv(fd, kopf, 4);
    if (r != 1)
        return r;

    uint32_t laenge = 0;
    for (int i = 0; i < 4; i++)
        laenge = laenge * 256 + kopf[i];
    if (laenge > cap || laenge > MSG_MAX)
    {
        errno = EMSGSIZE;
        return -1;
    }
    if (laenge > 0)
    {
        r = rec_recv(fd, buf, laenge);
        if (r == 0)
            errno = EPROTO;
        if (r != 1)
            return -1;
    }
    *n = laenge;
    return 1;
}

int msg_try_recv(int fd, void *buf, uint32_t cap, uint32_t *n)
{
    struct pollfd p;
    p.fd = fd;
    p.events = POLLIN;
    int r = poll(&p, 1, 0);
    if (r < 0)
        return -1;
    if (r == 0)
    {
        errno = EAGAIN;
        return -1;
    }
    return msg_recv(fd, buf, cap, n);
}

struct ergebnis
{
    int rueckgabe;
    int fehler;
    uint32_t anzahl;
    unsigned char bytes[];
};

int msg_swap(int rfd, int wfd, const void *out, uint32_t n, void *in, uint32_t cap, uint32_t *got)
{
    if (n > MSG_MAX)
    {
        errno = EMSGSIZE;
        return -1;
    }
    uint32_t platz = cap < MSG_MAX ? cap : MSG_MAX;
    size_t groesse = sizeof(struct ergebnis) + platz;
    struct ergebnis *e = mmap(NULL, groesse, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (e == MAP_FAILED)
        return -1;

    pid_t kind = fork();
    if (kind < 0)
    {
        int f = errno;
        munmap(e, groesse);
        errno = f;
        return -1;
    }
    if (kind == 0)
    {
        /* Das Kind empfaengt. Das Schreibende gehoert dem Vater allein. */
        if (wfd != rfd)
            close(wfd);
        e->rueckgabe = msg_recv(rfd, e->bytes, platz, &e->anzahl);
        e->fehler = errno;
        _exit(0);
    }

    int gesendet = msg_send(wfd, out, n);
    int f = errno;
    if (gesendet < 0)
        kill(kind, SIGKILL);        /* wir warten nicht auf eine Nachricht, die niemand mehr braucht */
    int status;
    pid_t w = waitpid(kind, &status, 0);
    int ergebnis = -1;
    if (gesendet < 0)
        errno = f;
    else if (w < 0)
        f = errno;
    else if (status != 0)
        errno = EIO;
    else
    {
        ergebnis = e->rueckgabe;
        if (ergebnis == 1)
        {
            *got = e->anzahl;
            for (uint32_t i = 0; i < e->anzahl; i++)
                ((unsigned char *)in)[i] = e->bytes[i];
        }
        errno = e->fehler;
    }
    f = errno;
    munmap(e, groesse);
    errno = f;
    return ergebnis;
}
