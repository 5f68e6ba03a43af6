/*
 * Übung 01, Aufgabe 2 – pump
 *
 *   stdin ──▶ Kind ══ Röhre ══▶ Elternprozeß ──▶ stdout   (a–z → A–Z; ä, ö, ü, ß bleiben!)
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GROESSE = 4096 };

/* Kopiert von → nach bis zum Dateiende. 0: gut gegangen, 1: Fehler (ist gemeldet). */
static int kopiere(int von, int nach, int gross, const char *wer)
{
    unsigned char puffer[GROESSE];
    ssize_t n;

    while ((n = read(von, puffer, sizeof puffer)) > 0) {
        if (gross)
            for (ssize_t i = 0; i < n; i++)
                if (puffer[i] >= 'a' && puffer[i] <= 'z')
                    puffer[i] -= 'a' - 'A';
        for (ssize_t weg = 0; weg < n; ) {
            ssize_t k = write(nach, puffer + weg, (size_t)(n - weg));
            if (k < 0) {
                fprintf(stderr, "pump (%s): schreiben: %s\n", wer, strerror(errno));
                return 1;
            }
            weg += k;
        }
    }
    if (n < 0) {
        fprintf(stderr, "pump (%s): lesen: %s\n", wer, strerror(errno));
        return 1;
    }
    return 0;
}

int main(void)
{
    int enden[2];

    /* Der Elternprozeß muß als letzter enden, also darf SIGPIPE ihn nicht töten. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);

    if (pipe(enden) < 0) {
        perror("pump: pipe");
        return 1;
    }
    pid_t kind = fork();
    if (kind < 0) {
        perror("pump: fork");
        return 1;
    }
    if (kind == 0) {
        close(enden[0]);
        _exit(kopiere(STDIN_FILENO, enden[1], 0, "Kind"));
    }

    close(enden[1]);
    int schlecht = kopiere(enden[0], STDOUT_FILENO, 1, "Eltern");
    close(enden[0]);            /* nach einem Fehler bekommt das Kind jetzt EPIPE */
    if (close(STDOUT_FILENO) < 0 && !schlecht) {
        perror("pump: stdout");
        schlecht = 1;
    }

    int status;
    if (waitpid(kind, &status, 0) != kind) {
        perror("pump: waitpid");
        return 1;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        schlecht = 1;
    return schlecht;
}
