/*+++
number = "26"
title = "looks for the host's files, and for what other submissions are graded in"
file = "up.c"
succeeds = "says"
score = 70
[[defence]]
name = "namespaces"
sandboxes = ["local"]
+++*/
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    static const char *const files[] = {"/etc/shadow", "/etc/fstab", "/home",
                                        "/root",       "/var",       "/work/lab.toml"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (access(files[i], F_OK) == 0)
            fprintf(stderr, "BREACH: %s\n", files[i]);
    DIR *tmp = opendir("/tmp");
    for (struct dirent *e; tmp && (e = readdir(tmp));)
        if (strncmp(e->d_name, "ipclab", 6) == 0)
            fprintf(stderr, "BREACH: %s\n", e->d_name);
    for (int c; (c = getchar()) != EOF;)
        putchar(toupper(c));
    return 0;
}
