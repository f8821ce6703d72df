/* change.c - events grouped into subjects; see dualwrite/change.h. No SQL and no I/O. */
#include "dualwrite/change.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/ref.h"
#include "dualwrite/xalloc.h"

struct context {
    const struct batch *batch;
    const struct mapping *mapping;
};

static const char *
identity(const struct mapping *m, const struct event *e, size_t i)
{
    const struct mapping_entity *entity = &m->entities[e->entity];
    size_t at = ref_position(entity, entity->identity.items[i]);

    return at < e->nref ? e->ref[at] : NULL;
}

static size_t
identity_count(const struct mapping *m, const struct event *e)
{
    return e->entity < m->count ? m->entities[e->entity].identity.count : 0;
}

static int
compare_texts(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

/* By entity, then identity; 0 for events about the same subject. */
static int
compare_subjects(const struct mapping *m, const struct event *a, const struct event *b)
{
    int order = (a->entity > b->entity) - (a->entity < b->entity);

    for (size_t i = 0; order == 0 && i < identity_count(m, a); i++)
        order = compare_texts(identity(m, a, i), identity(m, b, i));
    return order;
}

static int
compare(const void *left, const void *right, void *arg)
{
    const struct context *c = arg;
    const struct event *a = &c->batch->events[*(const size_t *) left];
    const struct event *b = &c->batch->events[*(const size_t *) right];
    int order = compare_subjects(c->mapping, a, b);

    return order != 0 ? order : (a->id > b->id) - (a->id < b->id);
}

static bool
is_removal(const struct mapping *m, const struct event *e)
{
    return e->entity < m->count && strcmp(e->operation, m->entities[e->entity].operation_remove) == 0;
}

void
batch_group(struct batch *b, const struct mapping *m)
{
    struct context context = {b, m};
    size_t *order = xcalloc(b->count, sizeof *order);

    for (size_t i = 0; i < b->count; i++)
        order[i] = i;
    qsort_r(order, b->count, sizeof *order, compare, &context);
    b->subjects = xcalloc(b->count, sizeof *b->subjects);
    for (size_t i = 0; i < b->count; i++) {
        struct event *e = &b->events[order[i]];
        struct subject *s;

        if (i == 0 || compare_subjects(m, &b->events[order[i - 1]], e) != 0) {
            s = &b->subjects[b->nsubjects++];
            s->entity = e->entity;
        } else {
            s = &b->subjects[b->nsubjects - 1];
        }
        s->event = order[i];
        s->removal = s->removal || is_removal(m, e);
        e->subject = b->nsubjects - 1;
        if (e->entity == m->count)
            subject_fail(s, OUTCOME_PARK, NULL, NULL, "the mapping knows no such entity; see dualwrite.failed");
    }
    free(order);
}

const char *
subject_identity(const struct batch *b, const struct mapping *m, const struct subject *s, size_t i)
{
    return identity(m, &b->events[s->event], i);
}

const char *
subject_null_column(const struct batch *b, const struct mapping *m, const struct subject *s)
{
    for (size_t i = 0; s->entity < m->count && i < m->entities[s->entity].identity.count; i++)
        if (subject_identity(b, m, s, i) == NULL)
            return m->entities[s->entity].identity.items[i];
    return NULL;
}

void
subject_fail(struct subject *s, enum outcome outcome, const char *sqlstate, const char *constraint, const char *error)
{
    if (s->state == SUBJECT_FAILED)
        return;
    s->state = SUBJECT_FAILED;
    s->outcome = outcome;
    s->sqlstate = xstrdup(sqlstate);
    s->constraint = xstrdup(constraint);
    s->error = xstrdup(error);
}

void
batch_free(struct batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        for (size_t j = 0; j < b->events[i].nref; j++)
            free(b->events[i].ref[j]);
        free(b->events[i].ref);
        free(b->events[i].operation);
        free(b->events[i].actor);
    }
    for (size_t i = 0; i < b->nsubjects; i++) {
        free(b->subjects[i].target_key);
        free(b->subjects[i].sqlstate);
        free(b->subjects[i].constraint);
        free(b->subjects[i].error);
    }
    free(b->events);
    free(b->subjects);
    *b = (struct batch){0};
}
