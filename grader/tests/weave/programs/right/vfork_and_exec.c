// vfork, then exec of the program itself; the child's answer is its exit status and a line in a mapped file
// that both know by name.
// ARGS: start
// OUTPUT: status 7, note: written by the child
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 64

static char *map_note(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || ftruncate(fd, SIZE) < 0) {
        perror(path);
        exit(1);
    }
    char *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    close(fd);
    return p;
}

int main(int argc, char *argv[])
{
    static char name[32];
    if (argc == 3 && strcmp(argv[1], "child") == 0) {
        strcpy(map_note(argv[2]), "written by the child");
        return 7;
    }
    snprintf(name, sizeof name, "note-%d", (int)getpid());
    char *note = map_note(name);
    strcpy(note, "nothing");
    char *child_argv[] = {argv[0], "child", name, NULL};
    pid_t pid = vfork();
    if (pid < 0) {
        perror("vfork");
        return 1;
    }
    if (pid == 0) {
        execv(child_argv[0], child_argv);
        _exit(127);
    }
    int status;
    if (waitpid(pid, &status, 0) < 0)
        return 1;
    printf("status %d, note: %s\n", WEXITSTATUS(status), note);
    return unlink(name);
}
