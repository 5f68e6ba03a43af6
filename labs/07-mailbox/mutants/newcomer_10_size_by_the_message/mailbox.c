/* ===========================================================================
   mailbox.c        group 8        (written on Windows, tested on the VM)
   =========================================================================== */
#define _GNU_SOURCE
#include "mailbox.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>
#include <unistd.h>

#define MEETINGS  32
#define PROBES    64
#define MAGIC     0x08080808

enum SemIndex { SEM_LOCK, SEM_ROOM, SEM_ITEMS, SEM_ACK0, SEM_COUNT = SEM_ACK0 + MEETINGS };

typedef struct
{
    pid_t  Pid;
    int    Ack;
    size_t Length;
    char   Text[MB_MAX];
} SLOT;

typedef struct
{
    int    Magic;
    char   Name[33];
    int    Cap;
    size_t Max;
    int    SemId;
    int    Slots, Head, Tail;
    char   Busy[MEETINGS];
    SLOT   Slot[];
} SEGMENT;

struct mb
{
    SEGMENT *Seg;
};

/* ------------------------------------------------------------------ helpers */

static int SemChange(int SemId, int Index, int By, int Flags)
{
    struct sembuf Op = { (unsigned short)Index, (short)By, (short)Flags };
    return semop(SemId, &Op, 1);
}

static long long NowMicro(void)
{
    struct timespec T;
    clock_gettime(CLOCK_MONOTONIC, &T);
    return (long long)T.tv_sec * 1000000 + T.tv_nsec / 1000;
}

/* P operation that waits as ms says */
static int SemWait(int SemId, int Index, int Ms)
{
    struct sembuf Op = { (unsigned short)Index, -1, (short)(Ms == 0 ? IPC_NOWAIT : 0) };
    long long End = NowMicro() + (long long)Ms * 1000;
    if (Ms <= 0)
        return semop(SemId, &Op, 1);
    while (1)
    {
        long long Left = End - NowMicro();
        struct timespec T;
        if (Left < 0)
            Left = 0;
        Left += 1;
        T.tv_sec = Left / 1000000;
        T.tv_nsec = Left % 1000000 * 1000;
        if (semtimedop(SemId, &Op, 1, &T) == 0)
            return 0;
        if (errno != EAGAIN)
            return -1;
        if (NowMicro() > End)
        {
            errno = ETIMEDOUT;
            return -1;
        }
    }
}

static void Lock(int SemId)
{
    SemChange(SemId, SEM_LOCK, -1, SEM_UNDO);
}

static void Unlock(int SemId)
{
    SemChange(SemId, SEM_LOCK, +1, SEM_UNDO);
}

/* create, open and delete exclude each other: a lock on the working directory itself leaves nothing behind */
static int DirLock(void)
{
    int Fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (Fd >= 0)
        flock(Fd, LOCK_EX);
    return Fd;
}

static void DirUnlock(int Fd)
{
    int Saved = errno;
    close(Fd);
    errno = Saved;
}

static key_t KeyOf(const char *Name, int Probe)
{
    unsigned H = 5381;
    while (*Name)
        H = H * 33 + (unsigned char)*Name++;
    return (key_t)(0x0B000000u | ((H + (unsigned)Probe) & 0xFFFFFu));
}

/* under DirLock: the attached segment of that name, or NULL; *Id is its number, *FreeKey a key nobody has */
static SEGMENT *Find(const char *Name, int *Id, key_t *FreeKey)
{
    int i;
    *FreeKey = -1;
    for (i = 0; i < PROBES; i++)
    {
        SEGMENT *Seg;
        *Id = shmget(KeyOf(Name, i), 0, 0);
        if (*Id == -1)
        {
            if (errno == ENOENT && *FreeKey == -1)
                *FreeKey = KeyOf(Name, i);
            continue;
        }
        Seg = shmat(*Id, NULL, 0);
        if (Seg == (void *)-1)
            continue;
        if (Seg->Magic == MAGIC && strcmp(Seg->Name, Name) == 0)
            return Seg;
        shmdt(Seg);
    }
    errno = ENOENT;
    return NULL;
}

