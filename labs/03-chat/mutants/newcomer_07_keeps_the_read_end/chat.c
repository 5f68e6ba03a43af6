#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "comun.h"

#define SALUDO "hola, soy tu hijo"

/* en el tubo: longitud en cifras, dos puntos, texto: "5:hello" */
static int decir(FILE *f, const char *uno, const char *dos)
{
  return fprintf (f, "%zu:%s%s", strlen (uno) + strlen (dos), uno, dos) < 0 || fflush (f) != 0 ? -1 : 0;
}

/* un texto nuevo, o NULL */
static char *oir(FILE *f)
{
  size_t n = 0;
  int c;
  while ((c = getc (f)) >= '0' && c <= '9')
    n = n * 10 + (c - '0');
  if (c != ':')
    return NULL;
  char *texto = malloc (n + 1);
  if (texto != NULL && fread (texto, 1, n, f) != n)
  {
    free (texto);
    return NULL;
  }
  if (texto != NULL)
    texto[n] = '\0';
  return texto;
}

static int hijo(FILE *de, FILE *a)
{
  int adios = 0;
  SI_FALLA (decir (a, SALUDO, ""), mal);
  while (!adios)
  {
    char *linea = oir (de);
    int k;
    if (linea == NULL)
      return feof (de) ? 0 : 1;
    adios = !strcmp (linea, "bye");
    if (adios)
      k = decir (a, linea, "");
    else if (!strcmp (linea, "How are you"))
      k = decir (a, "I am fine thank you", "");
    else
      k = decir (a, "You said: ", linea);
    free (linea);
    SI_FALLA (k, mal);
  }
  return 0;
mal:
  return 1;
}

static int padre(FILE *a, FILE *de)
{
  char *linea = NULL, *respuesta = oir (de);
  size_t sitio = 0;
  int estado = 1, adios = 0;

  if (respuesta == NULL || strcmp (respuesta, SALUDO) != 0)
  {
    fputs ("chat: el hijo no saluda\n", stderr);
    goto fin;
  }
  while (!adios)
  {
    ssize_t n = getline (&linea, &sitio, stdin);
    if (n < 0)
    {
      if (!feof (stdin))
      {
        perror ("chat: stdin");
        goto fin;
      }
      break;
    }
    if (linea[n - 1] == '\n')
      linea[n - 1] = '\0';
    adios = !strcmp (linea, "bye");
    free (respuesta);
    respuesta = NULL;
    if (decir (a, linea, "") < 0 || (respuesta = oir (de)) == NULL)
    {
      fputs ("chat: el hijo se ha ido\n", stderr);
      goto fin;
    }
    if (puts (respuesta) < 0 || fflush (stdout) != 0)
    {
      perror ("chat: stdout");
      goto fin;
    }
  }
  estado = 0;
fin:
  free (respuesta);
  free (linea);
  return estado;
}

int main(void)
{
  int ida[2], vuelta[2], s;
  signal (SIGPIPE, SIG_IGN);
  SI_FALLA (pipe (ida), mal);
  SI_FALLA (pipe (vuelta), mal);
  pid_t pid = syscall (SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);
  SI_FALLA (pid, mal);
  int soy_hijo = pid == 0;
  if (soy_hijo)
    close (ida[1]);
  close (soy_hijo ? vuelta[0] : vuelta[1]);
  FILE *de = fdopen (soy_hijo ? ida[0] : vuelta[0], "r");
  FILE *a = fdopen (soy_hijo ? vuelta[1] : ida[1], "w");
  if (de == NULL || a == NULL)
  {
    if (soy_hijo)
      _exit (1);
    goto mal;
  }
  int estado = soy_hijo ? hijo (de, a) : padre (a, de);
  fclose (a);
  fclose (de);
  if (soy_hijo)
    _exit (estado);
  if (waitpid (pid, &s, 0) < 0 || s != 0)
    estado = 1;
  return estado;
mal:
  perror ("chat");
  return 1;
}
