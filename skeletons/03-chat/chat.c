/*
 * Lab 03, task 2: chat, a conversation with a child.
 *
 *     chat <lines >replies
 *
 *                        === lines ===>
 *     stdin --> parent                    child, who makes the replies
 *     stdout <--         <== replies ===
 *
 * Exit status: 0 when the conversation came to its end, 1 after any error, told on stderr.
 */
#include <stdio.h>

/* TODO 1: one process sends a text to the other so that it can tell where it ends: the wire of task 1.
 *         This file is built without msg.c. What you want in both files goes into a header of your own,
 *         as static inline functions; or see what fread() and fwrite() do for you on a stream that
 *         fdopen() makes of a pipe end. */

/* TODO 2: the child: take a line, make the reply, send it back; until "bye", or until the stream of lines
 *         ends. It neither reads stdin nor writes stdout. */

/* TODO 3: the parent: read a line of any length from stdin, send it without its newline, take the reply,
 *         print it and a newline, fflush(); until "bye", or the end of the input, or an error. */

int main(void)
{
    /* TODO 4: see to it that a write to a process that is gone is an error (EPIPE), not your end. */

    /* TODO 5: make two pipes, one for each direction, then a child. If that fails, say so on stderr and
     *         exit with 1. Each process keeps one end of each pipe and closes the other two. */

    /* TODO 6: close, wait for the child, and exit: 0 if all went well on both sides, else 1. */
    fprintf(stderr, "chat: nothing here yet; begin with TODO 1 in chat.c\n");
    return 1;
}
