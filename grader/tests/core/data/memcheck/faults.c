/* One fault for each kind that memcheck reports; argv[1] picks it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int is(const char *which, const char *name)
{
    return strcmp(which, name) == 0;
}

static int in_a_child(void)
{
    pid_t child = fork();
    if (child == 0) {
        char *lost = malloc(7); // in the child
        lost[0] = 1;
        lost = NULL;
        _exit(0);
    }
    waitpid(child, NULL, 0);
    return 1;
}

int main(int argc, char **argv)
{
    const char *which = argc > 1 ? argv[1] : "";
    char *p = malloc(10); // block
    if (is(which, "write"))
        p[10] = 1; // write
    if (is(which, "read"))
        printf("%d\n", p[11]); // read
    if (is(which, "condition") && p[3]) // condition
        puts("set");
    if (is(which, "inside")) {
        free(p + 1); // inside
    }
    if (is(which, "twice")) {
        free(p);
        free(p); // twice
        return 0;
    }
    if (is(which, "overlap")) {
        strcpy(p, "abcdef");
        strcpy(p, p + 1); // overlap
    }
    if (is(which, "lost")) {
        p = NULL;
        return 0;
    }
    if (is(which, "after")) {
        free(p);
        p[0] = 2; // after
        return 0;
    }
    if (is(which, "syscall") && write(1, p, 8) < 0) // syscall
        return 1;
    if (is(which, "child") && in_a_child())
        p[10] = 3;
    if (is(which, "exec"))
        execl("/bin/true", "true", NULL);
    if (is(which, "exec-child")) {
        pid_t child = fork();
        if (child == 0)
            execl("/bin/true", "true", NULL);
        waitpid(child, NULL, 0);
    }
    free(p);
    return 0;
}
