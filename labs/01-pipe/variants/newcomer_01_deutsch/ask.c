/*
 * Übung 01, Aufgabe 1 – ask_child
 * Müller, Jörg und Groß, Änne – 2. Studienjahr
 *
 *   Aufrufer  ←── Röhre ──  Kind
 */
#include "ask.h"

#include <unistd.h>
#include <sys/types.h>
#include <sys/wait.h>

/* Schreibt genau n Bytes; 0 bei Erfolg, -1 bei Fehler. */
static int schreibe_alles(int fd, const void *puffer, size_t n)
{
    const char *p = puffer;

    while (n > 0) {
        ssize_t k = write(fd, p, n);
        if (k < 0)
            return -1;
        p += k;
        n -= (size_t)k;
    }
    return 0;
}

int ask_child(int64_t (*f)(int64_t), int64_t x, int64_t *result)
{
    int enden[2];       /* [0] lesen, [1] schreiben */
    int64_t antwort = 0;
    size_t schon = 0;   /* so viele Bytes sind schon da */

    if (pipe(enden) == -1)
        return -1;

    pid_t kind = fork();
    if (kind == -1) {
        close(enden[0]);
        close(enden[1]);
        return -1;
    }

    if (kind == 0) {
        /* Im Kind: Leseende schließen, rechnen, schicken, Schluß. */
        close(enden[0]);
        antwort = f(x);
        _exit(schreibe_alles(enden[1], &antwort, sizeof antwort) == 0 ? 0 : 1);
    }

    /* Im Elternprozeß: ohne dieses close() käme nie ein Dateiende. */
    close(enden[1]);
    while (schon < sizeof antwort) {
        ssize_t k = read(enden[0], (char *)&antwort + schon, sizeof antwort - schon);
        if (k <= 0)
            break;
        schon += (size_t)k;
    }
    close(enden[0]);
    waitpid(kind, NULL, 0);     /* nur auf das eigene Kind warten */

    if (schon != sizeof antwort)
        return -1;              /* keine Antwort: *result bleibt, wie es war */
    *result = antwort;
    return 0;
}
