/* change.c - events grouped into subjects; see dualwrite/change.h. No SQL and no I/O. */
#include "dualwrite/change.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
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

/* An operation of that name may be an update's too: then it says nothing. */
static bool
is_first_insertion(const struct mapping *m, const struct event *e)
{
    const struct mapping_entity *entity = e->entity < m->count ? &m->entities[e->entity] : NULL;

    return entity != NULL && e->failed_before == 0 && strcmp(e->operation, entity->operation_insert) == 0 &&
           strcmp(entity->operation_insert, entity->operation_update) != 0;
}

static bool
was_decided(const struct event *e)
{
    return e->failed_before > 0 || (e->actor != NULL && strcmp(e->actor, ACTOR_RECONCILE) == 0);
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
            s->row = NO_INDEX;
            s->made = true;
        } else {
            s = &b->subjects[b->nsubjects - 1];
        }
        s->event = order[i];
        s->removal = s->removal || is_removal(m, e);
        s->let_through = s->let_through || (is_removal(m, e) && was_decided(e));
        s->conflicted = s->conflicted || e->conflicted;
        s->made = s->made && is_first_insertion(m, e);
        e->subject = b->nsubjects - 1;
        if (e->entity == m->count)
            subject_fail(s, OUTCOME_PARK, NULL, NULL, "the mapping knows no such entity; see dualwrite.failed");
    }
    free(order);
}

const char *
subject_identity(const struct batch *b, const struct mapping *m, const struct subject *s, size_t i)
{
    if (s->implicit_key != NULL)
        return s->implicit_key;
    return s->companion != NULL ? s->companion[i] : identity(m, &b->events[s->event], i);
}

const char *
subject_root(const struct batch *b, const struct mapping *m, const struct subject *s)
{
    const struct mapping_entity *e = &m->entities[s->entity];
    size_t i = 0;

    while (i + 1 < e->identity.count && strcmp(e->identity.items[i], ref_root(e)) != 0)
        i++;
    return subject_identity(b, m, s, i);
}

const char *
subject_null_column(const struct batch *b, const struct mapping *m, const struct subject *s)
{
    for (size_t i = 0; s->entity < m->count && i < m->entities[s->entity].identity.count; i++)
        if (subject_identity(b, m, s, i) == NULL)
            return m->entities[s->entity].identity.items[i];
    return NULL;
}

/* ---- rows: more of them in change_rows.c ---- */

static void
forget_children(struct batch *b)
{
    free(b->children);
    b->children = NULL;
}

struct row *
batch_add_row(struct batch *b, size_t subject)
{
    b->rows = xreallocarray(b->rows, b->nrows + 1, sizeof *b->rows);
    b->rows[b->nrows] = (struct row){.subject = subject, .needs = NO_INDEX};
    forget_children(b);
    if (b->subjects[subject].row == NO_INDEX)
        b->subjects[subject].row = b->nrows;
    return &b->rows[b->nrows++];
}

/* ---- parents ---- */

struct indexed {
    size_t entity;
    size_t subject;
    char key[];
};

static int
compare_indexed(const void *left, const void *right)
{
    const struct indexed *a = left;
    const struct indexed *b = right;
    int order = (a->entity > b->entity) - (a->entity < b->entity);

    return order != 0 ? order : strcmp(a->key, b->key);
}

/* The entry of that key; a new one gets `subject`. */
static struct indexed *
index_find(struct batch *b, size_t entity, const char *key, size_t subject)
{
    size_t len = strlen(key) + 1;
    struct indexed *entry = xcalloc(1, sizeof *entry + len);
    struct indexed *found;
    void **node;

    entry->entity = entity;
    entry->subject = subject;
    memcpy(entry->key, key, len);
    node = tsearch(entry, &b->index, compare_indexed);
    found = *node;
    if (found != entry)
        free(entry);
    return found;
}

/* What the index knows a subject by; NULL when a part of its identity is. */
static char *
index_key(const struct batch *b, const struct mapping *m, const struct subject *s)
{
    size_t count = s->entity == m->count ? 0 : m->entities[s->entity].identity.count;
    struct buf out = {0};

    if (count == 1)
        return xstrdup(subject_identity(b, m, s, 0));
    for (size_t i = 0; i < count; i++) {
        const char *text = subject_identity(b, m, s, i);

        if (text == NULL) {
            buf_free(&out);
            return NULL;
        }
        buf_printf(&out, "%zu:%s", strlen(text), text);
    }
    return count == 0 ? NULL : buf_steal(&out);
}

static void
index_subjects(struct batch *b, const struct mapping *m)
{
    for (size_t i = 0; i < b->nsubjects; i++) {
        char *key = index_key(b, m, &b->subjects[i]);

        if (key != NULL)
            index_find(b, b->subjects[i].entity, key, i);
        free(key);
    }
}

/* It ends with NULL: no part of it is. */
static void
free_companion(struct subject *s)
{
    for (char **text = s->companion; text != NULL && *text != NULL; text++)
        free(*text);
    free(s->companion);
}

