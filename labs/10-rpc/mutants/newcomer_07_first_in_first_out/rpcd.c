#include "rpc.h"
#include "registry.h"
#include <stdbool.h>

typedef uint8_t u8; typedef uint32_t u32;
static u32 w(const u8 *b) { return (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3]; }
static u8 *s(u8 *b, u32 v) { b[0] = v >> 24; b[1] = v >> 16; b[2] = v >> 8; b[3] = v; return b + 4; }

static struct kunde { u32 nr, xid; uint64_t seit; size_t n; u8 antwort[1024]; } kunden[100];
static uint64_t uhr;
static int64_t konto;

/* Ergebnis hinter z, *z rueckt vor; Rueckgabe: Status */
static u32 tu(const u8 *q, size_t n, u8 **z)
{
  u32 proc = w(q + 16), l; const u8 *a = q + 20; int64_t x, y;
  if (w(q + 8) != RPC_PROGRAM) return 1;
  if (w(q + 12) != RPC_VERSION) return 2;
  if (proc < 1 || proc > 5) return 3;
  n -= 20;
  switch (proc) {
  case 1: if (n != 8) return 4;
    *z = s(*z, w(a) + w(a + 4)); break;
  case 2: if (n < 4 || (l = w(a)) > 1000 || n != 4 + (l + 3) / 4 * 4) return 4;
    *z = s(*z, l);
    for (u32 i = 0; i < l; i++) *(*z)++ = a[4 + l - 1 - i];
    while (l++ % 4) *(*z)++ = 0;
    break;
  case 3: if (n < 4 || (l = w(a)) > 256 || n != 4 + 4 * l) return 4;
    for (x = 0, a += 4; l--; a += 4) x += (int32_t)w(a);
    *z = s(s(*z, (u32)((uint64_t)x >> 32)), (u32)x); break;
  case 4: if (n != 16) return 4;
    x = ((int64_t)(int32_t)w(a) + (int32_t)w(a + 8)) / 2;
    y = ((int64_t)(int32_t)w(a + 4) + (int32_t)w(a + 12)) / 2;
    *z = s(s(*z, (u32)x), (u32)y); break;
  case 5: if (n != 4) return 4;
    x = (int32_t)w(a);
    if (x < 0 || konto + x > INT32_MAX) return 5;
    *z = s(*z, (u32)(konto += x)); break;
  }
  return 0;
}

int main(int argc, char **argv)
{
  bool l = argc == 2 && !strcmp(argv[1], "-l");
  if (argc != 1 && !l) return fprintf(stderr, "Aufruf: rpcd [-l]\n"), 2;
  struct sockaddr_in ich = {.sin_family = AF_INET}; socklen_t g = sizeof ich;
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (fd < 0 || bind(fd, (void *)&ich, g) || getsockname(fd, (void *)&ich, &g)) return perror("rpcd"), 1;
  if (registry_set(RPC_PROGRAM, RPC_VERSION, ntohs(ich.sin_port))) return perror("rpcd: registry"), 1;
  printf("listening %d\n", ntohs(ich.sin_port)); fflush(stdout);

  for (;;) {
    static u8 q[65536]; static struct kunde weg;
    struct sockaddr_in von; g = sizeof von;
    ssize_t n = recvfrom(fd, q, sizeof q, 0, (void *)&von, &g);
    if (n < 20) continue;
    u32 xid = w(q), nr = w(q + 4); struct kunde *k = l ? &weg : NULL, *alt = kunden;
    for (struct kunde *i = kunden; !k && i < kunden + 100; i++) {
      if (i->seit && i->nr == nr) k = i;
      if (i->seit < alt->seit) alt = i;
    }
    if (k && !l && xid < k->xid) continue;
    if (!k || l || xid > k->xid) {
      if (!k) { k = alt; k->seit = ++uhr; }
      u8 *z = k->antwort + 12; u32 st = tu(q, (size_t)n, &z);
      s(s(s(k->antwort, xid), nr), st);
      k->nr = nr; k->xid = xid; k->n = (size_t)(z - k->antwort);
    }
    sendto(fd, k->antwort, k->n, 0, (void *)&von, g);
  }
}
