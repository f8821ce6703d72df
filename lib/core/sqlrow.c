/* sqlrow.c - rows as the JSON that the plan's statements take; see dualwrite/sqlrow.h. */
#include "dualwrite/sqlrow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/json_node.h"
#include "dualwrite/pgarray.h"
#include "dualwrite/xalloc.h"

/* ---- the document ---- */

static void
begin(struct sqlrows *s, const struct mapping_entity *e, size_t most)
{
    *s = (struct sqlrows){.e = e, .columns = xcalloc(most, sizeof *s->columns)};
}

static void
column(struct sqlrows *s, const char *name)
{
    struct sqlrows_column *c = &s->columns[s->ncolumns++];

    snprintf(c->name, sizeof c->name, "%s", name);
    pgarray_open(&c->array);
}

static void
columns(struct sqlrows *s, char letter, size_t count)
{
    char name[24];

    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%c%zu", letter, i);
        column(s, name);
    }
}

static void
slot_columns(struct sqlrows *s, const struct slot *slots, size_t count)
{
    char name[24];

    for (size_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%c%zu", slots[i].letter, slots[i].column);
        column(s, name);
    }
}

/* The values of a row, in the order of the columns. */

static struct buf *
next(struct sqlrows *s)
{
    return &s->columns[s->at++].array;
}

static void
put(struct sqlrows *s, const char *text)
{
    pgarray_add(next(s), text);
}

static void
put_number(struct sqlrows *s, size_t number)
{
    pgarray_add_int(next(s), (long long) number);
}

static void
put_truth(struct sqlrows *s, bool truth)
{
    pgarray_add(next(s), truth ? "t" : "f");
}

static void
end_row(struct sqlrows *s)
{
    s->at = 0;
    s->count++;
}

char *
sqlrows_end(struct sqlrows *s)
{
    struct buf out = {0};

    for (size_t i = 0; i < s->ncolumns; i++) {
        struct buf *array = &s->columns[i].array;

        pgarray_close(array);
        if (s->count > 0) {
            buf_printf(&out, "%s\"%s\":", i == 0 ? "{" : ",\n", s->columns[i].name);
            json_quote(&out, buf_text(array));
        }
        buf_free(array);
    }
    free(s->columns);
    s->columns = NULL;
    if (s->count == 0)
        return NULL;
    buf_putc(&out, '}');
    return buf_steal(&out);
}

/* ---- rows for legacy ---- */

enum { DO_PRESENT = 1, DO_WRITE = 2, DO_CREATE = 4, DO_REMOVE = 8 };

void
sqlrows_begin(struct sqlrows *s, const struct mapping_entity *e)
{
    size_t nslots = slots_values(e, NULL);
    struct slot *slots = xcalloc(nslots + 1, sizeof *slots);

    slots_values(e, slots);
    begin(s, e, 3 + e->target_key.count + nslots);
    s->nslots = nslots;
    s->parent = e->parent != NULL && !slots_is_key(e, e->parent->target_column);
    column(s, "n");
    column(s, "do");
    columns(s, 'k', e->target_key.count);
    if (s->parent)
        column(s, "p");
    slot_columns(s, slots, nslots);
    free(slots);
}

void
sqlrows_add(struct sqlrows *s, const struct row *r, size_t n)
{
    /* a removal needs no values, so none can stand in its way */
    bool values = r->values != NULL && (r->write || r->create);

    put_number(s, n);
    put_number(s, (size_t) ((r->present ? DO_PRESENT : 0) | (r->write ? DO_WRITE : 0) | (r->create ? DO_CREATE : 0) |
                            (r->remove ? DO_REMOVE : 0)));
    for (size_t i = 0; i < s->e->target_key.count; i++)
        put(s, i < r->nkey ? r->key[i] : NULL);
    if (s->parent)
        put(s, values ? r->parent_key : NULL);
    for (size_t i = 0; i < s->nslots; i++)
        put(s, values ? r->values[i] : NULL);
    end_row(s);
}

char *
sqlrow_alone(const struct mapping_entity *e, const struct row *r)
{
    struct sqlrows rows;

    sqlrows_begin(&rows, e);
    sqlrows_add(&rows, r, 1);
    return sqlrows_end(&rows);
}

/* ---- rows for the map ---- */

static void
begin_map(struct sqlrows *s, const struct mapping_entity *e, const char *truth, size_t nslots)
{
    begin(s, e, e->identity.count + 3 + nslots);
    s->nslots = nslots;
    columns(s, 's', e->identity.count);
    column(s, "key");
    column(s, truth);
}

/* The source key, which is what the subject's identity is where there is a map, and the legacy key. */
static void
put_keys(struct sqlrows *s, const struct batch *b, const struct mapping *m, const struct row *r)
{
    for (size_t i = 0; i < s->e->identity.count; i++)
        put(s, subject_identity(b, m, &b->subjects[r->subject], i));
    put(s, r->key[0]);
}

void
sqlrows_begin_reserve(struct sqlrows *s, const struct mapping_entity *e)
{
    size_t nslots = slots_map(e, NULL);
    struct slot *slots = xcalloc(nslots + 1, sizeof *slots);

    slots_map(e, slots);
    begin_map(s, e, "refused", nslots);
    column(s, "noted");
    slot_columns(s, slots, nslots);
    free(slots);
}

void
sqlrows_add_reserve(struct sqlrows *s, const struct batch *b, const struct mapping *m, size_t n, bool refused)
{
    const struct row *r = &b->rows[n];

    put_keys(s, b, m, r);
    put_truth(s, refused);
    put_truth(s, r->noted);
    for (size_t i = 0; i < s->nslots; i++)
        put(s, r->extra == NULL || refused ? NULL : r->extra[i]);
    end_row(s);
}

void
sqlrows_begin_mark(struct sqlrows *s, const struct mapping_entity *e)
{
    begin_map(s, e, "equal", 0);
}

void
sqlrows_add_mark(struct sqlrows *s, const struct batch *b, const struct mapping *m, size_t n)
{
    put_keys(s, b, m, &b->rows[n]);
    put_truth(s, row_read_back(b, &b->rows[n]) && b->rows[n].equal);
    end_row(s);
}

/* ---- values that are too long ---- */

/* Characters, not bytes, of UTF-8. */
static int
characters(const char *text)
{
    int n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char) *text & 0xC0) != 0x80;
    return n;
}

static const char *
key_text(const struct mapping_entity *e, const struct row *r, const char *column)
{
    for (size_t k = 0; k < r->nkey; k++)
        if (strcmp(e->target_key.items[k], column) == 0)
            return r->key[k];
    return NULL;
}

char *
sqlrow_too_long(const struct mapping_entity *e, const struct row *r, const int *length)
{
    struct buf out = {0};
    size_t at = 0;

    for (size_t i = 0; i < e->columns.count; at += slots_width(e, i), i++) {
        const char *name = e->columns.items[i].name;
        const char *text;

        if (length[i] == 0)
            continue;
        if (slots_width(e, i) == 0)
            text = key_text(e, r, name);
        else
            text = r->values == NULL ? NULL : r->values[at];
        if (text == NULL || characters(text) <= length[i])
            continue;
        buf_printf(&out, "%s%s takes %d characters and the value has %d", out.len == 0 ? "" : "; ", name, length[i],
                   characters(text));
    }
    if (out.len == 0)
        return NULL;
    buf_puts(&out, ": shorten it, or give the column a \"truncate\" in the mapping");
    return buf_steal(&out);
}
