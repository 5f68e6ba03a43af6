/*
 * Lab 10, task 2: the server, with its stub: it takes arguments out of requests, calls procedures, and puts
 * their results into replies.
 *
 *     rpcd [-l]
 *
 * It tells the registry on which port it serves, prints "listening PORT", and serves until it is killed. Exit
 * status: 1 if it cannot begin, 2 for wrong usage.
 *
 * A request may come twice, because its reply was lost on the way. Executed twice, a deposit would count
 * twice. So the last reply to each client is kept, and a request that has been answered gets the same reply
 * again: at most once. With -l it is at least once: every request that comes is executed.
 */
#include "rpc.h"

#include "registry.h"
#include "wire.h"

/* TODO 5: the five procedures. */

/* TODO 6: a request: take its header off; find out the status; call the procedure; make the reply. */

/* TODO 7: at most once: keep the last reply to each client, by the number `client`. A request with its
 *         xid gets it again; one with a lower xid is dropped; one with a higher xid is executed. */

/* TODO 8: requests come, replies go to where each came from, for ever. */

int main(int argc, char **argv)
{
    bool at_least_once = argc == 2 && strcmp(argv[1], "-l") == 0;
    if (argc > 2 || (argc == 2 && !at_least_once)) {
        fprintf(stderr, "usage: rpcd [-l]\n");
        return 2;
    }
    /* TODO 9: a UDP socket on a port that the kernel chooses; tell the registry; print the line
     *         "listening PORT" (fflush); serve. */
    fprintf(stderr, "rpcd: nothing here yet; begin with TODO 1 in wire.h, then TODO 5 in rpcd.c\n");
    return 1;
}
