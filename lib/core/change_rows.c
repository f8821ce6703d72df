/* change_rows.c - the rows of a batch, from what was read to what was read back; see dualwrite/change.h. No SQL and no I/O. */
#include <stdlib.h>

#include "dualwrite/change.h"

const struct mapping_entity *
row_entity(const struct batch *b, const struct mapping *m, const struct row *r)
{
    return &m->entities[b->subjects[r->subject].entity];
}

void
row_free(struct row *r)
{
    for (size_t i = 0; i < r->nkey; i++)
        free(r->key[i]);
    free(r->key);
    free(r->parent);
    free(r->parent_key);
    free(r->values);
    free(r->extra);
}

/* `removal`: an event says that the row was deleted. A row that cannot be seen is no such row by itself. */
static void
decide(struct row *r, enum removal_kind kind, bool removal)
{
    r->create = r->found && r->present;
    r->write = r->create || (r->found && kind == REMOVAL_SET);
    r->remove = !r->present &&
                ((kind == REMOVAL_SET && !r->found && removal) || (kind == REMOVAL_DELETE && (r->found || removal)));
}

void
row_decide_looked(struct row *r, enum removal_kind kind)
{
    decide(r, kind, true);
}

bool
row_is_settled(const struct row *r, bool found, bool equal)
{
    return equal || (!found && !r->create) || !(r->write || r->create || r->remove);
}

void
row_decide(const struct batch *b, const struct mapping *m, struct row *r)
{
    const struct subject *s = &b->subjects[r->subject];
    enum removal_kind kind = row_entity(b, m, r)->removal.kind;

    if (s->implicit_key != NULL) {
        /* an absent parent too: a child that is present cannot be without it */
        r->create = r->found && (r->present || kind != REMOVAL_DELETE);
        return;
    }
    decide(r, kind, s->removal);
    if (r->create && s->made)
        r->guess = GUESS_NEW;
    else if (r->noted)
        r->guess = GUESS_THERE;
}

bool
row_guessed_wrong(const struct row *r, bool some_there)
{
    return (r->guess == GUESS_NEW && some_there && r->shadow) || (r->guess == GUESS_THERE && r->create && !r->shadow);
}

bool
row_read_back(const struct batch *b, const struct row *r)
{
    return b->subjects[r->subject].state == SUBJECT_DONE && r->found && r->shadow;
}

bool
row_is_news(const struct batch *b, const struct row *r)
{
    return row_read_back(b, r) ? r->equal != r->noted : r->reserved && r->noted;
}

/* After the write: the legacy side is what was asked for; where nothing was, it is. */
static bool
is_as_wanted(const struct batch *b, const struct mapping *m, const struct row *r)
{
    bool deleted = r->remove && row_entity(b, m, r)->removal.kind == REMOVAL_DELETE;

    if (!r->write && !r->create && !r->remove)
        return true;
    return r->shadow ? !deleted && r->equal : !r->create; /* an absent row that has no legacy row needs none */
}

void
batch_written(struct batch *b, const struct mapping *m)
{
    for (size_t i = 0; i < b->nsubjects; i++) {
        struct subject *s = &b->subjects[i];

        if (s->state != SUBJECT_PENDING)
            continue;
        s->state = SUBJECT_DONE;
        s->verified = true;
    }
    for (size_t i = 0; i < b->nrows; i++) {
        struct subject *s = &b->subjects[b->rows[i].subject];

        s->verified = s->verified && is_as_wanted(b, m, &b->rows[i]);
        if (s->target_key == NULL && b->rows[i].nkey > 0)
            s->target_key = b->rows[i].key[0];
    }
}
