#include "ask.h"
#include <stdio.h>
#include <unistd.h>
#include <sys/wait.h>

/* streams over the pipe: fwrite in the child, fread in the parent */
int
ask_child(int64_t (*f)(int64_t), int64_t x, int64_t *result)
{
	int fds[2], ok;
	pid_t pid;
	int64_t v;
	FILE *s;

	if (pipe(fds) == -1)
		return -1;
	if ((pid = fork()) == -1) {
		close(fds[0]);
		close(fds[1]);
		return -1;
	}
	if (pid == 0) {
		close(fds[0]);
		v = f(x);
		if ((s = fdopen(fds[1], "wb")) == NULL)
			_exit(1);
		ok = fwrite(&v, sizeof v, 1, s) == 1;
		if (fclose(s) != 0)
			ok = 0;
		_exit(!ok);
	}
	close(fds[1]);
	ok = 0;
	if ((s = fdopen(fds[0], "rb")) != NULL) {
		ok = fread(&v, sizeof v, 1, s) == 1;
		fclose(s);
	} else
		close(fds[0]);
	waitpid(pid, NULL, 0);
	if (!ok)
		return -1;
	*result = v;
	return 0;
}
