// fcntl locks by ranges: the second process locks the record by its number, not by its offset in bytes.
// RACE: ADD ADD
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct record {
    char owner[12];
    int amount;
};
enum { RECORDS = 4, MINE = 2 };

static int lock(int fd, short type, off_t start)
{
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = 1};
    return fcntl(fd, F_SETLKW, &l);
}

static void add(int fd, struct record *r, off_t where)
{
    for (int i = 0; i < 3; i++) {
        if (lock(fd, F_WRLCK, where) < 0)
            exit(1);
        r->amount += 5; /* ADD */
        if (lock(fd, F_UNLCK, where) < 0)
            exit(1);
    }
}

int main(void)
{
    char name[] = "records-XXXXXX";
    int fd = mkstemp(name);
    if (fd < 0 || unlink(name) < 0 || ftruncate(fd, RECORDS * sizeof(struct record)) < 0)
        return perror(name), 1;
    struct record *all = mmap(NULL, RECORDS * sizeof *all, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (all == MAP_FAILED)
        return perror("mmap"), 1;
    pid_t pid = fork();
    if (pid < 0)
        return perror("fork"), 1;
    if (pid == 0) {
        add(fd, &all[MINE], MINE);
        exit(0);
    }
    add(fd, &all[MINE], MINE * sizeof(struct record));
    wait(NULL);
    printf("%d\n", all[MINE].amount);
    return 0;
}
