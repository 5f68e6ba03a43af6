/* Two senders wait at a full mailbox, in many orders of events, and a receiver takes out two messages one
 * right after the other: both senders have to go on, so that it gets four in all. */
#include "mailbox.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME    "waiting-senders"
#define CAP     2
#define SENDERS 2
#define ROOM    8

static int send_one(char what)
{
    mb *m = mb_open(NAME);
    if (m == NULL || mb_send(m, &what, 1, -1) != 0)
        return 1;
    return mb_close(m) == 0 ? 0 : 1;
}

/* A child that does nothing, and is waited for: in many orders it comes last, and the senders wait by then.
 */
static void pause_here(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
}

static int receive_all(mb *m)
{
    int seen = 0;
    for (int i = 0; i < CAP + SENDERS; i++) {
        char text[ROOM];
        pid_t from;
        if (mb_recv(m, text, sizeof text, &from, -1) != 1 || text[0] < 'a' || text[0] >= 'a' + CAP + SENDERS)
            return 1;
        seen |= 1 << (text[0] - 'a');
    }
    return seen != (1 << (CAP + SENDERS)) - 1;
}

int main(void)
{
    int status;
    if (mb_create(NAME, CAP, ROOM) != 0)
        return 1;
    mb *m = mb_open(NAME);
    if (m == NULL)
        return 1;
    for (int i = 0; i < CAP; i++)
        if (mb_send(m, &(char){(char)('a' + i)}, 1, -1) != 0)
            return 1;
    for (int i = 0; i < SENDERS; i++)
        if (fork() == 0)
            _exit(send_one((char)('a' + CAP + i)));
    pause_here();
    int bad = receive_all(m);
    if (bad)
        fprintf(stderr, "of four messages some were lost or came twice\n");
    for (int i = 0; i < SENDERS; i++)
        if (wait(&status) < 0 || status != 0)
            bad = 1;
    mb_close(m);
    return mb_delete(NAME) == 0 ? bad : 1;
}
