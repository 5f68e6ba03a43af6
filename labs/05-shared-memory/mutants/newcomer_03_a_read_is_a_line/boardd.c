#include "board.h"
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <errno.h>

static int null;
static void end(int n) { int e = errno; (void)n; dup2(null, 0); errno = e; }

#define AT(b, o) ((struct note *)((char *)(b) + (o)))

static void say(const char *s) { if (write(1, s, strlen(s)) < 0) warn("write"); }

static void put(struct board *b, uint32_t *at, const char *s, size_t n)
{
	if (note_size(n) > b->size - *at) { say("full\n"); return; }
	struct note *k = AT(b, *at);
	k->next = 0, k->len = n;
	memcpy(k->text, s, n);
	*(b->tail ? &AT(b, b->tail)->next : &b->head) = *at;
	b->tail = *at, b->count++;
	*at += note_size(n);
	say("ok\n");
}

static int serve(struct board *b, uint32_t size)
{
	char buf[4096], *nl;
	uint32_t at = sizeof *b;
	ssize_t r;
	*b = (struct board){ .size = size };
	say("ready\n");
	while ((r = read(0, buf, sizeof buf)) > 0) {
		char *from = buf, *end = buf + r;
		while ((nl = memchr(from, '\n', end - from))) {
			put(b, &at, from, nl - from);
			from = nl + 1;
		}
		if (from < end) put(b, &at, from, end - from);
	}
	return 0;
}

static int sysv(const char *path, int id, size_t size, int mode)
{
	int rc = 1, shm;
	key_t k = ftok(path, id);
	struct board *b;
	if (k == -1) return warn("%s", path), 1;
	if ((shm = shmget(k, size, IPC_CREAT | IPC_EXCL | mode)) < 0) return warn("shmget"), 1;
	if ((b = shmat(shm, 0, 0)) == (void *)-1) { warn("shmat"); goto rm; }
	rc = serve(b, size);
	shmdt(b);
rm:	shmctl(shm, IPC_RMID, 0);
	return rc;
}

static int posix(const char *name, size_t size, int mode)
{
	int rc = 1, fd;
	struct board *b;
	umask(0);
	if ((fd = shm_open(name, O_CREAT | O_EXCL | O_RDWR, mode)) < 0) return warn("%s", name), 1;
	if (ftruncate(fd, size)) { warn("ftruncate"); goto rm; }
	if ((b = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED) { warn("mmap"); goto rm; }
	rc = serve(b, size);
	munmap(b, size);
rm:	shm_unlink(name);
	close(fd);
	return rc;
}

static int family(size_t size)
{
	int rc = 1, p[2], shm = shmget(IPC_PRIVATE, size, 0600), st;
	struct board *b;
	pid_t pid;
	char c;
	if (shm < 0) return warn("shmget"), 1;
	if ((b = shmat(shm, 0, 0)) == (void *)-1) { warn("shmat"); goto rm; }
	b->size = size;
	if (pipe(p)) { warn("pipe"); goto dt; }
	if ((pid = fork()) < 0) { warn("fork"); close(p[0]); close(p[1]); goto dt; }
	if (!pid) {
		close(p[1]);
		read(p[0], &c, 1) == 0 || (_exit(1), 0);
		for (uint32_t o = b->head; o; o = AT(b, o)->next)
			fwrite(AT(b, o)->text, AT(b, o)->len, 1, stdout), putchar('\n');
		exit(0);
	}
	close(p[0]);
	rc = serve(b, size);
	close(p[1]);
	rc |= waitpid(pid, &st, 0) != pid || st;
dt:	shmdt(b);
rm:	shmctl(shm, IPC_RMID, 0);
	return rc;
}

int main(int c, char **v)
{
	int f = c == 3 && !strcmp(v[1], "-f"), m = c == 5 && !strcmp(v[1], "-m");
	struct sigaction a = { .sa_handler = end, .sa_flags = SA_RESTART };
	if (!f && c != 5) return fprintf(stderr, "usage: boardd PATH ID SIZE MODE | -m NAME SIZE MODE | -f SIZE\n"), 2;
	size_t size = strtoul(v[f ? 2 : 3], 0, 10);
	if ((null = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0 || sigaction(SIGTERM, &a, 0) || sigaction(SIGINT, &a, 0)) err(1, "signals");
	if (size < sizeof(struct board)) errx(1, "size %zu: too small", size);
	if (f) return family(size);
	int mode = strtoul(v[4], 0, 8);
	return m ? posix(v[2], size, mode) : sysv(v[1], atoi(v[2]), size, mode);
}
