/* Contador con el algoritmo de Peterson para N procesos ("filter lock"), con atomicos de C11. */
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAXIMO 64
#define DE_UNA_VEZ 4000	/* el candado es caro: se entra pocas veces */

typedef struct {
	atomic_int nivel[MAXIMO];	/* 0: fuera; n-1: dentro */
	atomic_int ultimo[MAXIMO];	/* el ultimo que llego a cada nivel */
	long cuenta;
} Memoria;

static void entra(Memoria *m, int yo, int n)
{
	for (int l = 1; l < n; l++) {
		atomic_store(&m->nivel[yo], l);
		atomic_store(&m->ultimo[l], yo);
		for (int otro = 0; otro < n; otro++) {
			if (otro == yo)
				continue;
			for (int vueltas = 0; atomic_load(&m->nivel[otro]) >= l && atomic_load(&m->ultimo[l]) == yo;)
				if (++vueltas % 200 == 0)
					sched_yield();
		}
	}
}

static void sale(Memoria *m, int yo)
{
	atomic_store(&m->nivel[yo], 0);
}

static bool numero(const char *s, long min, long max, long *r)
{
	char *fin;

	if (s[0] < '0' || s[0] > '9')	/* ni signo ni espacio */
		return false;
	*r = strtol(s, &fin, 10);	/* LONG_MAX si no cabe: es demasiado en todo caso */
	return *fin == '\0' && *r >= min && *r <= max;
}

int main(int argc, char **argv)
{
	long n, k;
	int hijos = 0, vivos, estado;
	bool mal = false;
	pid_t pids[MAXIMO];

	if (argc != 3 || !numero(argv[1], 1, MAXIMO, &n) || !numero(argv[2], 0, 1000000, &k)) {
		fprintf(stderr, "uso: counter N K\n");
		return 2;
	}
	Memoria *m = mmap(NULL, sizeof(Memoria), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	for (hijos = 0; hijos < n; hijos++) {
		pids[hijos] = fork();
		if (pids[hijos] == -1) {
			perror("fork");
			mal = true;
			break;
		}
		if (pids[hijos] == 0) {
			while (k > 0) {
				long t = k > DE_UNA_VEZ ? DE_UNA_VEZ : k;

				k -= t;
				entra(m, hijos, (int)n);
				while (t-- > 0)
					m->cuenta++;
				sale(m, hijos);
			}
			_exit(0);
		}
	}
	vivos = hijos;
	while (vivos > 0) {
		if (mal) {
			for (int i = 0; i < hijos; i++)
				if (pids[i] != 0)
					kill(pids[i], SIGKILL);
		}
		pid_t p = wait(&estado);
		if (p == -1) {
			perror("wait");
			return 1;
		}
		for (int i = 0; i < hijos; i++) {
			if (pids[i] == p) {
				pids[i] = 0;
				vivos--;
				if (estado != 0)
					mal = true;
			}
		}
	}
	if (mal) {
		fprintf(stderr, "counter: un hijo no termino bien\n");
		return 1;
	}
	if (printf("%ld\n", m->cuenta) < 0 || fflush(stdout) != 0) {
		perror("stdout");
		return 1;
	}
	return 0;
}
