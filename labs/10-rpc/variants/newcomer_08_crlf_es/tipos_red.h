/* Los tipos que viajan por la red */
#ifndef TIPOS_RED_H
#define TIPOS_RED_H

#include "rpc.h"

#include <stdbool.h>
#include <string.h>

#define PONER(m, v) \
    do { \
        uint32_t valor_ = (uint32_t)(v); \
        (m)->datos[(m)->largo++] = (uint8_t)(valor_ >> 24); \
        (m)->datos[(m)->largo++] = (uint8_t)(valor_ >> 16); \
        (m)->datos[(m)->largo++] = (uint8_t)(valor_ >> 8); \
        (m)->datos[(m)->largo++] = (uint8_t)valor_; \
    } while (0)

struct mensaje
{
    uint32_t largo;
    uint8_t datos[1500];
};

static inline uint32_t sacar(const struct mensaje *m, uint32_t donde)
{
    const uint8_t *d = m->datos + donde;
    return ((uint32_t)d[0] << 24) + ((uint32_t)d[1] << 16) + ((uint32_t)d[2] << 8) + d[3];
}

static inline uint32_t redondear(uint32_t n)
{
    return n % 4 ? n + 4 - n % 4 : n;
}

static inline void poner_cadena(struct mensaje *m, const uint8_t *s, uint32_t n, bool al_reves)
{
    PONER(m, n);
    for (uint32_t i = 0; i < redondear(n); i++)
        m->datos[m->largo++] = i >= n ? 0 : s[al_reves ? n - 1 - i : i];
}

/* Desde `donde` hasta el final hay exactamente una cadena */
static inline bool es_cadena(const struct mensaje *m, uint32_t donde)
{
    return m->largo >= donde + 4 && sacar(m, donde) <= RPC_STRING_MAX &&
           m->largo == donde + 4 + redondear(sacar(m, donde));
}

#endif
