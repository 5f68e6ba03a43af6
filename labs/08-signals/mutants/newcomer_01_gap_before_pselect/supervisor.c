/* Le surveillant : un fil attend SIGTERM par sigwait(), le principal attend les ouvriers dans waitid(). */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_OUVRIERS 32
#define MAX_ECHECS 4

static pthread_mutex_t verrou = PTHREAD_MUTEX_INITIALIZER;
static pid_t pids[MAX_OUVRIERS];
static int echecs[MAX_OUVRIERS];
static int reussi[MAX_OUVRIERS];
static int nombre, actifs, arret, fork_rate;
static char **commande;

/* à appeler avec le verrou */
static void arreter_tous(void)
{
   arret = 1;
   for (int i = 0; i < nombre; ++i)
      if (pids[i] != 0)
         kill(pids[i], SIGTERM);
}

static void *fil_term(void *inutile)
{
   sigset_t term;
   int s;
   (void)inutile;
   sigemptyset(&term);
   sigaddset(&term, SIGTERM);
   while (1) {
      if (sigwait(&term, &s) != 0)
         continue;
      pthread_mutex_lock(&verrou);
      arreter_tous();
      pthread_mutex_unlock(&verrou);
   }
   return NULL;
}

static void lancer(int i)
{
   pid_t p = fork();
   if (p == 0) {
      sigset_t vide;
      setpgid(0, 0);
      for (int s = 1; s <= 31; ++s)
         signal(s, SIG_DFL);
      sigemptyset(&vide);
      sigprocmask(SIG_SETMASK, &vide, NULL);
      execvp(commande[0], commande);
      perror(commande[0]);
      _exit(127);
   }
   if (p == -1) {
      perror("fork");
      fork_rate = 1;
      arreter_tous();
      return;
   }
   pids[i] = p;
   ++actifs;
   printf("start %d %d\n", i + 1, (int)p);
   fflush(stdout);
}

static void fini(int i, int etat)
{
   pids[i] = 0;
   --actifs;
   reussi[i] = WIFEXITED(etat) && WEXITSTATUS(etat) == 0;
   if (WIFEXITED(etat))
      printf("exit %d %d\n", i + 1, WEXITSTATUS(etat));
   else
      printf("signal %d %d\n", i + 1, WTERMSIG(etat));
   fflush(stdout);
   if (!reussi[i] && ++echecs[i] < MAX_ECHECS && !arret)
      lancer(i);
}

static int lire_nombre(char const *s)
{
   size_t longueur = strlen(s);
   if (longueur < 1 || longueur > 2 || strspn(s, "0123456789") != longueur)
      return 0;
   return atoi(s);
}

int main(int argc, char *argv[])
{
   sigset_t term;
   pthread_t fil;
   int resultat = 0;

   if (argc < 3 || (nombre = lire_nombre(argv[1])) < 1 || nombre > MAX_OUVRIERS) {
      fputs("usage : supervisor N COMMANDE [ARGUMENT...]\n", stderr);
      return 2;
   }
   commande = argv + 2;
   signal(SIGCHLD, SIG_DFL);
   sigemptyset(&term);
   sigaddset(&term, SIGTERM);
   sigprocmask(SIG_BLOCK, &term, NULL);
   signal(SIGTERM, SIG_DFL);
   if (pthread_create(&fil, NULL, fil_term, NULL) != 0) {
      fputs("pthread_create a échoué\n", stderr);
      return 1;
   }

   pthread_mutex_lock(&verrou);
   for (int i = 0; i < nombre && !arret; ++i) {
      lancer(i);
      /* laisser passer le fil, si un SIGTERM est là */
      pthread_mutex_unlock(&verrou);
      pthread_mutex_lock(&verrou);
   }
   while (actifs > 0) {
      siginfo_t info;
      pthread_mutex_unlock(&verrou);
      /* regarder sans enlever : le pid reste valable pour le fil, tant que le verrou n'est pas pris */
      int r = waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
      pthread_mutex_lock(&verrou);
      if (r == -1)
         continue;
      int etat;
      pid_t p = waitpid(info.si_pid, &etat, 0);
      for (int i = 0; i < nombre; ++i)
         if (pids[i] == p) {
            fini(i, etat);
            break;
         }
   }
   if (fork_rate)
      resultat = 1;
   else if (!arret)
      for (int i = 0; i < nombre; ++i)
         if (!reussi[i])
            resultat = 1;
   fflush(stdout);
   _exit(resultat);
}
