// pump: the CHILD reads stdin, the PARENT writes stdout. One byte at a time.
#include <stdio.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	int ends[2];
	unsigned char c;
	int r, status, ok = 1;

	signal(SIGPIPE, SIG_IGN);	// we look at what write() says

	if (pipe(ends)) { perror("pipe"); return 1; }
	int child = fork();
	if (child < 0) { perror("fork"); return 1; }

	if (child == 0) {
		close(ends[0]);
		while ((r = read(0, &c, 1)) == 1)
			if (write(ends[1], &c, 1) != 1) {
				perror("write to pipe");
				_exit(1);
			}
		if (r < 0) { perror("stdin"); _exit(1); }
		_exit(0);
	}

	close(ends[1]);
	while ((r = read(ends[0], &c, 1)) == 1) {
		if (c >= 'a' && c <= 'z')
			c ^= 0x20;
		if (write(1, &c, 1) != 1) {
			perror("stdout");
			ok = 0;
			break;
		}
	}
	if (r < 0) { perror("read from pipe"); ok = 0; }
	close(ends[0]);

	if (waitpid(child, &status, 0) != child) ok = 0;
	else if (!WIFEXITED(status) || WEXITSTATUS(status)) ok = 0;
	return !ok;
}