/* The subject of the batch with the identity of `s`, which is taken over; else `s` itself, appended. */
static size_t
add_subject(struct batch *b, const struct mapping *m, struct subject *s)
{
    char *key = index_key(b, m, s);
    size_t at;

    if (b->index == NULL)
        index_subjects(b, m);
    at = index_find(b, s->entity, key, b->nsubjects)->subject;
    free(key);
    if (at == b->nsubjects) {
        b->subjects = xreallocarray(b->subjects, b->nsubjects + 1, sizeof *b->subjects);
        b->subjects[b->nsubjects++] = *s;
        return at;
    }
    free(s->implicit_key);
    free_companion(s);
    return at;
}

size_t
batch_parent(struct batch *b, const struct mapping *m, size_t entity, const char *key)
{
    struct subject s = {.entity = entity, .implicit_key = xstrdup(key), .row = NO_INDEX};

    return add_subject(b, m, &s);
}

size_t
batch_companion(struct batch *b, const struct mapping *m, size_t entity, char *const *identity)
{
    size_t count = m->entities[entity].identity.count;
    struct subject s = {.entity = entity, .companion = xcalloc(count + 1, sizeof *s.companion), .row = NO_INDEX};

    for (size_t i = 0; i < count; i++)
        s.companion[i] = xstrdup(identity[i]);
    return add_subject(b, m, &s);
}

static int
compare_children(const void *left, const void *right, void *arg)
{
    const struct row *rows = arg;
    size_t a = *(const size_t *) left;
    size_t b = *(const size_t *) right;
    int order = (rows[a].needs > rows[b].needs) - (rows[a].needs < rows[b].needs);

    return order != 0 ? order : (a > b) - (a < b);
}

void
batch_need(struct batch *b, size_t row, size_t s)
{
    b->rows[row].needs = s;
    if (b->subjects[s].row != NO_INDEX)
        b->rows[b->subjects[s].row].guess = GUESS_NONE; /* somebody has looked */
    forget_children(b);
}

const size_t *
batch_children(struct batch *b, size_t s, size_t *count)
{
    size_t low = 0, high, end;

    if (b->children == NULL) {
        b->children = xcalloc(b->nrows + 1, sizeof *b->children);
        b->nchildren = 0;
        for (size_t i = 0; i < b->nrows; i++)
            if (b->rows[i].needs != NO_INDEX)
                b->children[b->nchildren++] = i;
        qsort_r(b->children, b->nchildren, sizeof *b->children, compare_children, b->rows);
    }
    for (high = b->nchildren; low < high;) {
        size_t middle = low + (high - low) / 2;

        if (b->rows[b->children[middle]].needs < s)
            low = middle + 1;
        else
            high = middle;
    }
    for (end = low; end < b->nchildren && b->rows[b->children[end]].needs == s;)
        end++;
    *count = end - low;
    return &b->children[low];
}

void
batch_fail_children(struct batch *b, const struct mapping *m, size_t s)
{
    const struct subject *up = &b->subjects[s];
    struct buf why = {0};
    size_t count;
    const size_t *children = batch_children(b, s, &count);

    buf_printf(&why, "its parent %s %s has no legacy row: %s", m->entities[up->entity].name,
               subject_identity(b, m, up, 0),
               up->state == SUBJECT_FAILED ? up->error : "it is not there, or not present");
    for (size_t i = 0; i < count; i++) {
        size_t child = b->rows[children[i]].subject;

        if (b->subjects[child].state == SUBJECT_FAILED)
            continue;
        subject_fail(&b->subjects[child], OUTCOME_WAIT, NULL, NULL, buf_text(&why));
        batch_fail_children(b, m, child);
    }
    buf_free(&why);
}

void
subject_fail(struct subject *s, enum outcome outcome, const char *sqlstate, const char *constraint, const char *error)
{
    if (s->state == SUBJECT_FAILED)
        return; /* the first reason counts */
    s->state = SUBJECT_FAILED;
    s->outcome = outcome;
    s->sqlstate = xstrdup(sqlstate);
    s->constraint = xstrdup(constraint);
    s->error = xstrdup(error);
}

void
subject_fail_lookup(struct subject *s, const char *error)
{
    struct buf out = {0};

    buf_puts(&out, error);
    if (s->removal)
        buf_puts(&out, ": the source row is gone too, so nothing says which legacy row it had; look for it by hand");
    subject_fail(s, s->removal ? OUTCOME_PARK : OUTCOME_WAIT, LOOKUP_MISSING, NULL, buf_text(&out));
    buf_free(&out);
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
        free(b->subjects[i].implicit_key);
        free_companion(&b->subjects[i]);
        free(b->subjects[i].sqlstate);
        free(b->subjects[i].constraint);
        free(b->subjects[i].error);
        free(b->subjects[i].holder);
    }
    for (size_t i = 0; i < b->nrows; i++)
        row_free(&b->rows[i]);
    tdestroy(b->index, free);
    free(b->children);
    free(b->events);
    free(b->subjects);
    free(b->rows);
    *b = (struct batch){0};
}
