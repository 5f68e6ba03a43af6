/*
 * Lab 02: pipeline, programs that run at the same time, each one's output the next one's input.
 *
 *     pipeline CMD [ARG...] [-- CMD [ARG...]]...         1 to 20 stages
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_STAGES 20

int main(int argc, char **argv)
{
    /* TODO 1: cut the command line */
    char **stages[MAX_STAGES];
    int n = 1;
    int i;

    if (argc < 2) {
        fprintf(stderr, "usage: pipeline CMD [ARG...] [-- CMD [ARG...]]...   (1 to 20 commands)\n");
        exit(2);
    }
    stages[0] = &argv[1];
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) {
            argv[i] = NULL;
            if (n == MAX_STAGES) {
                fprintf(stderr, "pipeline: more than %d stages\n", MAX_STAGES);
                exit(2);
            }
            stages[n] = &argv[i + 1];
            n++;
        }
    }
    for (i = 0; i < n; i++) {
        if (stages[i][0] == NULL) {
            fprintf(stderr, "pipeline: stage %d is empty\n", i + 1);
            exit(2);
        }
    }

    /* TODO 6: if stdin is closed, pipe() would return 0, so put /dev/null there */
    if (fcntl(0, F_GETFD) == -1) {
        if (open("/dev/null", O_RDONLY) == -1) {  /* lowest free number: this is 0 */
            perror("/dev/null");
            exit(1);
        }
    }

    /* TODO 2, 4 and 5: start all of them */
    pid_t pids[MAX_STAGES];
    int started = 0;
    int failed = 0;
    int left = -1;              /* read end of the pipe on the left */

    for (i = 0; i < n; i++) {
        int ends[2] = { -1, -1 };   /* the pipe on the right */

        if (i < n - 1) {
            if (pipe(ends) == -1) {
                perror("pipeline: pipe");
                failed = 1;
                break;
            }
        }
        pids[i] = fork();
        if (pids[i] == -1) {
            perror("pipeline: fork");
            failed = 1;
            if (i < n - 1) {
                close(ends[0]);
                close(ends[1]);
            }
            break;
        }
        if (pids[i] == 0) {
            if (i > 0) {
                dup2(left, 0);
                close(left);
            }
            if (i < n - 1) {
                dup2(ends[1], 1);
                close(ends[0]);
                close(ends[1]);
            }
            execvp(stages[i][0], stages[i]);
            perror(stages[i][0]);
            _exit(127);
        }
        started++;
        if (i > 0) {
            close(left);
        }
        if (i < n - 1) {
            close(ends[1]);
        }
        left = ends[0];
    }
    if (failed && left != -1) {
        close(left);            /* the one on the left loses its reader and can end */
    }

    /* TODO 3 and 5: wait for each of them; the last one counts */
    int result = 1;
    for (i = 0; i < started; i++) {
        int status;
        if (waitpid(pids[i], &status, 0) == -1) {
            perror("pipeline: waitpid");
            exit(1);
        }
        if (WIFEXITED(status)) {
            result = WEXITSTATUS(status);
        } else if (WIFSIGNALED(status)) {
            result = 128 + WTERMSIG(status);
        }
    }
    if (failed) {
        return 1;
    }
    return result;
}
