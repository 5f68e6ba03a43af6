/* Zähler mit System V: ein Segment, eine Semaphore. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORTION 500 /* so viele Schritte je kritischem Abschnitt: semop ist teuer */

union semun { int val; struct semid_ds *buf; unsigned short *array; };

static int sperre(int sem, int wert)
{
  struct sembuf op = { 0, (short)wert, SEM_UNDO };
  return semop(sem, &op, 1);
}

static int arbeite(int sem, long *zaehler, long mal)
{
  while (mal > 0) {
    long n = mal < PORTION ? mal : PORTION;
    if (sperre(sem, -1) == -1) return 1;
    for (long i = 0; i < n; i++) *zaehler += 1;
    if (sperre(sem, +1) == -1) return 1;
    mal -= n;
  }
  return 0;
}

static int zahl(const char *s, long hoechstens, long *z)
{
  if (!*s) return 0;
  for (*z = 0; *s; s++) {
    if (*s < '0' || *s > '9') return 0;
    if ((*z = *z * 10 + (*s - '0')) > hoechstens) return 0;
  }
  return 1;
}

int main(int argc, char **argv)
{
  long n, k;
  if (argc != 3 || !zahl(argv[1], 64, &n) || !zahl(argv[2], 1000000, &k) || n == 0) {
    fputs("Aufruf: counter N K\n", stderr);
    return 2;
  }

  int seg = shmget(IPC_PRIVATE, sizeof(long), IPC_CREAT | 0600);
  if (seg == -1) { perror("shmget"); return 1; }
  long *zaehler = shmat(seg, NULL, 0);
  int fehler = errno;
  shmctl(seg, IPC_RMID, NULL); /* verschwindet mit dem letzten, der es noch hat */
  if (zaehler == (void *)-1) { fprintf(stderr, "shmat: %s\n", strerror(fehler)); return 1; }
  *zaehler = 0;

  int sem = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
  if (sem == -1) { perror("semget"); return 1; }
  union semun eins = { .val = 1 };
  int schlecht = 0;
  if (semctl(sem, 0, SETVAL, eins) == -1) { perror("semctl"); schlecht = 1; }

  pid_t kind[64];
  int kinder = 0;
  while (!schlecht && kinder < n) {
    pid_t p = fork();
    if (p == 0) _exit(arbeite(sem, zaehler, k));
    if (p == -1) { perror("fork"); schlecht = 1; }
    else kind[kinder++] = p;
  }

  /* Ist etwas schiefgegangen, dann wird die Semaphore gleich entfernt: alle, die warten, bekommen EIDRM. */
  int entfernt = 0;
  for (int da = kinder; da > 0;) {
    if (schlecht && !entfernt) entfernt = semctl(sem, 0, IPC_RMID) == 0;
    int status, i;
    pid_t p = wait(&status);
    if (p == -1) { perror("wait"); schlecht = 1; break; }
    for (i = 0; i < kinder && kind[i] != p; i++) ;
    if (i == kinder) continue; /* keines von unseren */
    kind[i] = 0;
    da--;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      fprintf(stderr, "Kind %d ist gescheitert\n", i);
      schlecht = 1;
    }
  }
  if (!entfernt && semctl(sem, 0, IPC_RMID) == -1) { perror("semctl"); schlecht = 1; }
  if (schlecht) return 1;
  if (printf("%ld\n", *zaehler) < 0 || fclose(stdout) != 0) { perror("stdout"); return 1; }
  return 0;
}
