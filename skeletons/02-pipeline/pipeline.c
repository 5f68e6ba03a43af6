/*
 * Lab 02: pipeline, programs that run at the same time, each one's output the next one's input.
 *
 *     pipeline CMD [ARG...] [-- CMD [ARG...]]...         1 to 20 stages
 *
 *     stdin ----> stage 1 ====pipe====> stage 2 ====pipe====> ... ====pipe====> stage n ----> stdout
 *
 * Exit status: that of the last stage; 128 + n if signal n has killed it; 127 if it could not be executed.
 * 1 if a pipe or a child cannot be made; 2 on wrong usage, and then nothing is started.
 *
 * Every stage is a child of pipeline. It has the descriptors 0, 1, 2 and those that pipeline was started
 * with, and no end of a pipe besides. pipeline returns when all stages have ended.
 */
#include <stdio.h>

int main(int argc, char **argv)
{
    /* TODO 1: cut the command line at each "--" into 1 to 20 argument lists, each with a NULL at its end.
     *         No command, an empty stage, or more than 20: say so on stderr, exit with 2,
     *         start nothing. */

    /* TODO 2: begin with one stage. Make a child with fork(); if that fails, say so and exit with 1. In
     *         the child, call execvp(). If that returns, it has failed: tell why on stderr,
     *         and _exit(127). */

    /* TODO 3: in the parent, wait for the child, and exit with its exit status, or with 128 + n if
     *         signal n has killed it. */

    /* TODO 4: two stages. Before the first fork(), make a pipe. dup2() makes its write end descriptor 1
     *         of the left child, its read end descriptor 0 of the right one. In both, close the pipe's
     *         own two descriptors before execvp(). In the parent, close both before you wait. */

    /* TODO 5: any number of stages, all started before you wait for the first. Wait for each of them;
     *         the last one's status counts. If a pipe or a child cannot be made, let those end that
     *         have been started, wait for them, and exit with 1. */

    /* TODO 6: if descriptor 0, 1 or 2 is closed from the start, pipe() may give you that very number.
     *         What happens to your dup2() and close() then? */
    fprintf(stderr, "pipeline: nothing here yet; begin with TODO 1 in pipeline.c\n");
    (void)argc;
    (void)argv;
    return 1;
}
