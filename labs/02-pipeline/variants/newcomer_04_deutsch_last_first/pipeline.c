/* Praktikum 2: Rohrleitung.
 * Zuerst werden alle Rohre gelegt, dann die Stufen gestartet, und zwar von HINTEN nach vorn. */
#include <fcntl.h>      /* open, fcntl              */
#include <stdio.h>      /* perror, fputs            */
#include <string.h>     /* strcmp                   */
#include <sys/wait.h>   /* waitpid und die W-Makros */
#include <unistd.h>     /* der ganze Rest           */

#define HOECHSTZAHL 20
#define LESEN 0
#define SCHREIBEN 1

/* Alles, was wir wissen muessen: die Stufen, ihre Prozesse, die Rohre dazwischen. */
static char **stufe[HOECHSTZAHL];
static pid_t kind[HOECHSTZAHL];
static int rohr[HOECHSTZAHL - 1][2];
static int anzahl;

/* Zerschneidet die Befehlszeile an jedem "--".  Ergebnis: 0 = gut, -1 = falsch benutzt. */
static int zerschneiden(char **wort)
{
  /* Schon vor dem ersten Wort beginnt eine Stufe. */
  for (;;)
    {
      /* Eine leere Stufe: gleich ein Trenner oder gleich das Ende. */
      if (*wort == NULL || strcmp(*wort, "--") == 0)
        return -1;
      /* Die einundzwanzigste passt nicht mehr. */
      if (anzahl == HOECHSTZAHL)
        return -1;
      stufe[anzahl++] = wort;
      /* Bis zum Trenner oder zum Ende vorruecken. */
      while (*wort != NULL && strcmp(*wort, "--") != 0)
        ++wort;
      /* Am Ende sind wir fertig ... */
      if (*wort == NULL)
        return 0;
      /* ... sonst wird aus dem Trenner das Ende dieser Liste. */
      *wort++ = NULL;
    }
}

/* Schliesst beide Enden der ersten "wie_viele" Rohre. */
static void alle_rohre_schliessen(int wie_viele)
{
  for (int r = 0; r < wie_viele; ++r)
    {
      close(rohr[r][LESEN]);
      close(rohr[r][SCHREIBEN]);
    }
}

/* Was das Kind tut: Deskriptoren zurechtlegen, dann ein anderes Programm werden. */
static void kindesleben(int nr)
{
  /* Links ein Rohr?  Dann ist unsere Eingabe dessen Leseende. */
  if (nr > 0)
    dup2(rohr[nr - 1][LESEN], STDIN_FILENO);
  /* Rechts ein Rohr?  Dann ist unsere Ausgabe dessen Schreibende. */
  if (nr < anzahl - 1)
    dup2(rohr[nr][SCHREIBEN], STDOUT_FILENO);
  /* Kein Ende eines Rohrs darf uebrig bleiben, auch nicht der Rohre der anderen. */
  alle_rohre_schliessen(anzahl - 1);
  execvp(stufe[nr][0], stufe[nr]);
  /* Hierher kommt nur, wer nicht ausgefuehrt werden konnte. */
  perror(stufe[nr][0]);
  _exit(127);
}

int main(int argc, char *argv[])
{
  int ergebnis = 1, fehler = 0, erste;

  /* Schritt 1: die Befehlszeile. */
  if (argc < 2 || zerschneiden(argv + 1) != 0)
    {
      fputs("Aufruf: pipeline BEFEHL [WORT...] [-- BEFEHL [WORT...]]...  (1 bis 20 Befehle)\n", stderr);
      return 2;
    }

  /* Schritt 2: 0, 1 und 2 muessen belegt sein, bevor das erste Rohr gelegt wird. */
  for (int d = 0; d < 3; ++d)
    if (fcntl(d, F_GETFD) < 0 && open("/dev/null", d == 0 ? O_RDONLY : O_WRONLY) != d)
      {
        perror("/dev/null");
        return 1;
      }

  /* Schritt 3: alle Rohre.  Noch laeuft niemand, also darf man hier einfach aufgeben. */
  for (int r = 0; r < anzahl - 1; ++r)
    if (pipe(rohr[r]) != 0)
      {
        perror("pipe");
        alle_rohre_schliessen(r);
        return 1;
      }

  /* Schritt 4: die Kinder, das letzte zuerst. */
  for (erste = anzahl; erste > 0; --erste)
    {
      pid_t neu = fork();
      if (neu == 0)
        kindesleben(erste - 1);
      if (neu < 0)
        {
          perror("fork");
          fehler = 1;
          break;
        }
      kind[erste - 1] = neu;
    }

  /* Schritt 5: der Elternprozess braucht kein Rohr. */
  alle_rohre_schliessen(anzahl - 1);

  /* Schritt 6: warten auf alle, die gestartet wurden (erste .. anzahl-1). */
  for (int nr = erste; nr < anzahl; ++nr)
    {
      int stand;
      if (waitpid(kind[nr], &stand, 0) < 0)
        {
          perror("waitpid");
          fehler = 1;
          continue;
        }
      /* Die Letzte bestimmt das Ergebnis; sie kommt in dieser Schleife zuletzt dran. */
      ergebnis = WIFSIGNALED(stand) ? 128 + WTERMSIG(stand) : WEXITSTATUS(stand);
    }
  return fehler ? 1 : ergebnis;
}
