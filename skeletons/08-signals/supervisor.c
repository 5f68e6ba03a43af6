/*
 * Lab 08, task 2: supervisor keeps N workers running.
 *
 *     supervisor N CMD [ARG...]              N from 1 to 32
 *
 *     supervisor --fork, exec--> worker 1 .. worker N: each executes CMD ARG...
 *                <---SIGCHLD---  one or several of them have ended
 *     SIGTERM --> supervisor ---SIGTERM---> every worker
 *
 * On stdout: "start I PID", "exit I STATUS", "signal I NUMBER", I from 1 to N. A worker that ends with
 * anything but status 0 is started again, at most 3 times. Returns when all have ended: exit status 0 if the
 * last end of each was 0, else 1. After a SIGTERM: 0, whatever the workers say. 2 for wrong usage.
 *
 * A worker has all its signals at their default actions, and none blocked.
 */
#include <stdio.h>

int main(int argc, char **argv)
{
    /* TODO 1: N is a decimal number from 1 to 32, and there is a CMD; else say so on stderr and exit
     *         with 2. */

    /* TODO 4, when 1 to 3 work, and here, above the first fork(): handlers for SIGCHLD and SIGTERM that
     *         set a flag each. Block both signals, and wait below in sigsuspend() only. When it
     *         returns, look at the flags. After a SIGCHLD, reap with WNOHANG until nobody is left. */

    /* TODO 2: start one worker: fork(), execvp() in the child, and _exit(127) if that fails. Print
     *         "start 1 PID", fflush(stdout), wait for it, and print "exit 1 STATUS" or "signal 1 NUMBER".
     *         Then N of them: keep in a table who has which pid. */

    /* TODO 3: start a worker that has failed again, at most 3 times. Compute the exit status. */

    /* TODO 5: on SIGTERM, send SIGTERM to each worker that runs, start nobody any more, go on reaping,
     *         and exit with 0 in the end. If fork() fails: the same, but exit with 1. */

    /* TODO 6: in the child, between fork() and execvp(): default actions for all signals, then an empty
     *         mask. Why in this order? */
    fprintf(stderr, "supervisor: nothing here yet; begin with TODO 1 in supervisor.c\n");
    (void)argc;
    (void)argv;
    return 1;
}
