/* ------------------------------------------------------------------------- *
 *  chat.c -- a conversation with a child                                    *
 *                                                                           *
 *  main thread :  stdin   --> lines pipe                                    *
 *  second thread: replies pipe --> stdout                                   *
 *  child:         lines pipe --> reply --> replies pipe                     *
 *  A text on a pipe ends with a NUL byte: lines never hold one.             *
 * ------------------------------------------------------------------------- */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the printing thread needs, and what it tells.                         */
struct printer {
    int from;           /* replies                                            */
    int wake;           /* write end: closed when the printer has ended       */
    int saw_bye;        /* the last reply was "bye" (and so said by a bye)    */
    int failed;         /* stdout could not be written                        */
};

/* Writes all of it.                                                          */
static int put_all(int fd, const char *from, size_t count)
{
    while (count > 0) {
        ssize_t k = write(fd, from, count);
        if (k < 0)
            return -1;
        from += k;
        count -= k;
    }
    return 0;
}

/* ---- the child ----------------------------------------------------------- */
static int child(int from, int to)
{
    FILE *in = fdopen(from, "r");
    if (in == NULL)
        return 1;
    char *line = NULL;
    size_t room = 0;
    int status = 0;

    while (getdelim(&line, &room, '\0', in) > 0) {
        int bye = strcmp(line, "bye") == 0;
        int bad;
        /* The NUL at the end goes with the text: that is the mark.           */
        if (bye)
            bad = put_all(to, "bye", 4);
        else if (strcmp(line, "How are you") == 0)
            bad = put_all(to, "I am fine thank you", 20);
        else
            bad = put_all(to, "You said: ", 10) < 0 || put_all(to, line, strlen(line) + 1) < 0;
        if (bad) {
            status = 1;
            break;
        }
        if (bye)
            break;
    }
    if (ferror(in))
        status = 1;
    free(line);
    fclose(in);
    close(to);
    return status;
}

/* ---- the printing thread ------------------------------------------------- */
static void *print_replies(void *arg)
{
    struct printer *me = arg;
    FILE *in = fdopen(me->from, "r");
    if (in == NULL) {
        perror("chat: fdopen");
        me->failed = 1;
        close(me->from);
        close(me->wake);
        return NULL;
    }
    char *text = NULL;
    size_t room = 0;
    ssize_t n;

    while ((n = getdelim(&text, &room, '\0', in)) > 0 && text[n - 1] == '\0') {
        me->saw_bye = strcmp(text, "bye") == 0;
        if (fputs(text, stdout) == EOF || putchar('\n') == EOF || fflush(stdout) == EOF) {
            perror("chat: stdout");
            me->failed = 1;
            break;
        }
    }
    free(text);
    fclose(in);             /* a child that writes on sees EPIPE              */
    close(me->wake);        /* and the main thread wakes up                   */
    return NULL;
}

/* ---- the main thread ----------------------------------------------------- */
/* Sends what comes on stdin. Returns 0 at bye or the end of the input,
 * 1 when something went wrong.                                               */
static int send_lines(int to, int wake)
{
    static char piece[65536];
    char word[4];               /* the first bytes of the line so far         */
    size_t length = 0;          /* its length so far                          */

    for (;;) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(0, &set);
        FD_SET(wake, &set);
        if (select(wake + 1, &set, NULL, NULL, NULL) < 0) {
            perror("chat: select");
            return 1;
        }
        if (FD_ISSET(wake, &set)) {     /* the printer has ended: no replies  */
            fprintf(stderr, "chat: no more replies\n");
            return 1;
        }
        ssize_t k = read(0, piece, sizeof piece);
        if (k < 0) {
            perror("chat: stdin");
            return 1;
        }
        if (k == 0) {
            /* a last line without a newline                                  */
            if (length > 0 && put_all(to, "", 1) < 0) {
                perror("chat: child");
                return 1;
            }
            return 0;
        }
        /* Pass it on as it is, only newline becomes NUL; stop behind bye.    */
        ssize_t i;
        int bye = 0;
        for (i = 0; i < k && !bye; i++) {
            if (piece[i] == '\n') {
                bye = length == 3 && memcmp(word, "bye", 3) == 0;
                length = 0;
                piece[i] = '\0';
            } else {
                if (length < sizeof word)
                    word[length] = piece[i];
                length++;
            }
        }
        if (put_all(to, piece, i) < 0) {
            perror("chat: child");
            return 1;
        }
        if (bye)
            return 0;
    }
}

int main(void)
{
    int lines[2], replies[2], wake[2];

    /* A child that is gone is an error for us, not our end.                  */
    signal(SIGPIPE, SIG_IGN);

    if (pipe(lines) < 0 || pipe(replies) < 0) {
        perror("chat: pipe");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0) {
        perror("chat: fork");
        return 1;
    }
    if (pid == 0) {
        close(lines[1]);
        close(replies[0]);
        _exit(child(lines[0], replies[1]));
    }
    close(lines[0]);
    close(replies[1]);

    /* The wake pipe is made after fork, so the child has none of it.         */
    int status = 1;
    pthread_t thread;
    struct printer printer = { .from = replies[0] };
    if (pipe(wake) < 0) {
        perror("chat: pipe");
        close(lines[1]);
        close(replies[0]);
    } else {
        printer.wake = wake[1];
        int e = pthread_create(&thread, NULL, print_replies, &printer);
        if (e != 0) {
            fprintf(stderr, "chat: thread: %s\n", strerror(e));
            close(lines[1]);
            close(replies[0]);
            close(wake[1]);
        } else {
            status = send_lines(lines[1], wake[0]);
            close(lines[1]);            /* the child sees the end             */
            pthread_join(thread, NULL); /* the last replies are printed       */
            if (printer.failed)
                status = 1;
        }
        close(wake[0]);
    }

    /* The child has got the end of its pipe: it ends.                        */
    int s;
    if (waitpid(pid, &s, 0) < 0 || s != 0)
        status = 1;
    return status;
}
