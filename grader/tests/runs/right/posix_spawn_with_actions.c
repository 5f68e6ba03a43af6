/*
 * posix_spawnp() with file actions instead of fork(), dup2() and exec().
 * EXPECT: no finding
 * OUTPUT: spawned said: hi
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    posix_spawn_file_actions_t actions;
    char *argv[] = {"echo", "hi", NULL}, text[16];
    int fd[2], status;
    pid_t pid;
    if (pipe2(fd, O_CLOEXEC) < 0)
        return 1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd[1], 1);
    if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0)
        return 1;
    posix_spawn_file_actions_destroy(&actions);
    close(fd[1]);
    FILE *in = fdopen(fd[0], "r");
    while (in && fgets(text, sizeof text, in))
        printf("spawned said: %s", text);
    return waitpid(pid, &status, 0) != pid || status != 0;
}
