// flock belongs to the open file description, and fork shares it: parent and child hold "the" lock both at
// once.
// RACE: NEXT NEXT
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int next_ticket(int fd, int *number)
{
    if (flock(fd, LOCK_EX) == -1) {
        perror("flock");
        exit(1);
    }
    int mine = ++*number; /* NEXT */
    if (flock(fd, LOCK_UN) == -1) {
        perror("flock");
        exit(1);
    }
    return mine;
}

int main(void)
{
    char name[] = "ticket-XXXXXX";
    int fd = mkstemp(name);
    if (fd == -1 || unlink(name) == -1 || ftruncate(fd, sizeof(int)) == -1) {
        perror(name);
        return 1;
    }
    int *number = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (number == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return 1;
    }
    for (int i = 0; i < 3; i++)
        next_ticket(fd, number);
    if (pid == 0)
        exit(0);
    wait(NULL);
    printf("next: %d\n", *number + 1);
    return 0;
}
