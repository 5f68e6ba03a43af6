#include "rpc.h"
#include "registry.h"
#include "reseau.h"

#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>

static int64_t maintenant(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

int rpc_open(rpc *r, uint32_t prog, uint32_t vers, int ms, int tries)
{
	int prise = -1, surveillant = -1, erreur;
	struct epoll_event e = { .events = EPOLLIN };
	struct sockaddr_in serveur = { .sin_family = AF_INET };
	int port = registry_get(prog, vers);

	if (port < 0)
		return -1;
	if (port == 0) {
		errno = ENOENT;
		return -1;
	}
	serveur.sin_port = htons((uint16_t)port);
	serveur.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

	if (getrandom(&r->client, sizeof r->client, 0) != (ssize_t)sizeof r->client)
		goto echec;
	prise = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (prise < 0)
		goto echec;
	if (connect(prise, (struct sockaddr *)&serveur, sizeof serveur) < 0)
		goto echec;
	surveillant = epoll_create1(EPOLL_CLOEXEC);
	if (surveillant < 0)
		goto echec;
	if (epoll_ctl(surveillant, EPOLL_CTL_ADD, prise, &e) < 0)
		goto echec;

	r->fd = prise;
	r->own[0] = (uint64_t)surveillant;
	r->port = (uint16_t)port;
	r->prog = prog;
	r->vers = vers;
	r->ms = ms;
	r->tries = tries;
	r->xid = 0;
	return 0;

echec:
	erreur = errno;
	if (prise >= 0)
		close(prise);
	if (surveillant >= 0)
		close(surveillant);
	errno = erreur;
	return -1;
}

void rpc_close(rpc *r)
{
	close((int)r->own[0]);
	close(r->fd);
}

static void entete(rpc *r, struct tampon *q, uint32_t proc)
{
	vider(q);
	ecrire_mot(q, ++r->xid);
	ecrire_mot(q, r->client);
	ecrire_mot(q, r->prog);
	ecrire_mot(q, r->vers);
	ecrire_mot(q, proc);
}

enum genre { ENTIER, HYPER, POINT, CHAINE };

/* Le resultat, sous une forme qui convient a tous. */
struct resultat {
	uint32_t mots[2];
	const char *chaine;
	uint32_t longueur;
};

static int examiner(const rpc *r, struct tampon *a, enum genre g, struct resultat *res)
{
	uint32_t xid, client, etat;
	bool bon = true;

	if (!lire_mot(a, &xid) || !lire_mot(a, &client) || !lire_mot(a, &etat))
		return -1;
	if (xid != r->xid || client != r->client || etat > 5)
		return -1;
	if (etat == 0)
		switch (g) {
		case ENTIER:
			bon = lire_mot(a, &res->mots[0]);
			break;
		case HYPER:
		case POINT:
			bon = lire_mot(a, &res->mots[0]) && lire_mot(a, &res->mots[1]);
			break;
		case CHAINE:
			bon = lire_chaine(a, &res->chaine, &res->longueur);
			break;
		}
	return bon && reste(a) == 0 ? (int)etat : -1;
}

static int appeler(rpc *r, const struct tampon *q, struct tampon *a, enum genre g, struct resultat *res)
{
	int erreur = ETIMEDOUT;

	for (int essai = 0; essai < r->tries; essai++) {
		if (send(r->fd, q->octets, q->fin, 0) < 0 && errno == ECONNREFUSED)
			send(r->fd, q->octets, q->fin, 0);
		int64_t fin = maintenant() + r->ms;
		for (int retard = 0; retard < 100; ) {
			int64_t delai = fin - maintenant();
			if (delai <= 0) {
				delai = 0;
				retard++;
			}
			struct epoll_event e;
			int k = epoll_wait((int)r->own[0], &e, 1, (int)delai);
			if (k < 0 && errno == EINTR)
				continue;
			if (k <= 0)
				break;
			ssize_t n = recv(r->fd, a->octets, sizeof a->octets, 0);
			if (n < 0) {
				if (errno == ECONNREFUSED)
					erreur = ECONNREFUSED;
				continue;
			}
			a->debut = 0;
			a->fin = (size_t)n;
			int etat = examiner(r, a, g, res);
			if (etat >= 0)
				return etat;
		}
	}
	errno = erreur;
	return -1;
}

static int rend_entier(rpc *r, const struct tampon *q, int32_t *ou)
{
	struct tampon a;
	struct resultat res;
	int etat = appeler(r, q, &a, ENTIER, &res);
	if (etat == 0)
		*ou = (int32_t)res.mots[0];
	return etat;
}

int rpc_add(rpc *r, int32_t a, int32_t b, int32_t *sum)
{
	struct tampon q;
	entete(r, &q, RPC_ADD);
	ecrire_mot(&q, (uint32_t)a);
	ecrire_mot(&q, (uint32_t)b);
	return rend_entier(r, &q, sum);
}

int rpc_deposit(rpc *r, int32_t amount, int32_t *balance)
{
	struct tampon q;
	entete(r, &q, RPC_DEPOSIT);
	ecrire_mot(&q, (uint32_t)amount);
	return rend_entier(r, &q, balance);
}

int rpc_reverse(rpc *r, const char *s, char *reversed)
{
	struct tampon q, a;
	struct resultat res;
	size_t n = strlen(s);

	if (n > RPC_STRING_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	entete(r, &q, RPC_REVERSE);
	ecrire_chaine(&q, s, (uint32_t)n);
	int etat = appeler(r, &q, &a, CHAINE, &res);
	if (etat == 0) {
		memcpy(reversed, res.chaine, res.longueur);
		reversed[res.longueur] = '\0';
	}
	return etat;
}

int rpc_sum(rpc *r, const int32_t *values, uint32_t n, int64_t *sum)
{
	struct tampon q, a;
	struct resultat res;

	if (n > RPC_ARRAY_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	entete(r, &q, RPC_SUM);
	ecrire_mot(&q, n);
	for (uint32_t i = 0; i < n; i++)
		ecrire_mot(&q, (uint32_t)values[i]);
	int etat = appeler(r, &q, &a, HYPER, &res);
	if (etat == 0)
		*sum = (int64_t)(((uint64_t)res.mots[0] << 32) + res.mots[1]);
	return etat;
}

int rpc_mid(rpc *r, point a, point b, point *middle)
{
	struct tampon q, rep;
	struct resultat res;

	entete(r, &q, RPC_MID);
	ecrire_mot(&q, (uint32_t)a.x);
	ecrire_mot(&q, (uint32_t)a.y);
	ecrire_mot(&q, (uint32_t)b.x);
	ecrire_mot(&q, (uint32_t)b.y);
	int etat = appeler(r, &q, &rep, POINT, &res);
	if (etat == 0) {
		middle->x = (int32_t)res.mots[0];
		middle->y = (int32_t)res.mots[1];
	}
	return etat;
}
