/*
 * template.h - fills the :{name} places of an SQL template with fragments that are already quoted.
 *
 * It does not quote and does not know SQL: what a fragment holds is the caller's business (quote.h).
 */
#ifndef DUALWRITE_TEMPLATE_H
#define DUALWRITE_TEMPLATE_H

#include <stddef.h>

#include "dualwrite/buf.h"

struct fragment {
    const char *name;
    char *text; /* owned by the set */
};

struct fragments {
    struct fragment *items;
    size_t count;
};

/* Sets `name` to `text`, taking ownership of it; an earlier value is replaced. */
void fragments_take(struct fragments *f, const char *name, char *text);

/* The same with a copy. */
void fragments_set(struct fragments *f, const char *name, const char *text);

/* The text of `name`; aborts when it was never set, because then a template and its caller have drifted apart. */
const char *fragments_get(const struct fragments *f, const char *name);

void fragments_free(struct fragments *f);

/*
 * Appends `template` with every place filled and its comment lines left out (lines that begin with "--"; they are for
 * readers of the file, not for the server).
 */
void template_fill(struct buf *out, const char *template, const struct fragments *f);

#endif