/* ---------------------------------------------------------------- tasks 1-3 */

int mb_create(const char *name, int cap, size_t max)
{
    int Id, Dir, Slots, i, Result = -1;
    key_t Key;
    SEGMENT *Seg;

    if (cap < 0 || cap > MB_CAP_MAX || max > MB_MAX)
    {
        errno = EINVAL;
        return -1;
    }
    Dir = DirLock();
    if (Dir < 0)
        return -1;
    Seg = Find(name, &Id, &Key);
    if (Seg != NULL)
    {
        shmdt(Seg);
        errno = EEXIST;
        DirUnlock(Dir);
        return -1;
    }
    Slots = cap == 0 ? MEETINGS : cap;
    Id = Key == -1 ? -1 : shmget(Key, sizeof(SEGMENT) + (size_t)Slots * sizeof(SLOT), IPC_CREAT | IPC_EXCL | 0600);
    if (Id != -1)
    {
        Seg = shmat(Id, NULL, 0);
        if (Seg == (void *)-1)
            shmctl(Id, IPC_RMID, NULL);
        else
        {
            Seg->SemId = semget(IPC_PRIVATE, SEM_COUNT, 0600);
            if (Seg->SemId == -1)
                shmctl(Id, IPC_RMID, NULL);
            else
            {
                unsigned short Values[SEM_COUNT];
                for (i = 0; i < SEM_COUNT; i++)
                    Values[i] = 0;
                Values[SEM_LOCK] = 1;
                Values[SEM_ROOM] = (unsigned short)Slots;
                semctl(Seg->SemId, 0, SETALL, Values);
                strcpy(Seg->Name, name);
                Seg->Cap = cap;
                Seg->Max = max;
                Seg->Slots = Slots;
                Seg->Magic = MAGIC;
                Result = 0;
            }
            shmdt(Seg);
        }
    }
    DirUnlock(Dir);
    return Result;
}

mb *mb_open(const char *name)
{
    int Id, Dir;
    key_t Key;
    mb *M = malloc(sizeof(mb));
    if (M == NULL)
        return NULL;
    Dir = DirLock();
    M->Seg = Dir < 0 ? NULL : Find(name, &Id, &Key);
    if (Dir >= 0)
        DirUnlock(Dir);
    if (M->Seg == NULL)
    {
        int Saved = errno;
        free(M);
        errno = Saved;
        return NULL;
    }
    return M;
}

int mb_close(mb *m)
{
    shmdt(m->Seg);
    free(m);
    return 0;
}

int mb_delete(const char *name)
{
    int Id, Dir, Result = -1;
    key_t Key;
    SEGMENT *Seg;
    Dir = DirLock();
    if (Dir < 0)
        return -1;
    Seg = Find(name, &Id, &Key);
    if (Seg != NULL)
    {
        semctl(Seg->SemId, 0, IPC_RMID);
        shmdt(Seg);
        Result = shmctl(Id, IPC_RMID, NULL);
    }
    DirUnlock(Dir);
    return Result;
}

int mb_send(mb *m, const void *data, size_t n, int ms)
{
    SEGMENT *Seg = m->Seg;
    int Sem = Seg->SemId;
    int Mine = 0;
    SLOT *S;

    if (n > Seg->Max)
    {
        errno = EMSGSIZE;
        return -1;
    }
    if (SemWait(Sem, SEM_ROOM, ms) == -1)
        return -1;
    Lock(Sem);
    S = &Seg->Slot[Seg->Tail];
    Seg->Tail = (Seg->Tail + 1) % Seg->Slots;
    S->Pid = getpid();
    S->Length = n;
    if (n > 0)
        memcpy(S->Text, data, n);
    if (Seg->Cap == 0)
    {
        while (Seg->Busy[Mine])
            Mine++;
        Seg->Busy[Mine] = 1;
        S->Ack = Mine;
    }
    Unlock(Sem);
    SemChange(Sem, SEM_ITEMS, +1, 0);

    if (Seg->Cap == 0)
    {
        if (SemWait(Sem, SEM_ACK0 + Mine, -1) == -1)
            return -1;
        Lock(Sem);
        Seg->Busy[Mine] = 0;
        Unlock(Sem);
        SemChange(Sem, SEM_ROOM, +1, 0);
    }
    return 0;
}

