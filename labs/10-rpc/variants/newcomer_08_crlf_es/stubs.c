#define _GNU_SOURCE
#include "rpc.h"
#include "registry.h"
#include "tipos_red.h"

#include <signal.h>
#include <time.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static int64_t ahora(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Mezcla de hora, pid y contador (splitmix) */
static uint32_t identidad(void)
{
    static uint64_t contador;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t z = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
    z += (uint64_t)getpid() * UINT64_C(0x9e3779b97f4a7c15) + ++contador * UINT64_C(0xd1342543de82ef95);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)(z >> 32 ^ z);
}

int rpc_open(rpc *r, uint32_t prog, uint32_t vers, int ms, int tries)
{
    int puerto = registry_get(prog, vers);
    if (puerto < 0)
        return -1;
    if (puerto == 0)
    {
        errno = ENOENT;
        return -1;
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    memset(r, 0, sizeof *r);
    r->fd = fd;
    r->port = (uint16_t)puerto;
    r->client = identidad();
    r->prog = prog;
    r->vers = vers;
    r->ms = ms;
    r->tries = tries;
    return 0;
}

void rpc_close(rpc *r)
{
    close(r->fd);
}

static void despertar(int s)
{
    (void)s;
}

/* Primera vez a los ms milisegundos, luego cada 5 (por si la primera llega justo antes de recvfrom) */
static void armar(timer_t reloj, int ms)
{
    struct itimerspec i = {{0, 5000000}, {ms / 1000, ms % 1000 * 1000000L}};
    timer_settime(reloj, 0, &i, NULL);
}

static void empezar(rpc *r, struct mensaje *m, uint32_t proc)
{
    m->largo = 0;
    r->xid = r->xid + 1;
    PONER(m, r->xid);
    PONER(m, r->client);
    PONER(m, r->prog);
    PONER(m, r->vers);
    PONER(m, proc);
}

/* tam: cuantos bytes de resultado; CADENA: una cadena */
enum { CADENA = 0 };

static bool es_respuesta(const rpc *r, const struct mensaje *m, uint32_t tam)
{
    if (m->largo < 12 || sacar(m, 0) != r->xid || sacar(m, 4) != r->client || sacar(m, 8) > 5)
        return false;
    if (sacar(m, 8) != 0)
        return m->largo == 12;
    return tam == CADENA ? es_cadena(m, 12) : m->largo == 12 + tam;
}

/* Un datagrama. 1: la respuesta; 0: otra cosa; -1: nada */
static int recibir(const rpc *r, struct mensaje *m, uint32_t tam, int opciones)
{
    struct sockaddr_in de;
    socklen_t n = sizeof de;
    ssize_t k = recvfrom(r->fd, m->datos, sizeof m->datos, opciones, (struct sockaddr *)&de, &n);
    if (k < 0)
        return -1;
    m->largo = (uint32_t)k;
    return de.sin_port == htons(r->port) && de.sin_addr.s_addr == htonl(INADDR_LOOPBACK) &&
           es_respuesta(r, m, tam);
}

static int intentar(rpc *r, const struct mensaje *pregunta, struct mensaje *respuesta, uint32_t tam, timer_t reloj)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(r->port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < r->tries; i++)
    {
        sendto(r->fd, pregunta->datos, pregunta->largo, 0, (struct sockaddr *)&a, sizeof a);
        int64_t fin = ahora() + (int64_t)r->ms * 1000;
        armar(reloj, r->ms);
        while (ahora() < fin)
            if (recibir(r, respuesta, tam, 0) == 1)
                return (int)sacar(respuesta, 8);
        /* lo que haya llegado mientras tanto */
        for (int j = 0, k = 0; j < 400 && k >= 0; j++)
        {
            k = recibir(r, respuesta, tam, MSG_DONTWAIT);
            if (k == 1)
                return (int)sacar(respuesta, 8);
            if (k < 0 && errno == EINTR)
                k = 0;
        }
    }
    errno = ETIMEDOUT;
    return -1;
}

