#include "rpc.h"
#include "registry.h"
#include "tipos_red.h"

/* ---- los procedimientos ---- */

static int32_t saldo = 0;

static point medio(point a, point b)
{
    int64_t x = a.x, y = a.y;
    x += b.x;
    y += b.y;
    return (point){(int32_t)(x / 2), (int32_t)(y / 2)};
}

static bool ingresar(int32_t cantidad)
{
    if (cantidad < 0 || INT32_MAX - saldo < cantidad)
        return false;
    saldo += cantidad;
    return true;
}

/* ---- una peticion p de al menos 20 bytes; el resultado se escribe en r ---- */

static uint32_t ejecutar(const struct mensaje *p, struct mensaje *r)
{
    uint32_t args = p->largo - 20;
    if (sacar(p, 8) != RPC_PROGRAM)
        return RPC_NO_PROGRAM;
    if (sacar(p, 12) != RPC_VERSION)
        return RPC_NO_VERSION;
    switch (sacar(p, 16))
    {
    case RPC_ADD:
        if (args != 8)
            return RPC_BAD_ARGS;
        PONER(r, sacar(p, 20) + sacar(p, 24));
        return RPC_OK;
    case RPC_REVERSE:
        if (!es_cadena(p, 20))
            return RPC_BAD_ARGS;
        poner_cadena(r, p->datos + 24, sacar(p, 20), true);
        return RPC_OK;
    case RPC_SUM:
    {
        if (args < 4 || sacar(p, 20) > RPC_ARRAY_MAX || args != 4 + 4 * sacar(p, 20))
            return RPC_BAD_ARGS;
        int64_t suma = 0;
        for (uint32_t i = 24; i < p->largo; i += 4)
            suma += (int32_t)sacar(p, i);
        PONER(r, (uint64_t)suma >> 32);
        PONER(r, (uint64_t)suma);
        return RPC_OK;
    }
    case RPC_MID:
    {
        if (args != 16)
            return RPC_BAD_ARGS;
        point a = {(int32_t)sacar(p, 20), (int32_t)sacar(p, 24)};
        point b = {(int32_t)sacar(p, 28), (int32_t)sacar(p, 32)};
        point m = medio(a, b);
        PONER(r, m.x);
        PONER(r, m.y);
        return RPC_OK;
    }
    case RPC_DEPOSIT:
        if (args != 4)
            return RPC_BAD_ARGS;
        if (!ingresar((int32_t)sacar(p, 20)))
            return RPC_FAILED;
        PONER(r, saldo);
        return RPC_OK;
    default:
        return RPC_NO_PROCEDURE;
    }
}

static void responder(const struct mensaje *p, struct mensaje *r)
{
    r->largo = 0;
    PONER(r, sacar(p, 0));
    PONER(r, sacar(p, 4));
    PONER(r, 0);
    uint32_t estado = ejecutar(p, r);
    uint32_t fin = r->largo;
    r->largo = 8;
    PONER(r, estado);
    if (estado == RPC_OK)
        r->largo = fin;
}

/* ---- las respuestas guardadas: tabla hash abierta; cuando esta llena, se rehace con los 128 mas recientes ---- */

enum { CASILLAS = 1024, LLENA = 700, QUEDAN = 128 };

struct casilla
{
    uint64_t uso; /* 0: vacia */
    uint32_t cliente, xid;
    struct mensaje respuesta;
};

static struct casilla *tabla, *otra;
static uint64_t reloj;
static int ocupadas;

static struct casilla *buscar(struct casilla *t, uint32_t cliente)
{
    uint32_t i = cliente * UINT32_C(0x9e3779b1) >> 22;
    while (t[i].uso && t[i].cliente != cliente)
        i = (i + 1) % CASILLAS;
    return &t[i];
}

static int mas_reciente(const void *a, const void *b)
{
    uint64_t x = ((const struct casilla *)a)->uso, y = ((const struct casilla *)b)->uso;
    return x < y ? 1 : x > y ? -1 : 0;
}

static void rehacer(void)
{
    qsort(tabla, CASILLAS, sizeof *tabla, mas_reciente);
    memset(otra, 0, CASILLAS * sizeof *otra);
    for (int i = 0; i < QUEDAN; i++)
        *buscar(otra, tabla[i].cliente) = tabla[i];
    struct casilla *t = tabla;
    tabla = otra;
    otra = t;
    ocupadas = QUEDAN;
}

int main(int argc, char **argv)
{
    bool al_menos_una = argc == 2 && !strcmp(argv[1], "-l");
    if (argc != 1 + al_menos_una)
    {
        fprintf(stderr, "uso: rpcd [-l]\n");
        return 2;
    }

    struct sockaddr_in yo = {.sin_family = AF_INET};
    yo.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t largo = sizeof yo;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&yo, sizeof yo) || getsockname(fd, (struct sockaddr *)&yo, &largo))
    {
        perror("rpcd");
        return 1;
    }
    tabla = calloc(CASILLAS, sizeof *tabla);
    otra = calloc(CASILLAS, sizeof *otra);
    if (!tabla || !otra)
    {
        perror("rpcd");
        return 1;
    }
    if (registry_set(RPC_PROGRAM, RPC_VERSION, ntohs(yo.sin_port)))
    {
        perror("rpcd: registro");
        return 1;
    }
    printf("listening %u\n", ntohs(yo.sin_port));
    fflush(stdout);

    static struct mensaje p, libre;
    for (;;)
    {
        struct sockaddr_in de;
        largo = sizeof de;
        ssize_t n = recvfrom(fd, p.datos, sizeof p.datos, 0, (struct sockaddr *)&de, &largo);
        if (n < 20)
            continue;
        p.largo = (uint32_t)n;
        struct mensaje *r = &libre;
        if (al_menos_una)
            responder(&p, r);
        else
        {
            uint32_t xid = sacar(&p, 0), cliente = sacar(&p, 4);
            struct casilla *c = buscar(tabla, cliente);
            if (!c->uso && ocupadas == LLENA)
            {
                rehacer();
                c = buscar(tabla, cliente);
            }
            if (c->uso && xid < c->xid)
                continue;
            if (!c->uso || xid > c->xid)
            {
                ocupadas += !c->uso;
                c->cliente = cliente;
                c->xid = xid;
                responder(&p, &c->respuesta);
            }
            c->uso = ++reloj;
            r = &c->respuesta;
        }
        sendto(fd, r->datos, r->largo, 0, (struct sockaddr *)&de, largo);
    }
}
