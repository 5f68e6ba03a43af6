// fclient.c
// Lab 04, task 2.

#include <errno.h>      // errno
#include <fcntl.h>      // open
#include <limits.h>     // PIPE_BUF
#include <poll.h>       // poll
#include <signal.h>     // signal
#include <stdio.h>      // fprintf
#include <stdlib.h>     // mkdtemp
#include <string.h>     // strlen
#include <sys/stat.h>   // mkfifo
#include <unistd.h>     // write

// The folder with the reply FIFO in it, in the working directory.
static char Folder[] = "fclient.XXXXXX";

// The reply FIFO.
static char Reply[sizeof Folder + 2];

// Ends the program, and removes what there is to remove.
static void
Leave(int Status, const char *Why)
{
    // Why is there only after an error.
    if (Why != NULL)
        perror(Why);

    // The FIFO first: rmdir() wants an empty folder.
    if (Reply[0] != '\0')
    {
        unlink(Reply);
        rmdir(Folder);
    }
    exit(Status);
}

int
main(int argc, char **argv)
{
    // Exactly two arguments.
    if (argc != 3)
    {
        fprintf(stderr, "usage: fclient PATH TEXT\n");
        return 2;
    }

    // write() shall fail if the server is gone, and not kill us: we have to clean up.
    signal(SIGPIPE, SIG_IGN);

    // The server's FIFO. No O_CREAT!
    int Server = open(argv[1], O_WRONLY);
    struct stat St;
    if (Server < 0 || fstat(Server, &St) < 0)
        Leave(1, argv[1]);
    errno = EINVAL;
    if (!S_ISFIFO(St.st_mode))
        Leave(1, argv[1]);

    // Nobody else has this folder, so the FIFO may have any name.
    if (mkdtemp(Folder) == NULL)
        Leave(1, Folder);
    sprintf(Reply, "%s/r", Folder);
    if (mkfifo(Reply, 0600) < 0)
        Leave(1, Reply);

    // Open it before the request is sent. Does not wait.
    int In = open(Reply, O_RDONLY | O_NONBLOCK);
    if (In < 0)
        Leave(1, Reply);

    // Build the request.
    char Request[PIPE_BUF];
    size_t Length = strlen(Reply) + 1 + strlen(argv[2]) + 1;
    errno = EMSGSIZE;
    if (Length > sizeof Request)
        Leave(1, "request");
    strcpy(Request, Reply);
    strcat(Request, " ");
    // The newline goes where the 0 would be, for which there is no room.
    memcpy(Request + strlen(Reply) + 1, argv[2], strlen(argv[2]));
    Request[Length - 1] = '\n';

    // Send it in one piece.
    if (write(Server, Request, Length) != (ssize_t)Length)
        Leave(1, "request");

    // Collect the reply.
    char Line[PIPE_BUF];
    size_t Have = 0;
    while (Have == 0 || Line[Have - 1] != '\n')
    {
        // Wait until there is something, or the server has come and gone.
        struct pollfd Wait = {.fd = In, .events = POLLIN};
        if (poll(&Wait, 1, -1) < 0)
            continue;

        // One byte at a time: nothing after the newline is touched.
        errno = EMSGSIZE;
        if (Have == sizeof Line)
            Leave(1, "reply");
        ssize_t n = read(In, Line + Have, 1);
        if (n == 0)
        {
            errno = EPIPE;
            Leave(1, "reply");
        }
        if (n == 1)
            Have++;
    }

    // Print it, with its newline.
    size_t Printed = fwrite(Line, 1, Have, stdout);
    if (Printed != Have || fflush(stdout) != 0)
        Leave(1, "stdout");
    Leave(0, NULL);
}
