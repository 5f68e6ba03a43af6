/*
 * A peer: looks at shared memory with the student's rights, and reports it as it is.
 *
 *     reader list                 each segment, a line: KEY ID MODE SIZE NATTCH CPID
 *     reader key PATH ID [hold]   the segment of ftok(PATH, ID)
 *     reader id ID [hold]         a segment by its identifier
 *     reader name NAME [hold]     a POSIX object
 *
 * The answer is a line "found KEY ID MODE SIZE NATTCH CPID" and SIZE bytes, or a line "absent ERRNO" or
 * "refused ERRNO". With hold it stays attached until its stdin ends, and then sends the bytes once more.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#define CANNOT 120

static _Noreturn void cannot(const char *what)
{
    fprintf(stderr, "reader: %s: %s\n", what, strerror(errno));
    exit(CANNOT);
}

static void send_all(const void *data, size_t size)
{
    if (fwrite(data, 1, size, stdout) != size || fflush(stdout) == EOF)
        cannot("standard output");
}

static int list(void)
{
    char line[512];
    FILE *all = fopen("/proc/sysvipc/shm", "r");
    if (!all || !fgets(line, sizeof line, all)) /* the heading */
        cannot("/proc/sysvipc/shm");
    while (fgets(line, sizeof line, all)) {
        int key, id, cpid, lpid;
        unsigned mode;
        unsigned long size, attached;
        if (sscanf(line, "%d %d %o %lu %d %d %lu", &key, &id, &mode, &size, &cpid, &lpid, &attached) != 7)
            cannot("a line of /proc/sysvipc/shm");
        printf("0x%08x %d %o %lu %lu %d\n", (unsigned)key, id, mode & 0777, size, attached, cpid);
    }
    fclose(all);
    return fflush(stdout) == EOF ? CANNOT : 0;
}

static int missing(const char *how)
{
    printf("%s %d\n", how, errno);
    return fflush(stdout) == EOF ? CANNOT : 0;
}

static int report(const char *head, const void *memory, size_t size, int hold)
{
    char byte;
    printf("%s\n", head);
    send_all(memory, size);
    if (hold) {
        while (read(STDIN_FILENO, &byte, 1) > 0)
            ;
        send_all(memory, size);
    }
    return 0;
}

static int look_at_segment(int id, int hold)
{
    struct shmid_ds about;
    char head[128];
    if (shmctl(id, IPC_STAT, &about) < 0)
        return missing(errno == EACCES ? "refused" : "absent");
    const void *memory = shmat(id, NULL, SHM_RDONLY);
    if (memory == (const void *)-1)
        return missing("refused");
    snprintf(head, sizeof head, "found 0x%08x %d %o %zu %lu %d", (unsigned)about.shm_perm.__key, id,
             about.shm_perm.mode & 0777, about.shm_segsz, (unsigned long)about.shm_nattch,
             (int)about.shm_cpid);
    return report(head, memory, about.shm_segsz, hold);
}

static int look_at_key(const char *path, int id, int hold)
{
    key_t key = ftok(path, id);
    if (key == -1)
        cannot(path);
    int segment = shmget(key, 0, 0);
    return segment < 0 ? missing(errno == EACCES ? "refused" : "absent") : look_at_segment(segment, hold);
}

static int look_at_object(const char *name, int hold)
{
    struct stat about;
    char head[128];
    int fd = shm_open(name, O_RDONLY, 0);
    if (fd < 0)
        return missing(errno == EACCES ? "refused" : "absent");
    if (fstat(fd, &about) < 0)
        cannot(name);
    const size_t size = (size_t)about.st_size;
    const void *memory = size ? mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) : "";
    if (memory == MAP_FAILED)
        cannot("mmap");
    snprintf(head, sizeof head, "found 0x00000000 %lu %o %zu 0 0", (unsigned long)about.st_ino % 1000000000,
             about.st_mode & 0777, size);
    return report(head, memory, size, hold);
}

int main(int argc, char **argv)
{
    const int hold = argc > 3 && strcmp(argv[argc - 1], "hold") == 0;
    const char *how = argc > 1 ? argv[1] : "";
    if (argc == 2 && strcmp(how, "list") == 0)
        return list();
    if (argc - hold == 4 && strcmp(how, "key") == 0)
        return look_at_key(argv[2], atoi(argv[3]), hold);
    if (argc - hold == 3 && strcmp(how, "id") == 0)
        return look_at_segment(atoi(argv[2]), hold);
    if (argc - hold == 3 && strcmp(how, "name") == 0)
        return look_at_object(argv[2], hold);
    fprintf(stderr, "reader: what shall be looked at?\n");
    return CANNOT;
}
