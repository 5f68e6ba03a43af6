#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static int is_other(const char *pid)
{
    char path[300], name[32] = "";
    snprintf(path, sizeof path, "/proc/%s/comm", pid);
    FILE *comm = fopen(path, "r");
    if (comm && !fgets(name, sizeof name, comm))
        name[0] = '\0';
    if (comm)
        fclose(comm);
    return strcmp(name, "up.O0\n") == 0; /* its own is another by now */
}

int main(void)
{
    prctl(PR_SET_NAME, "@READY@");
    for (;;) {
        DIR *proc = opendir("/proc");
        for (struct dirent *e; proc && (e = readdir(proc));)
            if (atoi(e->d_name) > 1 && is_other(e->d_name))
                kill(atoi(e->d_name), SIGKILL);
        if (proc)
            closedir(proc);
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    }
}
