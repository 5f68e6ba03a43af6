/* Labor 07 - Briefkästen mit System V.
 *
 * Jeder Briefkasten ist eine Datei "mb.NAME.kasten" im Arbeitsverzeichnis; darin stehen die Nummern der
 * Warteschlangen. Alle Nachrichten einer Schlange sind gleich lang, die wirkliche Länge ist ein Feld. */
#include "mailbox.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <time.h>
#include <unistd.h>

typedef struct {
	long sorte;
	pid_t absender;
	int laenge;
	char text[MB_MAX];
} Brief;

#define KOPF (sizeof(pid_t) + sizeof(int))

typedef struct {
	int schlange;
	int quittung;		/* -1: keine nötig */
	long platz;
	size_t hoechstens;
} Zettel;			/* Inhalt der Datei */

struct mb {
	Zettel z;
};

static double jetzt(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void nickerchen(void)
{
	struct timespec t = { 0, 2000000 };
	nanosleep(&t, NULL);
}

static int einwerfen(int q, Brief *b, size_t n, int ms)
{
	double ende = ms > 0 ? jetzt() + ms : 0;

	if (ms < 0)
		return msgsnd(q, b, n, 0);
	for (;;) {
		int zu_spaet = ms > 0 && jetzt() >= ende;
		if (msgsnd(q, b, n, IPC_NOWAIT) == 0)
			return 0;
		if (errno != EAGAIN || ms == 0)
			return -1;
		if (zu_spaet) {
			errno = ETIMEDOUT;
			return -1;
		}
		nickerchen();
	}
}

static int abholen(int q, Brief *b, size_t n, long sorte, int ms)
{
	double ende = ms > 0 ? jetzt() + ms : 0;

	if (ms < 0)
		return msgrcv(q, b, n, sorte, MSG_NOERROR) < 0 ? -1 : 0;
	for (;;) {
		int zu_spaet = ms > 0 && jetzt() >= ende;
		if (msgrcv(q, b, n, sorte, IPC_NOWAIT | MSG_NOERROR) >= 0)
			return 0;
		if (errno != ENOMSG)
			return -1;
		if (ms == 0) {
			errno = EAGAIN;
			return -1;
		}
		if (zu_spaet) {
			errno = ETIMEDOUT;
			return -1;
		}
		nickerchen();
	}
}

static int neue_schlange(size_t bytes)
{
	struct msqid_ds d;
	int q = msgget(IPC_PRIVATE, 0600);

	if (q == -1)
		return -1;
	if (bytes) {
		if (msgctl(q, IPC_STAT, &d) == -1)
			goto weg;
		d.msg_qbytes = bytes;
		if (msgctl(q, IPC_SET, &d) == -1)
			goto weg;
	}
	return q;
weg:
	msgctl(q, IPC_RMID, NULL);
	return -1;
}

/* schreibt den Zettel fertig unter fremdem Namen und hängt ihn dann auf */
static int aufhaengen(const char *datei, const Zettel *z, int ersetzen)
{
	char neben[80];
	int fd, r, e;

	snprintf(neben, sizeof neben, "%s.%ld.neu", datei, (long)getpid());
	fd = open(neben, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	r = write(fd, z, sizeof *z) == (ssize_t)sizeof *z ? 0 : -1;
	close(fd);
	if (r == 0)
		r = ersetzen ? rename(neben, datei) : link(neben, datei);
	e = errno;
	unlink(neben);
	errno = e;
	return r;
}

static int ablesen(const char *datei, Zettel *z)
{
	int fd = open(datei, O_RDONLY | O_CLOEXEC);
	ssize_t r;

	if (fd == -1)
		return -1;
	r = read(fd, z, sizeof *z);
	close(fd);
	if (r != (ssize_t)sizeof *z) {
		errno = EIO;
		return -1;
	}
	return 0;
}

static void wegwerfen(const Zettel *z)
{
	msgctl(z->schlange, IPC_RMID, NULL);
	if (z->quittung != -1)
		msgctl(z->quittung, IPC_RMID, NULL);
}

int mb_create(const char *name, int cap, size_t max)
{
	char datei[64];
	Zettel z = { -1, -1, cap, max };
	int e;

	if (cap < 0 || cap > MB_CAP_MAX || max > MB_MAX) {
		errno = EINVAL;
		return -1;
	}
	sprintf(datei, "mb.%s.kasten", name);
	if (access(datei, F_OK) == 0) {
		errno = EEXIST;
		return -1;
	}
	z.schlange = neue_schlange(cap * (KOPF + max));
	if (z.schlange == -1)
		return -1;
	if (cap == 0 && (z.quittung = neue_schlange(0)) == -1)
		goto fehler;
	if (aufhaengen(datei, &z, 0) == -1)
		goto fehler;
	return 0;
fehler:
	e = errno;
	wegwerfen(&z);
	errno = e;
	return -1;
}

mb *mb_open(const char *name)
{
	char datei[64];
	Zettel z;
	mb *m;

	sprintf(datei, "mb.%s.kasten", name);
	if (ablesen(datei, &z) == -1)
		return NULL;
	if ((m = malloc(sizeof *m)))
		m->z = z;
	return m;
}

int mb_close(mb *m)
{
	free(m);
	return 0;
}

int mb_delete(const char *name)
{
	char datei[64];
	Zettel z;

	sprintf(datei, "mb.%s.kasten", name);
	if (ablesen(datei, &z) == -1)
		return -1;
	if (unlink(datei) == -1)
		return -1;
	wegwerfen(&z);
	return 0;
}

int mb_send(mb *m, const void *data, size_t n, int ms)
{
	Brief b;

	if (n > m->z.hoechstens) {
		errno = EMSGSIZE;
		return -1;
	}
	memset(&b, 0, sizeof b);
	b.sorte = 1;
	b.absender = getpid();
	b.laenge = n;
	if (n)
		memcpy(b.text, data, n);
	if (einwerfen(m->z.schlange, &b, KOPF + m->z.hoechstens, ms) == -1)
		return -1;
	if (m->z.platz == 0)	/* auf die Quittung warten */
		return abholen(m->z.quittung, &b, KOPF, getpid(), -1);
	return 0;
}

ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms)
{
	Brief b;

	if (size < m->z.hoechstens) {
		errno = EMSGSIZE;
		return -1;
	}
	if (abholen(m->z.schlange, &b, KOPF + m->z.hoechstens, 1, ms) == -1)
		return -1;
	if (m->z.platz == 0) {
		Brief q = { .sorte = b.absender };
		einwerfen(m->z.quittung, &q, KOPF, -1);
	}
	memcpy(data, b.text, b.laenge);
	if (from)
		*from = b.absender;
	return b.laenge;
}

/* ---- Aufgabe 4 -------------------------------------------------------------------------------- */

static int eigene = -1;
static pid_t eigentuemer;

static void aufraeumen(void)
{
	char datei[64];

	if (eigentuemer != getpid())
		return;
	sprintf(datei, "dm.%ld", (long)eigentuemer);
	unlink(datei);
	msgctl(eigene, IPC_RMID, NULL);
}

int dm_open(void)
{
	char datei[64];
	Zettel alt, z = { -1, -1, 0, MB_MAX };

	sprintf(datei, "dm.%ld", (long)getpid());
	if (ablesen(datei, &alt) == 0) {	/* von einem Toten gleicher Nummer */
		unlink(datei);
		wegwerfen(&alt);
	}
	z.schlange = neue_schlange(12 * (KOPF + MB_MAX));
	if (z.schlange == -1)
		return -1;
	if (aufhaengen(datei, &z, 1) == -1 || (eigentuemer == 0 && atexit(aufraeumen) != 0)) {
		unlink(datei);
		wegwerfen(&z);
		return -1;
	}
	eigene = z.schlange;
	eigentuemer = getpid();
	return 0;
}

int dm_send(pid_t to, const void *data, size_t n, int ms)
{
	char datei[64];
	Zettel z;
	Brief b;

	if (n > MB_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	sprintf(datei, "dm.%ld", (long)to);
	if (ablesen(datei, &z) == -1)
		return -1;
	memset(&b, 0, sizeof b);
	b.sorte = b.absender = getpid();
	b.laenge = n;
	if (n)
		memcpy(b.text, data, n);
	return einwerfen(z.schlange, &b, KOPF + MB_MAX, ms);
}

ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms)
{
	Brief b;

	if (size < MB_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	if (eigentuemer != getpid()) {
		errno = ENOENT;
		return -1;
	}
	if (abholen(eigene, &b, KOPF + MB_MAX, from, ms) == -1)
		return -1;
	memcpy(data, b.text, b.laenge);
	if (who)
		*who = b.absender;
	return b.laenge;
}
