/* process_use.c - what this process uses, and gives back; see process_use.h. */
#include "process_use.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static int64_t
resident(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    long pages = -1;

    if (f != NULL && fscanf(f, "%*s %ld", &pages) != 1)
        pages = -1;
    if (f != NULL)
        fclose(f);
    return pages < 0 ? -1 : (int64_t) pages * sysconf(_SC_PAGESIZE);
}

static int64_t
descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int64_t n = -3; /* the two dots, and the folder itself */

    if (d == NULL)
        return -1;
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

void
process_use(double *cpu_seconds, int64_t *resident_bytes, int64_t *open_fds)
{
    struct rusage use = {0};

    getrusage(RUSAGE_SELF, &use);
    *cpu_seconds = (double) (use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                   (double) (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
    *resident_bytes = resident();
    *open_fds = descriptors();
}

void
process_give_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
