/* share.c - too many removals at once; see dualwrite/share.h. How many wait is asked by daemon/share.c. */
#include "dualwrite/share.h"

#include <inttypes.h>

#include "dualwrite/buf.h"

bool
share_exceeded(int64_t removals, int64_t left, int percent)
{
    return percent < SHARE_OFF && removals >= SHARE_LEAST && removals * 100 > percent * (removals + left);
}

/* Some legacy row of it would be removed. */
static bool
removes(const struct batch *b, size_t s)
{
    for (size_t i = b->subjects[s].row; i < b->nrows && b->rows[i].subject == s; i++) {
        const struct row *r = &b->rows[i];
        bool known = r->nkey > 0;

        for (size_t k = 0; k < r->nkey; k++)
            known = known && r->key[k] != NULL;
        if (known && !r->present && (r->remove || r->write))
            return true;
    }
    return false;
}

static bool
is_fresh(const struct batch *b, size_t s, size_t entity)
{
    const struct subject *subject = &b->subjects[s];

    return subject->entity == entity && subject->removal && !subject->let_through &&
           subject->state == SUBJECT_PENDING && removes(b, s);
}

size_t
share_fresh(const struct batch *b, size_t entity, int64_t *newest)
{
    size_t n = 0;

    *newest = 0;
    for (size_t s = 0; s < b->nsubjects; s++) {
        if (!is_fresh(b, s, entity))
            continue;
        n++;
        if (b->events[b->subjects[s].event].id > *newest) /* its last one */
            *newest = b->events[b->subjects[s].event].id;
    }
    return n;
}

void
share_stop(struct batch *b, const struct mapping *m, size_t entity, int64_t removals, int64_t left, int percent)
{
    const struct mapping_entity *e = &m->entities[entity];
    struct buf why = {0};

    buf_printf(&why,
               "stopped: %" PRId64 " of %" PRId64
               " rows of %s would be removed, more than DUALWRITE_REMOVAL_SHARE=%d%%; "
               "`dualwrited failed retry --entity %s --operation %s` removes them, `dualwrited failed discard --entity "
               "%s --operation %s` forgets them",
               removals, removals + left, e->name, percent, e->name, e->operation_remove, e->name, e->operation_remove);
    for (size_t s = 0; s < b->nsubjects; s++)
        if (is_fresh(b, s, entity))
            subject_fail(&b->subjects[s], OUTCOME_PARK, REMOVAL_SHARE_EXCEEDED, NULL, buf_text(&why));
    buf_free(&why);
}