ssize_t mb_recv(mb *m, void *data, size_t size, pid_t *from, int ms)
{
    SEGMENT *Seg = m->Seg;
    int Sem = Seg->SemId;
    int Ack;
    SLOT *S;
    ssize_t Length;

    if (SemWait(Sem, SEM_ITEMS, ms) == -1)
        return -1;
    Lock(Sem);
    S = &Seg->Slot[Seg->Head];
    if (size < S->Length)
    {
        /* does not fit: it stays where it is */
        Unlock(Sem);
        SemChange(Sem, SEM_ITEMS, +1, 0);
        errno = EMSGSIZE;
        return -1;
    }
    Seg->Head = (Seg->Head + 1) % Seg->Slots;
    Length = (ssize_t)S->Length;
    memcpy(data, S->Text, S->Length);
    if (from != NULL)
        *from = S->Pid;
    Ack = S->Ack;
    Unlock(Sem);
    SemChange(Sem, Seg->Cap == 0 ? SEM_ACK0 + Ack : SEM_ROOM, +1, 0);
    return Length;
}

/* ------------------------------------------------------------------- task 4
   Each process has a segment with a table: which sender has which queue. The queue of a pair is made by the
   sender when it sends for the first time, and removed by the receiver at its end.                           */

#define PAIRS     120
#define PER_PAIR  8

typedef struct
{
    long  Type;
    int   Length;
    char  Text[MB_MAX];
} DIRECT;

#define DIRECT_SIZE (sizeof(DIRECT) - sizeof(long))

typedef struct
{
    int SemId; /* SEM_LOCK, and 1: the bell */
    int Used;
    struct
    {
        pid_t Pid;
        int   Queue;
    } Pair[PAIRS];
} TABLE;

static TABLE *MyTable;
static int    MyTableId;
static pid_t  MyPid;

static key_t DirectKey(pid_t Pid)
{
    return (key_t)(0x0D000000 | Pid);
}

static void RemoveTable(TABLE *T, int Id)
{
    int i;
    for (i = 0; i < T->Used; i++)
        msgctl(T->Pair[i].Queue, IPC_RMID, NULL);
    semctl(T->SemId, 0, IPC_RMID);
    shmdt(T);
    shmctl(Id, IPC_RMID, NULL);
}

static void AtExit(void)
{
    if (MyPid == getpid())
        RemoveTable(MyTable, MyTableId);
}

int dm_open(void)
{
    unsigned short Values[2] = { 1, 0 };
    TABLE *T;
    int Id = shmget(DirectKey(getpid()), 0, 0);
    if (Id != -1)
    {
        T = shmat(Id, NULL, 0);
        if (T != (void *)-1)
            RemoveTable(T, Id);
    }
    Id = shmget(DirectKey(getpid()), sizeof(TABLE), IPC_CREAT | IPC_EXCL | 0600);
    if (Id == -1)
        return -1;
    T = shmat(Id, NULL, 0);
    if (T == (void *)-1 || (T->SemId = semget(IPC_PRIVATE, 2, 0600)) == -1)
    {
        shmctl(Id, IPC_RMID, NULL);
        return -1;
    }
    semctl(T->SemId, 0, SETALL, Values);
    if (MyTable != NULL)
        shmdt(MyTable); /* our parent's */
    else
        atexit(AtExit);
    MyTable = T;
    MyTableId = Id;
    MyPid = getpid();
    return 0;
}

static int NewQueue(void)
{
    struct msqid_ds D;
    int Q = msgget(IPC_PRIVATE, 0600);
    if (Q == -1)
        return -1;
    if (msgctl(Q, IPC_STAT, &D) == 0)
    {
        D.msg_qbytes = PER_PAIR * DIRECT_SIZE;
        if (msgctl(Q, IPC_SET, &D) == 0)
            return Q;
    }
    msgctl(Q, IPC_RMID, NULL);
    return -1;
}

