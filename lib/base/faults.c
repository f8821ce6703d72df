/* faults.c - a list of what is wrong with an input; see dualwrite/faults.h. */
#include "dualwrite/faults.h"

#include <stdarg.h>
#include <stdlib.h>

#include "dualwrite/buf.h"
#include "dualwrite/xalloc.h"

void
faults_add(struct faults *f, enum fault_severity severity, const char *where, const char *fmt, ...)
{
    struct buf text = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    if ((f->count & (f->count - 1)) == 0) /* a power of two is full: double */
        f->items = xreallocarray(f->items, f->count == 0 ? 1 : 2 * f->count, sizeof *f->items);
    f->items[f->count++] = (struct fault){severity, xstrdup(where), buf_steal(&text), NULL};
    if (severity == FAULT_ERROR)
        f->errors++;
}

void
faults_kind(struct faults *f, const char *kind)
{
    if (f->count > 0)
        f->items[f->count - 1].kind = kind;
}

void
faults_free(struct faults *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->items[i].where);
        free(f->items[i].text);
    }
    free(f->items);
    *f = (struct faults){0};
}
