/*
 * Lab 08, task 1: editor, which lives on lines and on signals.
 *
 *     editor FILE
 *
 *     stdin ---- lines ----> editor <---- SIGINT SIGTERM SIGHUP SIGALRM SIGUSR1
 *                              |
 *                              +----> FILE, and answers on stdout
 *
 * It loads FILE and prints "ready". Lines of stdin are added to the text; at the end of input it saves, and
 * exits with 0.
 *
 *     SIGINT    prints "save before exiting?", and the next line is the answer:
 *               y: saves, exits with 0;  n: exits with 0;  any other: it goes on.
 *               A second SIGINT before the answer: exits with 130, unsaved
 *     SIGTERM   saves, exits with 0
 *     SIGHUP    loads FILE again, prints "reloaded N"
 *     SIGALRM   saves, prints "autosaved"
 *     SIGUSR1   prints "lines N unsaved M"
 *     SIGPIPE   is ignored
 *     SIGQUIT   stays as it is
 *
 * Exit status: 1 if FILE cannot be loaded or saved, 2 for wrong usage.
 */
#define _GNU_SOURCE /* else ppoll() is not declared */
#include "text.h"

#include <stdio.h>

static struct text text; /* text.h has what can be done with it */

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: editor FILE\n");
        return 2;
    }

    /* TODO 2, when TODO 1 works, and here, above "ready": a handler for SIGINT, SIGTERM, SIGHUP, SIGALRM
     *         and SIGUSR1, which sets a flag for the signal that has come: volatile sig_atomic_t. Ignore
     *         SIGPIPE. */

    /* TODO 3, here too: block these five signals. Below, wait in ppoll() with the mask in which they are
     *         not blocked. When it returns, look at the flags; and read stdin, if it says so. */

    if (text_load(&text, argv[1]) < 0) {
        perror(argv[1]);
        return 1;
    }

    /* TODO 1: no signals yet. Print "ready", and fflush(stdout). Read stdin with read(); add each line to
     *         the text, without its newline. At the end of input save, and exit with 0. */

    /* TODO 4: do what each signal asks for, in main and not in the handler: SIGUSR1 first, then SIGALRM,
     *         SIGHUP and SIGTERM. */

    /* TODO 5: SIGINT, the question, and what the next line means then. Any answer closes the question. */
    fprintf(stderr, "editor: nothing here yet; begin with TODO 1 in editor.c\n");
    return 1;
}
