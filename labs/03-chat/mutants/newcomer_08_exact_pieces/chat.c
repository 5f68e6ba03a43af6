#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Ein Text besteht aus Stuecken fester Groesse. Jedes sagt, wie viele seiner Bytes gelten
 * und ob noch eines folgt.
 */
#define NUTZLAST 253

struct stueck
{
    unsigned char laenge;
    unsigned char folgt;
    char bytes[NUTZLAST];
    unsigned char pruef; /* immer 'S' */
};

static int schreibeAlles(int fd, const void *von, size_t anzahl)
{
    const char *p = von;
    while (anzahl > 0)
    {
        ssize_t k = write(fd, p, anzahl);
        if (k < 0)
            return -1;
        p += k;
        anzahl -= (size_t)k;
    }
    return 0;
}

static int liesAlles(int fd, void *nach, size_t anzahl)
{
    char *p = nach;
    size_t da = 0;
    while (da < anzahl)
    {
        ssize_t k = read(fd, p + da, anzahl - da);
        if (k < 0)
            return -1;
        if (k == 0)
            return da == 0 ? 0 : -1;
        da += (size_t)k;
    }
    return 1;
}

static int sende(int fd, const char *text, size_t laenge)
{
    struct stueck s;
    memset(&s, 0, sizeof s);
    s.pruef = 'S';
    do
    {
        size_t k = laenge < NUTZLAST ? laenge : NUTZLAST;
        memcpy(s.bytes, text, k);
        text += k;
        laenge -= k;
        s.laenge = (unsigned char)k;
        s.folgt = k == NUTZLAST;    /* nicht voll: das letzte */
        if (schreibeAlles(fd, &s, sizeof s) < 0)
            return -1;
    } while (laenge > 0);
    return 0;
}

/* 1: *text, mit NUL am Ende; 0: Ende; -1: Fehler */
static int empfange(int fd, char **text, size_t *platz, size_t *laenge)
{
    struct stueck s;
    *laenge = 0;
    do
    {
        int r = liesAlles(fd, &s, sizeof s);
        if (r == 0 && *laenge == 0)
            return 0;
        if (r != 1 || s.pruef != 'S')
            return -1;
        if (*laenge + NUTZLAST + 1 > *platz)
        {
            size_t neu = (*platz + NUTZLAST + 1) * 2;
            char *p = realloc(*text, neu);
            if (p == NULL)
                return -1;
            *text = p;
            *platz = neu;
        }
        memcpy(*text + *laenge, s.bytes, s.laenge);
        *laenge += s.laenge;
    } while (s.folgt);
    (*text)[*laenge] = '\0';
    return 1;
}

static int kind(int zeilen, int antworten)
{
    char *text = NULL, *antwort = NULL;
    size_t platz = 0, n;
    int r = 0, ende = 0;

    /* Das Kind spricht zuerst. */
    if (sende(antworten, "bereit", 6) < 0)
        return 1;
    while (!ende && (r = empfange(zeilen, &text, &platz, &n)) == 1)
    {
        if (strcmp(text, "bye") == 0)
        {
            ende = 1;
            if (sende(antworten, "bye", 3) < 0)
                r = -1;
        }
        else if (strcmp(text, "How are you") == 0)
        {
            if (sende(antworten, "I am fine thank you", 19) < 0)
            {
                r = -1;
                break;
            }
        }
        else
        {
            char *p = realloc(antwort, n + 11);
            if (p == NULL)
            {
                r = -1;
                break;
            }
            antwort = p;
            memcpy(antwort, "You said: ", 10);
            memcpy(antwort + 10, text, n);
            if (sende(antworten, antwort, n + 10) < 0)
            {
                r = -1;
                break;
            }
        }
    }
    free(text);
    free(antwort);
    return r < 0;
}

static int vater(int zeilen, int antworten)
{
    char *zeile = NULL, *antwort = NULL;
    size_t zplatz = 0, aplatz = 0, m;
    ssize_t n;
    int fehler = 0, ende = 0;

    if (empfange(antworten, &antwort, &aplatz, &m) != 1 || strcmp(antwort, "bereit") != 0)
    {
        fprintf(stderr, "chat: das Kind ist nicht bereit\n");
        fehler = 1;
    }
    while (!fehler && !ende)
    {
        errno = 0;
        n = getline(&zeile, &zplatz, stdin);
        if (n < 0)
        {
            if (!feof(stdin))
            {
                perror("chat: stdin");
                fehler = 1;
            }
            break;
        }
        if (zeile[n - 1] == '\n')
            zeile[--n] = '\0';
        ende = strcmp(zeile, "bye") == 0;
        if (sende(zeilen, zeile, (size_t)n) < 0 || empfange(antworten, &antwort, &aplatz, &m) != 1)
        {
            fprintf(stderr, "chat: das Kind ist fort\n");
            fehler = 1;
        }
        else
        {
            antwort[m] = '\n';
            if (schreibeAlles(STDOUT_FILENO, antwort, m + 1) < 0)
            {
                perror("chat: stdout");
                fehler = 1;
            }
        }
    }
    free(zeile);
    free(antwort);
    return fehler;
}

int main(void)
{
    int zeilen[2], antworten[2], status;

    signal(SIGPIPE, SIG_IGN);
    if (pipe(zeilen) < 0 || pipe(antworten) < 0)
    {
        perror("chat: pipe");
        return 1;
    }
    pid_t pid = fork();
    if (pid < 0)
    {
        perror("chat: fork");
        return 1;
    }
    if (pid == 0)
    {
        close(zeilen[1]);
        close(antworten[0]);
        _exit(kind(zeilen[0], antworten[1]));
    }
    close(zeilen[0]);
    close(antworten[1]);
    int fehler = vater(zeilen[1], antworten[0]);
    close(zeilen[1]);
    close(antworten[0]);
    if (waitpid(pid, &status, 0) < 0 || status != 0)
        fehler = 1;
    return fehler;
}
