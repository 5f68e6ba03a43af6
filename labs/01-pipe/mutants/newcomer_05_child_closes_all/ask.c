#include <stdint.h>
#include <unistd.h>
#include <sys/wait.h>
#include "ask.h"

static void child_part(int out, int64_t (*f)(int64_t), int64_t x)
{
	/* A child should only hold what it needs, so close everything else
	 * that was inherited (the read end too). */
	long max = sysconf(_SC_OPEN_MAX);
	if (max < 0 || max > 4096)
		max = 4096;
	for (int fd = 3; fd < max; fd++)
		if (fd != out)
			close(fd);

	int64_t value = f(x);
	unsigned char *p = (void *)&value;
	for (int i = 0; i < 8; i++)
		if (write(out, p + i, 1) != 1)
			_exit(1);
	_exit(0);
}

int ask_child(int64_t (*f)(int64_t), int64_t x, int64_t *result)
{
	int ends[2];
	if (pipe(ends) == -1)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		if (ends[0] < 3)
			close(ends[0]);
		child_part(ends[1], f, x);
	}
	close(ends[1]);
	if (pid == -1) {
		close(ends[0]);
		return -1;
	}

	int64_t value;
	unsigned char *p = (void *)&value;
	int count = 0;
	while (count < 8 && read(ends[0], p + count, 1) == 1)
		count++;
	close(ends[0]);
	waitpid(pid, 0, 0);
	if (count < 8)
		return -1;
	*result = value;
	return 0;
}
