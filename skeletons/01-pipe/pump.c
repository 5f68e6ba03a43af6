/*
 * Lab 01, task 2: pump, two processes that upper-case what flows through them.
 *
 *     pump <in >out
 *
 *     stdin ----> parent ====== pipe =====> child ----> stdout
 *                 reads bytes               a-z become A-Z, every other byte stays as it is
 *
 * Exit status: 0 when every byte has been copied, 1 after any error, told on stderr.
 */
#include <stdio.h>

/* TODO 1: copy bytes from one descriptor to another until end-of-file.
 *
 * Write the n bytes that read() returned, no more and no less. write() may take fewer than it was
 * given: go on with the rest. Any byte may come, the NUL byte too. Tell the caller of an error. */

int main(void)
{
    /* TODO 2: make a pipe, then a child. If one of them fails, say so on stderr and exit with 1. */

    /* TODO 3: in one process, close the end that it does not use, and copy from stdin into the pipe. */

    /* TODO 4: in the other, close the end that it does not use, and copy from the pipe to stdout;
     *         on the way, a-z become A-Z. */

    /* TODO 5: close the write end when the input has ended, so that the reader sees its end-of-file. */

    /* TODO 6: wait for the child. Exit with 0 only if both halves did all of their work, else with 1. */
    fprintf(stderr, "pump: nothing here yet; begin with TODO 1 in pump.c\n");
    return 1;
}
