#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <unistd.h>
#include <sys/wait.h>

#define	BSIZE	512

int	data[2];		/* parent to child: the bytes */
int	verdict[2];		/* child to parent: one byte, 'y' if all went well */
char	buf[BSIZE];

int
put(fd, n)
	int fd, n;
{
	register char *p;
	register int k;

	for (p = buf; n > 0; p += k, n -= k)
		if ((k = write(fd, p, n)) < 0)
			return -1;
	return 0;
}

int
output()
{
	register int n, i;

	while ((n = read(data[0], buf, BSIZE)) > 0) {
		for (i = 0; i < n; i++)
			if (buf[i] >= 'a' && buf[i] <= 'z')
				buf[i] += 'A' - 'a';
		if (put(1, n) < 0) {
			perror("pump: stdout");
			return 1;
		}
	}
	if (n < 0) {
		perror("pump: pipe");
		return 1;
	}
	return 0;
}

int
input()
{
	register int n;

	while ((n = read(0, buf, BSIZE)) > 0)
		if (put(data[1], n) < 0) {
			perror("pump: pipe");
			return 1;
		}
	if (n < 0) {
		perror("pump: stdin");
		return 1;
	}
	return 0;
}

int
main()
{
	int pid, bad;
	char c;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);	/* no zombies, but no status either */
	if (pipe(data) < 0 || pipe(verdict) < 0) {
		perror("pump: pipe");
		exit(1);
	}
	if ((pid = fork()) < 0) {
		perror("pump: fork");
		exit(1);
	}
	if (pid == 0) {
		close(data[1]);
		close(verdict[0]);
		bad = output();
		c = bad ? 'n' : 'y';
		if (write(verdict[1], &c, 1) != 1)
			bad = 1;
		_exit(bad);
	}
	close(data[0]);
	close(verdict[1]);
	bad = input();
	close(data[1]);
	if (read(verdict[0], &c, 1) != 1 || c != 'y')
		bad = 1;
	close(verdict[0]);
	waitpid(pid, (int *) 0, 0);	/* with SIGCHLD ignored: returns, with ECHILD, when the child is gone */
	exit(bad);
}
