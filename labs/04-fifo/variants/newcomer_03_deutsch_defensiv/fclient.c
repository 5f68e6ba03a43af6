#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static char antwortpfad[PATH_MAX];
static volatile sig_atomic_t angelegt;

static void aufraeumen(void)
{
  if (angelegt) {
    unlink(antwortpfad);
    angelegt = 0;
  }
}

static void abbruch(int nummer)
{
  if (angelegt) {
    unlink(antwortpfad);
  }
  _exit(128 + nummer);
}

static void ende(const char *was)
{
  fprintf(stderr, "fclient: %s: %s\n", was, strerror(errno));
  exit(1);
}

static void antwortfifo_anlegen(const char *serverpfad)
{
  const char *schraegstrich = strrchr(serverpfad, '/');
  int verzeichnis = schraegstrich ? (int)(schraegstrich - serverpfad + 1) : 0;
  const char *anfang = serverpfad;

  if (memchr(serverpfad, ' ', verzeichnis) || memchr(serverpfad, '\n', verzeichnis) || verzeichnis > 200) {
    anfang = "/tmp/";
    verzeichnis = 5;
  }
  for (int versuch = 0; versuch < 100; versuch++) {
    unsigned long zufall;
    if (getrandom(&zufall, sizeof zufall, 0) != sizeof zufall) {
      ende("getrandom");
    }
    snprintf(antwortpfad, sizeof antwortpfad, "%.*santwort-%lu", verzeichnis, anfang, zufall);

    sigset_t alle, vorher;
    sigfillset(&alle);
    sigprocmask(SIG_BLOCK, &alle, &vorher);
    int ergebnis = mkfifo(antwortpfad, S_IRUSR | S_IWUSR);
    if (ergebnis == 0) {
      angelegt = 1;
    }
    int grund = errno;
    sigprocmask(SIG_SETMASK, &vorher, NULL);
    if (ergebnis == 0) {
      return;
    }
    if (grund != EEXIST) {
      errno = grund;
      ende(antwortpfad);
    }
  }
  ende(antwortpfad);
}

int main(int argc, char *argv[])
{
  struct stat angaben;

  if (argc != 3) {
    fprintf(stderr, "Aufruf: %s PFAD TEXT\n", argc > 0 ? argv[0] : "fclient");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  if (atexit(aufraeumen) != 0) {
    ende("atexit");
  }
  signal(SIGINT, abbruch);
  signal(SIGTERM, abbruch);
  signal(SIGHUP, abbruch);

  if (stat(argv[1], &angaben) != 0) {
    ende(argv[1]);
  }
  if (!S_ISFIFO(angaben.st_mode)) {
    fprintf(stderr, "fclient: %s ist keine FIFO\n", argv[1]);
    return 1;
  }
  int server = open(argv[1], O_WRONLY | O_CLOEXEC | O_NOCTTY);
  if (server < 0) {
    ende(argv[1]);
  }
  if (fstat(server, &angaben) != 0 || !S_ISFIFO(angaben.st_mode)) {
    fprintf(stderr, "fclient: %s ist keine FIFO\n", argv[1]);
    return 1;
  }

  antwortfifo_anlegen(argv[1]);
  size_t pfadlaenge = strlen(antwortpfad), textlaenge = strlen(argv[2]);
  size_t laenge = pfadlaenge + 1 + textlaenge + 1;
  if (laenge > PIPE_BUF) {
    fprintf(stderr, "fclient: Anfrage zu lang (%zu)\n", laenge);
    return 1;
  }
  char *anfrage = malloc(laenge);
  if (anfrage == NULL) {
    ende("malloc");
  }
  memcpy(anfrage, antwortpfad, pfadlaenge);
  anfrage[pfadlaenge] = ' ';
  memcpy(anfrage + pfadlaenge + 1, argv[2], textlaenge);
  anfrage[laenge - 1] = '\n';

  int antwort = open(antwortpfad, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (antwort < 0) {
    free(anfrage);
    ende(antwortpfad);
  }
  ssize_t geschrieben = write(server, anfrage, laenge);
  free(anfrage);
  if (geschrieben != (ssize_t)laenge) {
    ende("write");
  }
  if (close(server) != 0) {
    ende("close");
  }

  static char puffer[PIPE_BUF];
  size_t voll = 0;
  char *zeilenende = NULL;
  while (zeilenende == NULL) {
    struct pollfd warten = {.fd = antwort, .events = POLLIN};
    if (poll(&warten, 1, -1) < 0 && errno != EINTR) {
      ende("poll");
    }
    if (voll == sizeof puffer) {
      fprintf(stderr, "fclient: Antwort zu lang\n");
      return 1;
    }
    ssize_t anzahl = read(antwort, puffer + voll, sizeof puffer - voll);
    if (anzahl < 0) {
      if (errno == EINTR || errno == EAGAIN) {
        continue;
      }
      ende("read");
    }
    if (anzahl == 0) {
      fprintf(stderr, "fclient: Antwort unvollstaendig\n");
      return 1;
    }
    zeilenende = memchr(puffer + voll, '\n', (size_t)anzahl);
    voll += (size_t)anzahl;
  }
  size_t menge = (size_t)(zeilenende - puffer) + 1;
  if (fwrite(puffer, 1, menge, stdout) != menge || fflush(stdout) != 0) {
    ende("stdout");
  }
  return 0;
}
