#ifndef COMUN_H
#define COMUN_H
#define SI_FALLA(expr, donde) do { if ((expr) < 0) goto donde; } while (0)
#define POR_SIEMPRE for (;;)
#endif
