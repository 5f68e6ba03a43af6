// fserver.c
// Lab 04, task 1.
// Every step has its comment.

#include <errno.h>          // errno, EEXIST, EINTR
#include <fcntl.h>          // open
#include <limits.h>         // PIPE_BUF
#include <poll.h>           // poll
#include <signal.h>         // sigset_t, SIGTERM
#include <stdio.h>          // printf
#include <string.h>         // memchr
#include <sys/signalfd.h>   // signalfd
#include <sys/stat.h>       // mkfifo, fstat
#include <unistd.h>         // read, write, close, unlink

// Is a letter from a to z? (islower() would ask the locale.)
#define IS_SMALL(c) \
    ((c) >= 'a' && \
     (c) <= 'z')

// The line that is being collected.
static char line[PIPE_BUF];

// How many bytes of it we have. PIPE_BUF + 1 means: too long.
static int used = 0;

// Answers the line line[0 .. used-1]; line[used-1] is the newline.
static void
AnswerLine(void)
{
    // Where does the path end?
    char *Blank = memchr(line, ' ', used);

    // No blank, or nothing before it: malformed.
    if (Blank == NULL || Blank == line)
        return;

    // Now line is the path as a string.
    *Blank = '\0';

    // The text begins after the blank and has this many bytes, with the newline.
    char *Text = Blank + 1;
    int Count = used - (Text - line);

    // Make the letters big.
    for (int i = 0; i < Count; i++)
        if (IS_SMALL(Text[i]))
            Text[i] = Text[i] - 'a' + 'A';

    // Open the client's FIFO. Does not wait: fails with ENXIO if nobody reads.
    int Fd = open(line, O_WRONLY | O_NONBLOCK);

    // Whatever the reason is: drop the reply.
    if (Fd < 0)
        return;

    // Write only if it is a FIFO. Does not wait: fails with EAGAIN if it is full.
    struct stat St;
    if (fstat(Fd, &St) == 0 && S_ISFIFO(St.st_mode) && write(Fd, Text, Count) != Count)
        fprintf(stderr, "fserver: dropped a reply\n");

    // Close in any case, or we would run out of descriptors.
    close(Fd);
}

// Takes one byte of the stream.
static void
TakeByte(char c)
{
    // Keep it, if there is room.
    if (used < PIPE_BUF)
        line[used++] = c;
    else
        used = PIPE_BUF + 1;

    // Not the end of the line yet?
    if (c != '\n')
        return;

    // The line is complete. Answer it if it is not too long.
    if (used <= PIPE_BUF)
        AnswerLine();

    // The next line begins.
    used = 0;
}

int
main(int argc, char **argv)
{
    // Exactly one argument.
    if (argc != 2)
    {
        fprintf(stderr, "usage: fserver PATH\n");
        return 2;
    }

    // A client that dies must not kill us.
    signal(SIGPIPE, SIG_IGN);

    // Make the FIFO.
    if (mkfifo(argv[1], 0600) < 0)
    {
        // It did not work. That is no harm if there is a FIFO already.
        int Reason = errno;
        struct stat St;
        if (Reason != EEXIST || stat(argv[1], &St) < 0 || !S_ISFIFO(St.st_mode))
        {
            fprintf(stderr, "fserver: %s: %s\n", argv[1], strerror(Reason));
            return 1;
        }
    }

    // SIGTERM does not come as a signal but as something to read.
    sigset_t Term;
    sigemptyset(&Term);
    sigaddset(&Term, SIGTERM);
    sigprocmask(SIG_BLOCK, &Term, NULL);
    int Sig = signalfd(-1, &Term, SFD_NONBLOCK);

    // Open the FIFO. Does not wait for a client.
    int In = open(argv[1], O_RDONLY | O_NONBLOCK);
    if (In < 0 || Sig < 0)
    {
        perror("fserver");
        return 1;
    }

    // Tell that clients may come.
    printf("ready\n");
    fflush(stdout);

    for (;;)
    {
        // Wait for either of the two.
        struct pollfd Wait[2] = {
            {.fd = Sig, .events = POLLIN},
            {.fd = In, .events = POLLIN},
        };
        if (poll(Wait, 2, -1) < 0)
            continue;

        // SIGTERM: clean up and go.
        if (Wait[0].revents != 0)
        {
            unlink(argv[1]);
            return 0;
        }

        // Something has come, or the last client has gone.
        if (Wait[1].revents != 0)
        {
            static char Buffer[10000];
            ssize_t n = read(In, Buffer, sizeof Buffer);

            // Bytes: take them one by one.
            for (ssize_t i = 0; i < n; i++)
                TakeByte(Buffer[i]);

            // n == 0: the last client has gone. poll() waits for the next one.
        }
    }
}
