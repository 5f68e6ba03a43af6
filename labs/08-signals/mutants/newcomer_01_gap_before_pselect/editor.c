/* L'éditeur, avec signal() et select(), que chaque signal interrompt. */
#define _GNU_SOURCE
#include "text.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>

static struct text texte;
static char const *fichier;
static int question_posee = 0;
static char tampon[TEXT_MAX];
static size_t rempli = 0;

static volatile sig_atomic_t int_recu, term_recu, hup_recu, alrm_recu, usr1_recu;

static void traiter_int(int s)  { (void)s; int_recu = 1; }
static void traiter_term(int s) { (void)s; term_recu = 1; }
static void traiter_hup(int s)  { (void)s; hup_recu = 1; }
static void traiter_alrm(int s) { (void)s; alrm_recu = 1; }
static void traiter_usr1(int s) { (void)s; usr1_recu = 1; }

static void enregistrer(void)
{
   if (text_save(&texte, fichier) == -1) {
      perror("enregistrer");
      exit(EXIT_FAILURE);
   }
}

static void repondre(char const *reponse)
{
   fputs(reponse, stdout);
   fputc('\n', stdout);
   fflush(stdout);
   clearerr(stdout);
}

static void obeir(void)
{
   char reponse[80];
   if (usr1_recu) {
      usr1_recu = 0;
      sprintf(reponse, "lines %zu unsaved %zu", texte.lines, texte.unsaved);
      repondre(reponse);
   }
   if (alrm_recu) {
      alrm_recu = 0;
      enregistrer();
      repondre("autosaved");
   }
   if (hup_recu) {
      hup_recu = 0;
      if (text_load(&texte, fichier) == -1) {
         perror("recharger");
         exit(EXIT_FAILURE);
      }
      sprintf(reponse, "reloaded %zu", texte.lines);
      repondre(reponse);
   }
   if (int_recu) {
      int_recu = 0;
      if (question_posee)
         exit(130);
      question_posee = 1;
      repondre("save before exiting?");
   }
   if (term_recu) {
      enregistrer();
      exit(EXIT_SUCCESS);
   }
}

static void ligne(char const *l, size_t longueur)
{
   if (question_posee) {
      question_posee = 0;
      if (longueur == 1 && (*l == 'y' || *l == 'n')) {
         if (*l == 'y')
            enregistrer();
         exit(EXIT_SUCCESS);
      }
   } else {
      text_add(&texte, l, longueur);
   }
}

static void lire(void)
{
   ssize_t lu = read(STDIN_FILENO, tampon + rempli, sizeof tampon - rempli);
   if (lu == -1 && (errno == EINTR || errno == EAGAIN))
      return;
   if (lu <= 0) {
      if (rempli > 0 && !question_posee)
         ligne(tampon, rempli);
      enregistrer();
      exit(EXIT_SUCCESS);
   }
   size_t debut = 0, fin;
   rempli += (size_t)lu;
   for (fin = 0; fin < rempli; ++fin)
      if (tampon[fin] == '\n') {
         ligne(tampon + debut, fin - debut);
         debut = fin + 1;
      }
   rempli -= debut;
   memmove(tampon, tampon + debut, rempli);
}

int main(int argc, char *argv[])
{

   if (argc != 2) {
      fputs("usage : editor FICHIER\n", stderr);
      return 2;
   }
   fichier = argv[1];
   if (text_load(&texte, fichier) == -1) {
      perror(fichier);
      return EXIT_FAILURE;
   }
   signal(SIGINT, traiter_int);
   signal(SIGTERM, traiter_term);
   signal(SIGHUP, traiter_hup);
   signal(SIGALRM, traiter_alrm);
   signal(SIGUSR1, traiter_usr1);
   signal(SIGPIPE, SIG_IGN);

   repondre("ready");
   while (1) {
      fd_set lisibles;
      FD_ZERO(&lisibles);
      FD_SET(STDIN_FILENO, &lisibles);
      int prets = select(STDIN_FILENO + 1, &lisibles, NULL, NULL, NULL);
      obeir();
      if (prets > 0)
         lire();
   }
}
