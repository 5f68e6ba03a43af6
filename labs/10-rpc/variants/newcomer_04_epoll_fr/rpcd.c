#include "rpc.h"
#include "registry.h"
#include "reseau.h"

#include <sys/epoll.h>

/* ---- les procedures ---- */

static int32_t solde;

static int32_t milieu(int32_t a, int32_t b)
{
	return (int32_t)(((int64_t)a + (int64_t)b) / 2);
}

static bool deposer(int32_t montant)
{
	if (montant < 0 || montant > INT32_MAX - solde)
		return false;
	solde += montant;
	return true;
}

/* ---- les souches : un etat, et le resultat est ajoute a `a` ---- */

static uint32_t s_add(struct tampon *q, struct tampon *a)
{
	uint32_t x, y;
	if (!lire_mot(q, &x) || !lire_mot(q, &y) || reste(q))
		return RPC_BAD_ARGS;
	ecrire_mot(a, x + y);
	return RPC_OK;
}

static uint32_t s_reverse(struct tampon *q, struct tampon *a)
{
	const char *s;
	char envers[RPC_STRING_MAX];
	uint32_t n;
	if (!lire_chaine(q, &s, &n) || reste(q))
		return RPC_BAD_ARGS;
	for (uint32_t i = 0; i < n; i++)
		envers[i] = s[n - i - 1];
	ecrire_chaine(a, envers, n);
	return RPC_OK;
}

static uint32_t s_sum(struct tampon *q, struct tampon *a)
{
	uint32_t n;
	int32_t v = 0;
	int64_t somme = 0;
	if (!lire_mot(q, &n) || n > RPC_ARRAY_MAX || reste(q) != n * sizeof v)
		return RPC_BAD_ARGS;
	while (n--) {
		lire_entier(q, &v);
		somme += v;
	}
	ecrire_hyper(a, somme);
	return RPC_OK;
}

static uint32_t s_mid(struct tampon *q, struct tampon *a)
{
	int32_t v[4];
	if (reste(q) != sizeof v)
		return RPC_BAD_ARGS;
	for (int i = 0; i < 4; i++)
		lire_entier(q, &v[i]);
	ecrire_mot(a, (uint32_t)milieu(v[0], v[2]));
	ecrire_mot(a, (uint32_t)milieu(v[1], v[3]));
	return RPC_OK;
}

static uint32_t s_deposit(struct tampon *q, struct tampon *a)
{
	int32_t montant;
	if (!lire_entier(q, &montant) || reste(q))
		return RPC_BAD_ARGS;
	if (!deposer(montant))
		return RPC_FAILED;
	ecrire_mot(a, (uint32_t)solde);
	return RPC_OK;
}

static uint32_t (*const souches[])(struct tampon *, struct tampon *) = {
	NULL, s_add, s_reverse, s_sum, s_mid, s_deposit,
};

static void repondre(struct tampon *q, uint32_t xid, uint32_t client, struct tampon *a)
{
	uint32_t prog = 0, vers = 0, proc = 0, etat;
	struct tampon r;

	vider(&r);
	lire_mot(q, &prog);
	lire_mot(q, &vers);
	lire_mot(q, &proc);
	if (prog != RPC_PROGRAM)
		etat = RPC_NO_PROGRAM;
	else if (vers != RPC_VERSION)
		etat = RPC_NO_VERSION;
	else if (proc == 0 || proc >= sizeof souches / sizeof *souches)
		etat = RPC_NO_PROCEDURE;
	else
		etat = souches[proc](q, &r);
	vider(a);
	ecrire_mot(a, xid);
	ecrire_mot(a, client);
	ecrire_mot(a, etat);
	if (etat == RPC_OK) {
		memcpy(&a->octets[a->fin], r.octets, r.fin);
		a->fin += r.fin;
	}
}

/* ---- au plus une fois : une liste, le dernier venu est devant ---- */

#define CLIENTS 500

struct client {
	struct client *suivant;
	uint32_t numero, xid;
	struct tampon reponse;
};

static struct client *liste;

/* Trouve le client et le met devant ; sinon un nouveau (ou le plus ancien de tous) avec *nouveau. */
static struct client *chercher(uint32_t numero, bool *nouveau)
{
	struct client **p = &liste, **dernier = NULL, *c;
	int combien = 0;

	while (*p && (*p)->numero != numero) {
		dernier = p;
		p = &(*p)->suivant;
		combien++;
	}
	*nouveau = *p == NULL;
	if (*p) {
		c = *p;
		*p = c->suivant;
	} else {
		c = combien < CLIENTS ? malloc(sizeof *c) : NULL;
		if (!c && dernier) {
			c = *dernier;
			*dernier = NULL;
		}
		if (!c)
			return NULL;
		c->numero = numero;
	}
	c->suivant = liste;
	liste = c;
	return c;
}

static void traiter(int prise, bool au_moins)
{
	static struct tampon q, libre;
	struct sockaddr_in qui;
	socklen_t taille = sizeof qui;
	ssize_t n = recvfrom(prise, q.octets, sizeof q.octets, 0, (struct sockaddr *)&qui, &taille);
	struct tampon *a = &libre;
	uint32_t xid = 0, client = 0;

	if (n < 20)
		return;
	q.debut = 0;
	q.fin = (size_t)n;
	lire_mot(&q, &xid);
	lire_mot(&q, &client);
	if (au_moins) {
		repondre(&q, xid, client, a);
	} else {
		bool nouveau;
		struct client *c = chercher(client, &nouveau);
		if (!c)
			return;
		if (nouveau || xid > c->xid) {
			c->xid = xid;
			repondre(&q, xid, client, &c->reponse);
		} else if (xid < c->xid) {
			return;
		}
		a = &c->reponse;
	}
	sendto(prise, a->octets, a->fin, 0, (struct sockaddr *)&qui, taille);
}

int main(int argc, char **argv)
{
	struct sockaddr_in moi = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY) };
	socklen_t taille = sizeof moi;
	struct epoll_event e = { .events = EPOLLIN };
	bool au_moins = false;
	int prise, surveillant;

	for (int i = 1; i < argc; i++) {
		if (i > 1 || strcmp(argv[i], "-l") != 0) {
			fprintf(stderr, "usage : rpcd [-l]\n");
			return 2;
		}
		au_moins = true;
	}
	prise = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	surveillant = epoll_create1(0);
	if (prise < 0 || surveillant < 0 || bind(prise, (struct sockaddr *)&moi, taille) < 0 ||
	    getsockname(prise, (struct sockaddr *)&moi, &taille) < 0 ||
	    epoll_ctl(surveillant, EPOLL_CTL_ADD, prise, &e) < 0) {
		perror("rpcd");
		return 1;
	}
	if (registry_set(RPC_PROGRAM, RPC_VERSION, ntohs(moi.sin_port)) < 0) {
		perror("rpcd : registre");
		return 1;
	}
	printf("listening %hu\n", ntohs(moi.sin_port));
	fflush(stdout);
	for (;;)
		if (epoll_wait(surveillant, &e, 1, -1) == 1)
			traiter(prise, au_moins);
}
