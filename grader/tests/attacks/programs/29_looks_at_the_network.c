/*+++
number = "29"
title = "looks for a network: interfaces, traffic, sockets of others"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "net"
sandboxes = ["local"]
[[defence]]
name = "docker:--network=none"
off = ["docker:--network=none=>--network=host", "docker:--sysctl=net"]
sandboxes = ["docker"]
+++*/
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* A network of its own has lo only, over which nothing has gone yet. */
static void look_at_interfaces(void)
{
    char line[400], name[40];
    unsigned long bytes;
    FILE *in = fopen("/proc/net/dev", "r");
    while (in && fgets(line, sizeof line, in))
        if (sscanf(line, " %39[^:]: %lu", name, &bytes) == 2 && (strcmp(name, "lo") != 0 || bytes > 0))
            fprintf(stderr, "BREACH: %s %lu\n", name, bytes);
    if (in)
        fclose(in);
}

/* Those of the sandbox itself have no name. */
static void look_at_sockets(void)
{
    char line[400], name[200];
    FILE *in = fopen("/proc/net/unix", "r");
    while (in && fgets(line, sizeof line, in))
        if (sscanf(line, "%*s %*s %*s %*s %*s %*s %*s %199s", name) == 1 &&
            (name[0] == '/' || name[0] == '@'))
            fprintf(stderr, "BREACH: %s\n", name);
    if (in)
        fclose(in);
}

int main(void)
{
    look_at_interfaces();
    look_at_sockets();
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}
