// Accounts in a mapped file, a record lock for each (fcntl): transfers lock the lower one first; readers
// share locks.
// OUTPUT: 100 + 90 + 110 = 300
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct account {
    char owner[8];
    long money;
};

static void set_lock(int fd, int type, int record)
{
    struct flock l = {.l_type = (short)type,
                      .l_whence = SEEK_SET,
                      .l_start = record * (off_t)sizeof(struct account),
                      .l_len = sizeof(struct account)};
    if (fcntl(fd, F_SETLKW, &l) == -1) {
        perror("fcntl");
        exit(1);
    }
}

static void transfer(int fd, struct account *a, int from, int to, long amount)
{
    int low = from < to ? from : to, high = from < to ? to : from;
    set_lock(fd, F_WRLCK, low);
    set_lock(fd, F_WRLCK, high);
    a[from].money -= amount;
    a[to].money += amount;
    set_lock(fd, F_UNLCK, high);
    set_lock(fd, F_UNLCK, low);
}

static long look(int fd, const struct account *a, int i)
{
    set_lock(fd, F_RDLCK, i);
    long money = a[i].money;
    set_lock(fd, F_UNLCK, i);
    return money;
}

int main(void)
{
    char name[] = "bank-XXXXXX";
    int fd = mkstemp(name);
    if (fd < 0 || unlink(name) < 0 || ftruncate(fd, 3 * sizeof(struct account)) < 0) {
        perror(name);
        return 1;
    }
    struct account *a = mmap(NULL, 3 * sizeof *a, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (a == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (int i = 0; i < 3; i++)
        a[i] = (struct account){.owner = {(char)('A' + i)}, .money = 100};
    static const int step[3][3] = {{0, 1, 20}, {1, 2, 30}, {2, 0, 20}};
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            perror("fork");
            return 1;
        }
        if (pid == 0) {
            transfer(fd, a, step[i][0], step[i][1], step[i][2]);
            _exit(look(fd, a, i) < 0);
        }
    }
    int status, bad = 0;
    while (wait(&status) > 0)
        bad |= status;
    long sum = a[0].money + a[1].money + a[2].money;
    printf("%ld + %ld + %ld = %ld\n", a[0].money, a[1].money, a[2].money, sum);
    return bad != 0;
}
