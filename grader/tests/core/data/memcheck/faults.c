#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/wait.h>
static int use(int *p){ if (p[0] > 3) return 1; return 0; }
int main(int argc, char **argv)
{
    int which = argc > 1 ? atoi(argv[1]) : 0;
    char *p = malloc(10);
    if (which == 0) { p[10] = 1; }
    if (which == 1) { printf("%d\n", p[11]); }
    if (which == 2) { int *q = malloc(8); int r = use(q); free(q); printf("%d\n", r);}
    if (which == 3) { free(p + 1); }
    if (which == 4) { free(p); free(p); return 0; }
    if (which == 5) { memcpy(p, p + 2, 6); }
    if (which == 6) { p = NULL; return 0; }
    if (which == 7) { free(p); p[0] = 2; return 0; }
    if (which == 8) { char b[8]; if (write(1, b, 8) < 0) return 1; }
    if (which == 9) { pid_t c = fork(); if (c == 0) { p = malloc(7); p = NULL; _exit(3);} waitpid(c, NULL, 0); p[10] = 3;}
    if (which == 10) { volatile int *z = NULL; *z = 3; }
    if (which == 11) { execl("/bin/true", "true", NULL); }
    if (which == 12) { execl("./a", "a", "6", NULL); }
    if (which == 13) { int b[4]; b[argc > 5] = 1; if (b[2]) puts("x"); }
    if (which == 14) { pid_t c = fork(); if (c == 0) { execl("/bin/true", "true", NULL);} waitpid(c, NULL, 0); }
    free(p);
    return 0;
}
