/* Aufgabe 1: der Bedienstete. Alles, was schiefgehen kann, wird geprueft. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ERFOLG = 0, FEHLER = 1, FALSCHER_AUFRUF = 2 };

static const char *zu_entfernen;

static void bei_sigterm(int nummer)
{
  (void)nummer;
  unlink(zu_entfernen);
  _exit(ERFOLG);
}

static bool ist_fifo(const struct stat *angaben)
{
  return S_ISFIFO(angaben->st_mode);
}

static int fifo_anlegen(const char *pfad)
{
  struct stat angaben;

  if (lstat(pfad, &angaben) == 0) {             /* es gibt schon etwas */
    if (stat(pfad, &angaben) == 0 && ist_fifo(&angaben)) {
      return 0;
    }
    fprintf(stderr, "fserver: %s ist keine FIFO\n", pfad);
    return -1;
  }
  if (errno != ENOENT) {
    fprintf(stderr, "fserver: %s: %s\n", pfad, strerror(errno));
    return -1;
  }
  if (mknod(pfad, S_IFIFO | S_IRUSR | S_IWUSR, 0) != 0) {
    fprintf(stderr, "fserver: mknod %s: %s\n", pfad, strerror(errno));
    return -1;
  }
  if (chmod(pfad, S_IRUSR | S_IWUSR) != 0) {    /* falls die umask dem Eigentuemer etwas nimmt */
    fprintf(stderr, "fserver: chmod %s: %s\n", pfad, strerror(errno));
    unlink(pfad);
    return -1;
  }
  return 0;
}

static void antwort_senden(const char *pfad, const char *antwort, size_t laenge)
{
  struct stat angaben;
  int fd;

  assert(laenge <= PIPE_BUF);
  if (stat(pfad, &angaben) != 0 || !ist_fifo(&angaben)) {
    return;
  }
  fd = open(pfad, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) {
    return;
  }
  /* Zwischen stat und open kann etwas anderes hingekommen sein. */
  if (fstat(fd, &angaben) == 0 && ist_fifo(&angaben)) {
    ssize_t geschrieben;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);   /* ein Leser ist da, also darf write warten */
    do {
      geschrieben = write(fd, antwort, laenge);
    } while (geschrieben < 0 && errno == EINTR);
    if (geschrieben != (ssize_t)laenge) {
      fprintf(stderr, "fserver: Antwort an %s verworfen\n", pfad);
    }
  }
  if (close(fd) != 0) {
    fprintf(stderr, "fserver: close: %s\n", strerror(errno));
  }
}

static void zeile_bearbeiten(const char *zeile, size_t laenge)
{
  char pfad[PIPE_BUF + 1];
  char antwort[PIPE_BUF + 1];
  const char *leerstelle = memchr(zeile, ' ', laenge);
  size_t pfadlaenge, textlaenge;

  if (leerstelle == NULL) {
    return;
  }
  pfadlaenge = (size_t)(leerstelle - zeile);
  if (pfadlaenge == 0 || memchr(zeile, '\0', pfadlaenge) != NULL) {
    return;
  }
  memcpy(pfad, zeile, pfadlaenge);
  pfad[pfadlaenge] = '\0';

  textlaenge = laenge - pfadlaenge - 1;
  for (size_t i = 0; i < textlaenge; i++) {
    char c = leerstelle[1 + i];
    antwort[i] = (c >= 'a' && c <= 'z') ? (char)(c - 'a' + 'A') : c;
  }
  antwort[textlaenge] = '\n';
  antwort_senden(pfad, antwort, textlaenge + 1);
}

int main(int argc, char *argv[])
{
  static char zeile[PIPE_BUF];
  static char eingang[1000];
  size_t laenge = 0;
  bool zu_lang = false;

  if (argc != 2) {
    fprintf(stderr, "Aufruf: %s PFAD\n", argc > 0 ? argv[0] : "fserver");
    return FALSCHER_AUFRUF;
  }
  if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
    perror("signal");
    return FEHLER;
  }
  if (fifo_anlegen(argv[1]) != 0) {
    return FEHLER;
  }
  zu_entfernen = argv[1];
  if (signal(SIGTERM, bei_sigterm) == SIG_ERR) {
    perror("signal");
    return FEHLER;
  }

  int lesen = open(argv[1], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (lesen < 0) {
    perror(argv[1]);
    return FEHLER;
  }
  int wachhalten = open(argv[1], O_WRONLY | O_CLOEXEC);
  if (wachhalten < 0) {
    perror(argv[1]);
    return FEHLER;
  }
  int flags = fcntl(lesen, F_GETFL);
  if (flags < 0 || fcntl(lesen, F_SETFL, flags & ~O_NONBLOCK) < 0) {
    perror("fcntl");
    return FEHLER;
  }
  struct stat angaben;
  if (fstat(lesen, &angaben) != 0 || !ist_fifo(&angaben)) {
    fprintf(stderr, "fserver: %s ist keine FIFO mehr\n", argv[1]);
    return FEHLER;
  }

  if (puts("ready") == EOF || fflush(stdout) != 0) {
    perror("stdout");
  }

  for (;;) {
    ssize_t anzahl = read(lesen, eingang, sizeof eingang);
    if (anzahl < 0) {
      if (errno == EINTR) {
        continue;
      }
      perror("read");
      return FEHLER;
    }
    for (ssize_t i = 0; i < anzahl; i++) {
      if (eingang[i] == '\n') {
        if (!zu_lang) {
          zeile_bearbeiten(zeile, laenge);
        }
        laenge = 0;
        zu_lang = false;
      } else if (laenge < PIPE_BUF - 1) {
        zeile[laenge++] = eingang[i];
      } else {
        zu_lang = true;
      }
    }
  }
}
