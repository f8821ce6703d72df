/* refuse.c - rows that need not be tried; see refuse.h. */
#include "refuse.h"

#include <stdlib.h>

#include "dualwrite/sqlrow.h"

/* A row whose identity is NULL cannot have a legacy row. */
void
refuse_nulls(struct batch *b, const struct mapping *m)
{
    for (size_t i = 0; i < b->nsubjects; i++) {
        struct subject *s = &b->subjects[i];

        if (subject_null_column(b, m, s) == NULL)
            continue;
        if (s->removal)
            s->state = SUBJECT_DONE; /* what never had a legacy row cannot lose it */
        else
            subject_fail(s, OUTCOME_PARK, NULL, NULL,
                         "a column that says which legacy row is meant is NULL; give it a value, or delete the row");
    }
}

/* A lookup can make NULL of a part of the key: such a row would be found by nobody, and made anew each time. */
void
refuse_null_keys(struct batch *b, const struct mapping *m)
{
    for (size_t i = 0; i < b->nrows; i++) {
        const struct row *r = &b->rows[i];
        struct subject *s = &b->subjects[r->subject];
        struct buf why = {0};

        for (size_t k = 0; k < r->nkey && r->create && s->state == SUBJECT_PENDING; k++) {
            if (r->key[k] != NULL)
                continue;
            buf_printf(&why, "the legacy key's column %s would be NULL", row_entity(b, m, r)->target_key.items[k]);
            subject_fail(s, OUTCOME_PARK, NULL, NULL, buf_text(&why));
            batch_fail_children(b, m, r->subject);
        }
        buf_free(&why);
    }
}

/*
 * The server would say that a value is too long, but not of which column; and of blanks at the end it would cut what is too
 * much, and say nothing (manual, 8.3).
 */
void
refuse_too_long(struct batch *b, const struct mapping *m, const struct plan *p)
{
    for (size_t i = 0; i < b->nrows; i++) {
        const struct row *r = &b->rows[i];
        struct subject *s = &b->subjects[r->subject];
        char *why;

        if (s->state != SUBJECT_PENDING || !(r->write || r->create))
            continue;
        why = sqlrow_too_long(row_entity(b, m, r), r, p->entities[s->entity].length);
        if (why == NULL)
            continue;
        subject_fail(s, OUTCOME_PARK, "22001", NULL, why);
        batch_fail_children(b, m, r->subject);
        free(why);
    }
}
