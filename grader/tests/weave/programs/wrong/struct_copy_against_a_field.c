// The whole record is copied by assignment while another process updates one of its fields.
// RACE: FIELD COPY
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct record {
    char name[20];
    double price;
    int stock;
};

int main(void)
{
    struct record *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    *shared = (struct record){.name = "bolt", .price = 0.25, .stock = 100};
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        for (int i = 0; i < 5; i++)
            shared->stock -= 3; /* FIELD */
        exit(0);
    }
    struct record mine = *shared; /* COPY */
    wait(NULL);
    printf("%s: at most %d\n", mine.name, 100);
    return mine.stock > 100;
}
