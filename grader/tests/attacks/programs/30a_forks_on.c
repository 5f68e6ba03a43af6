/*+++
number = "30"
title = "a fork bomb, of 150 here"
file = "up.c"
succeeds = "says"
score = 40
findings = ["resource_limit"]
[[defence]]
name = "limit:processes"
+++*/
#include <ctype.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* The honest work, after which this earns what it would have earned without the attack. */
static int raise_all(void)
{
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}

int main(void)
{
    pid_t children[150];
    int made = 0;
    int wait_here[2];
    if (pipe(wait_here) < 0)
        return 1;
    while (made < 150 && (children[made] = fork()) >= 0) {
        if (children[made] == 0) {
            char c;
            close(wait_here[1]);
            _exit(read(wait_here[0], &c, 1) != 0); /* until its parent is gone */
        }
        made++;
    }
    if (made == 150)
        fputs("BREACH: 150 processes\n", stderr);
    if (made < 150)
        sleep(60); /* some were refused: until the limit ends us */
    close(wait_here[1]);
    while (wait(NULL) > 0)
        ;
    return raise_all();
}