static int llamar(rpc *r, const struct mensaje *pregunta, struct mensaje *respuesta, uint32_t tam)
{
    struct sigaction accion, antes;
    struct sigevent aviso;
    sigset_t senal, mascara;
    timer_t reloj;

    memset(&aviso, 0, sizeof aviso);
    aviso.sigev_notify = SIGEV_THREAD_ID;
    aviso.sigev_signo = SIGRTMIN + 3;
    aviso.sigev_notify_thread_id = gettid();
    if (timer_create(CLOCK_MONOTONIC, &aviso, &reloj) < 0)
        return -1;
    memset(&accion, 0, sizeof accion);
    accion.sa_handler = despertar;
    sigemptyset(&accion.sa_mask);
    sigaction(SIGRTMIN + 3, &accion, &antes);
    sigemptyset(&senal);
    sigaddset(&senal, SIGRTMIN + 3);
    pthread_sigmask(SIG_UNBLOCK, &senal, &mascara);

    int estado = intentar(r, pregunta, respuesta, tam, reloj);
    int e = errno;
    timer_delete(reloj);
    pthread_sigmask(SIG_SETMASK, &mascara, NULL);
    sigaction(SIGRTMIN + 3, &antes, NULL);
    errno = e;
    return estado;
}

int rpc_add(rpc *r, int32_t a, int32_t b, int32_t *sum)
{
    struct mensaje m, n;
    empezar(r, &m, RPC_ADD);
    PONER(&m, a);
    PONER(&m, b);
    int estado = llamar(r, &m, &n, 4);
    if (estado == 0)
        *sum = (int32_t)sacar(&n, 12);
    return estado;
}

int rpc_reverse(rpc *r, const char *s, char *reversed)
{
    struct mensaje m, n;
    size_t largo = strlen(s);
    if (largo > RPC_STRING_MAX)
    {
        errno = EMSGSIZE;
        return -1;
    }
    empezar(r, &m, RPC_REVERSE);
    poner_cadena(&m, (const uint8_t *)s, (uint32_t)largo, false);
    int estado = llamar(r, &m, &n, CADENA);
    if (estado == 0)
    {
        memcpy(reversed, n.datos + 16, sacar(&n, 12));
        reversed[sacar(&n, 12)] = '\0';
    }
    return estado;
}

int rpc_sum(rpc *r, const int32_t *values, uint32_t n, int64_t *sum)
{
    struct mensaje m, s;
    if (n > RPC_ARRAY_MAX)
    {
        errno = EMSGSIZE;
        return -1;
    }
    empezar(r, &m, RPC_SUM);
    PONER(&m, n);
    for (uint32_t i = 0; i < n; i++)
        PONER(&m, values[i]);
    int estado = llamar(r, &m, &s, 8);
    if (estado == 0)
        *sum = (int64_t)((uint64_t)sacar(&s, 12) << 32 | sacar(&s, 16));
    return estado;
}

int rpc_mid(rpc *r, point a, point b, point *middle)
{
    struct mensaje m, n;
    empezar(r, &m, RPC_MID);
    PONER(&m, a.x);
    PONER(&m, a.y);
    PONER(&m, b.x);
    PONER(&m, b.y);
    int estado = llamar(r, &m, &n, 8);
    if (estado == 0)
    {
        middle->x = (int32_t)sacar(&n, 12);
        middle->y = (int32_t)sacar(&n, 16);
    }
    return estado;
}

int rpc_deposit(rpc *r, int32_t amount, int32_t *balance)
{
    struct mensaje m, n;
    empezar(r, &m, RPC_DEPOSIT);
    PONER(&m, amount);
    int estado = llamar(r, &m, &n, 4);
    if (estado == 0)
        *balance = (int32_t)sacar(&n, 12);
    return estado;
}
