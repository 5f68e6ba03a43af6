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
//: solution
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define STAGES_MAX     20
#define CANNOT_EXECUTE 127 /* as in the shell */

/*
 * Cuts argv at each "--": stages[i] becomes the argument list of stage i, which ends with NULL as execvp()
 * wants it. Nothing is copied: argv itself ends with NULL, and a "--" is overwritten by one.
 * Returns how many stages there are, -1 if one of them is empty or there are too many.
 */
static int split(char **argv, char **stages[STAGES_MAX])
{
    int count = 0;
    for (;;) {
        if (count == STAGES_MAX || !argv[0] || strcmp(argv[0], "--") == 0)
            return -1;
        stages[count++] = argv;
        while (*argv && strcmp(*argv, "--") != 0)
            argv++;
        if (!*argv)
            return count;
        *argv++ = NULL;
    }
}

/*
 * Opens /dev/null for whichever of 0, 1 and 2 is closed. Else pipe() would give us these numbers, lowest
 * first, and an end of a pipe would be somebody's stdin, stdout or stderr by accident.
 */
static int occupy_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    return fd < 0 ? -1 : close(fd);
}

/* In the child: makes `number` what `fd` is. Afterwards there are two descriptors of one pipe end, so `fd`
 * has to go: a writer too many, and the pipe's reader would never see its end. */
static void move_to(int fd, int number)
{
    if (fd == number)
        return;
    if (dup2(fd, number) < 0) {
        perror("pipeline: dup2");
        _exit(CANNOT_EXECUTE);
    }
    close(fd);
}

/*
 * Starts one stage between `in` and `out`. `next_in` is the read end of the pipe behind `out`, -1 if there is
 * none: it is there already, and the child has inherited it, but it belongs to the next stage.
 * Returns the child's pid, -1 if there is none. Never returns in the child.
 */
static pid_t start(char **argv, int in, int out, int next_in)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (next_in >= 0)
        close(next_in); /* else this stage could never learn that its reader has gone */
    move_to(in, STDIN_FILENO);
    move_to(out, STDOUT_FILENO);
    execvp(argv[0], argv);
    /* Still here: it failed. stdout may be a pipe by now, so the message goes to stderr; and without _exit()
     * this child would go on as a second pipeline. */
    perror(argv[0]);
    _exit(CANNOT_EXECUTE);
}

/*
 * Starts them all, first to last, and writes down their pids. Of each pipe the parent needs nothing for
 * itself: it closes the write end once the left stage has been started, and the read end once the right one
 * has. So a child inherits two pipes at most, and the parent ends up with none of them.
 * Returns how many were started: fewer than `count` if a pipe or a child could not be made.
 */
static int start_all(char **stages[], int count, pid_t pids[])
{
    int in = STDIN_FILENO, started = 0;
    while (started < count) {
        int ends[2] = {-1, STDOUT_FILENO}; /* of the last stage, which has no pipe behind it */
        const int last = started == count - 1;
        if (!last && pipe(ends) < 0) {
            perror("pipeline: pipe");
            break;
        }
        pids[started] = start(stages[started], in, ends[1], ends[0]);
        if (pids[started] < 0)
            perror("pipeline: fork");
        if (in != STDIN_FILENO)
            close(in);
        if (!last)
            close(ends[1]);
        in = ends[0];
        if (pids[started] < 0)
            break;
        started++;
    }
    /* After a failure: the stage that should have read this does not exist. With the read end closed, the one
     * that writes learns it, and ends. */
    if (started < count && in > STDIN_FILENO)
        close(in);
    return started;
}

/* Waits for all of them, in any order: each is a zombie until then. Returns the wait status of the last one
 * in the list, which says how the pipeline as a whole has ended. */
static int wait_for_all(const pid_t pids[], int count)
{
    int status = 0;
    for (int i = 0; i < count; i++)
        if (waitpid(pids[i], &status, 0) < 0)
            perror("pipeline: waitpid");
    return status;
}

int main(int argc, char **argv)
{
    char **stages[STAGES_MAX];
    pid_t pids[STAGES_MAX];
    /* The whole line before anything else: wrong usage starts nothing. */
    int count = argc > 1 ? split(argv + 1, stages) : -1;
    if (count < 0) {
        fprintf(stderr, "usage: pipeline CMD [ARG...] [-- CMD [ARG...]]...   (1 to %d commands)\n",
                STAGES_MAX);
        return 2;
    }
    if (occupy_standard_descriptors() < 0) {
        perror("pipeline: /dev/null");
        return 1;
    }
    int started = start_all(stages, count, pids);
    int status = wait_for_all(pids, started);
    if (started < count)
        return 1;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
//: skeleton
//| #include <stdio.h>
//|
//| int main(int argc, char **argv)
//| {
//|     /* TODO 1: cut the command line at each "--" into 1 to 20 argument lists, each with a NULL at its end.
//|      *         No command, an empty stage, or more than 20: say so on stderr, exit with 2,
//|      *         start nothing. */
//|
//|     /* TODO 2: begin with one stage. Make a child with fork(); if that fails, say so and exit with 1. In
//|      *         the child, call execvp(). If that returns, it has failed: tell why on stderr,
//|      *         and _exit(127). */
//|
//|     /* TODO 3: in the parent, wait for the child, and exit with its exit status, or with 128 + n if
//|      *         signal n has killed it. */
//|
//|     /* TODO 4: two stages. Before the first fork(), make a pipe. dup2() makes its write end descriptor 1
//|      *         of the left child, its read end descriptor 0 of the right one. In both, close the pipe's
//|      *         own two descriptors before execvp(). In the parent, close both before you wait. */
//|
//|     /* TODO 5: any number of stages, all started before you wait for the first. Wait for each of them;
//|      *         the last one's status counts. If a pipe or a child cannot be made, let those end that
//|      *         have been started, wait for them, and exit with 1. */
//|
//|     /* TODO 6: if descriptor 0, 1 or 2 is closed from the start, pipe() may give you that very number.
//|      *         What happens to your dup2() and close() then? */
//|     fprintf(stderr, "pipeline: nothing here yet; begin with TODO 1 in pipeline.c\n");
//|     (void)argc;
//|     (void)argv;
//|     return 1;
//| }
//: end
