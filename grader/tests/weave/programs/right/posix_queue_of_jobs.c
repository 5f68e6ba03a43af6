// Jobs in a POSIX message queue, the urgent ones first; the queue is smaller than the number of jobs.
// OUTPUT: worker did 6 jobs, urgent ones 2, checksum 63
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
    int index;
};

int main(void)
{
    char name[40];
    struct mq_attr attr = {.mq_maxmsg = 3, .mq_msgsize = sizeof(struct job)};
    snprintf(name, sizeof name, "/ipclab-jobs-%d", (int)getpid());
    mqd_t q = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attr);
    int *data = mmap(NULL, 8 * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (q == (mqd_t)-1 || data == MAP_FAILED) {
        perror("setup");
        return 1;
    }
    mq_unlink(name);
    pid_t pid = fork();
    if (pid == -1) {
        perror("fork");
        return 1;
    }
    if (pid == 0) {
        struct job job;
        unsigned priority;
        int done = 0, urgent = 0, sum = 0;
        while (mq_receive(q, (char *)&job, sizeof job, &priority) == sizeof job && job.index >= 0) {
            done++;
            urgent += priority > 1;
            sum += data[job.index];
        }
        data[6] = done;
        data[7] = urgent;
        exit(sum);
    }
    for (int i = 0; i < 6; i++) {
        struct job job = {.index = i};
        data[i] = 1 << i;
        if (mq_send(q, (const char *)&job, sizeof job, i % 3 == 2 ? 5 : 1) == -1) {
            perror("mq_send");
            return 1;
        }
    }
    struct job last = {.index = -1};
    if (mq_send(q, (const char *)&last, sizeof last, 0) == -1)
        return 1;
    int status;
    if (waitpid(pid, &status, 0) == -1 || !WIFEXITED(status))
        return 1;
    printf("worker did %d jobs, urgent ones %d, checksum %d\n", data[6], data[7], WEXITSTATUS(status));
    return 0;
}