/* the queue from us to the owner of the table, made if need be; -1 if there are too many */
static int MyQueueIn(TABLE *T)
{
    int i, Q = -1;
    struct msqid_ds D;
    Lock(T->SemId);
    for (i = 0; i < T->Used && T->Pair[i].Pid != getpid(); i++)
        ;
    if (i < T->Used)
        Q = T->Pair[i].Queue;
    else
    {
        /* the row of one who has ended, if all that it has sent has been received */
        if (i == PAIRS)
            for (i = 0; i < PAIRS; i++)
                if (kill(T->Pair[i].Pid, 0) == -1 && errno == ESRCH && msgctl(T->Pair[i].Queue, IPC_STAT, &D) == 0 && D.msg_qnum == 0)
                    break;
        if (i < T->Used)
        {
            Q = T->Pair[i].Queue;
            T->Pair[i].Pid = getpid();
        }
        else if (i < PAIRS && (Q = NewQueue()) != -1)
        {
            T->Pair[i].Pid = getpid();
            T->Pair[i].Queue = Q;
            T->Used++;
        }
        else
            errno = ENOBUFS;
    }
    Unlock(T->SemId);
    return Q;
}

int dm_send(pid_t to, const void *data, size_t n, int ms)
{
    long long End = NowMicro() + (long long)ms * 1000;
    DIRECT D;
    TABLE *T;
    int Id, Q, Saved, Result = -1;

    if (n > MB_MAX)
    {
        errno = EMSGSIZE;
        return -1;
    }
    Id = shmget(DirectKey(to), 0, 0);
    if (Id == -1)
        return -1;
    T = shmat(Id, NULL, 0);
    if (T == (void *)-1)
        return -1;
    memset(&D, 0, sizeof D);
    D.Type = 1;
    D.Length = (int)n;
    if (n > 0)
        memcpy(D.Text, data, n);
    Q = MyQueueIn(T);
    while (Q != -1)
    {
        Result = msgsnd(Q, &D, DIRECT_SIZE, ms == -1 ? 0 : IPC_NOWAIT);
        if (Result == 0 || errno != EAGAIN || ms == 0)
            break;
        if (NowMicro() > End)
        {
            errno = ETIMEDOUT;
            break;
        }
        usleep(1500);
    }
    if (Result == 0)
        SemChange(T->SemId, 1, +1, 0);
    Saved = errno;
    shmdt(T);
    errno = Saved;
    return Result;
}

ssize_t dm_recv(pid_t from, void *data, size_t size, pid_t *who, int ms)
{
    long long End = NowMicro() + (long long)ms * 1000;
    DIRECT D;
    int i, Late = 0;

    if (size < MB_MAX)
    {
        errno = EMSGSIZE;
        return -1;
    }
    if (MyPid != getpid())
    {
        errno = ENOENT;
        return -1;
    }
    for (;;)
    {
        semctl(MyTable->SemId, 1, SETVAL, 0);
        Lock(MyTable->SemId);
        for (i = 0; i < MyTable->Used; i++)
            if (from == 0 || MyTable->Pair[i].Pid == from)
                if (msgrcv(MyTable->Pair[i].Queue, &D, DIRECT_SIZE, 0, IPC_NOWAIT) != -1)
                {
                    if (who != NULL)
                        *who = MyTable->Pair[i].Pid;
                    Unlock(MyTable->SemId);
                    memcpy(data, D.Text, (size_t)D.Length);
                    return D.Length;
                }
        Unlock(MyTable->SemId);
        if (ms == 0 || Late)
        {
            errno = ms == 0 ? EAGAIN : ETIMEDOUT;
            return -1;
        }
        if (ms < 0)
            SemWait(MyTable->SemId, 1, -1);
        else
        {
            long long Left = End - NowMicro();
            if (Left <= 0 || (SemWait(MyTable->SemId, 1, (int)((Left + 999) / 1000)) == -1 && errno == ETIMEDOUT))
                Late = 1;
        }
    }
}
