/* sqlrow.c - rows as the JSON that the plan's statements take; see dualwrite/sqlrow.h. */
#include "dualwrite/sqlrow.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "dualwrite/json_node.h"

static void
put_text(struct buf *out, const char *text)
{
    if (text == NULL)
        buf_puts(out, "null");
    else
        json_quote(out, text);
}

static void
put_truth(struct buf *out, const char *name, bool truth)
{
    buf_printf(out, ", \"%s\": %s", name, truth ? "true" : "false");
}

enum { DO_PRESENT = 1, DO_WRITE = 2, DO_CREATE = 4, DO_REMOVE = 8 };

/* What the columns get, the parent's key among them. A removal needs none, so none can stand in its way. */
static void
put_values(struct buf *out, const struct mapping_entity *e, const struct row *r)
{
    if (r->values == NULL || !(r->write || r->create))
        return;
    if (e->parent != NULL) {
        buf_puts(out, ",\"p\":");
        put_text(out, r->parent_key);
    }
    if (strcmp(r->values, "{}") == 0)
        return;
    buf_putc(out, ',');
    buf_add(out, r->values + 1, strlen(r->values) - 2);
}

void
sqlrow_write(struct buf *out, const struct mapping_entity *e, const struct row *r, size_t n)
{
    int what = (r->present ? DO_PRESENT : 0) | (r->write ? DO_WRITE : 0) | (r->create ? DO_CREATE : 0) |
               (r->remove ? DO_REMOVE : 0);

    buf_printf(out, "{\"n\":%zu,\"do\":%d", n, what);
    for (size_t i = 0; i < r->nkey; i++) {
        buf_printf(out, ",\"k%zu\":", i);
        put_text(out, r->key[i]);
    }
    put_values(out, e, r);
    buf_putc(out, '}');
}

/* The source key: what the subject's identity is where there is a map. */
static void
put_source_key(struct buf *out, const struct batch *b, const struct mapping *m, const struct row *r)
{
    const struct mapping_entity *e = row_entity(b, m, r);

    for (size_t i = 0; i < e->identity.count; i++) {
        buf_printf(out, ", \"s%zu\": ", i);
        put_text(out, subject_identity(b, m, &b->subjects[r->subject], i));
    }
    buf_puts(out, ", \"key\": ");
    put_text(out, r->key[0]);
}

void
sqlrow_reserve(struct buf *out, const struct batch *b, const struct mapping *m, size_t n, bool refused)
{
    const struct row *r = &b->rows[n];

    buf_printf(out, "{\"n\": %zu", n);
    put_source_key(out, b, m, r);
    put_truth(out, "refused", refused);
    buf_printf(out, ", \"x\": %s}", r->extra == NULL ? "null" : r->extra);
}

void
sqlrow_mark(struct buf *out, const struct batch *b, const struct mapping *m, size_t n)
{
    buf_printf(out, "{\"n\": %zu", n);
    put_source_key(out, b, m, &b->rows[n]);
    put_truth(out, "equal", b->rows[n].equal);
    buf_putc(out, '}');
}

/* Characters, not bytes, of UTF-8. */
static int
characters(const char *text)
{
    int n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char) *text & 0xC0) != 0x80;
    return n;
}

/* What column `i` of the entity gets: a part of the key, or one of the values; NULL when the row does not say. */
static const char *
text_of(const struct mapping_entity *e, const struct row *r, const cJSON *values, size_t i)
{
    char name[24];

    for (size_t k = 0; k < r->nkey; k++)
        if (strcmp(e->target_key.items[k], e->columns.items[i].name) == 0)
            return r->key[k];
    snprintf(name, sizeof name, "c%zu", i);
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(values, name));
}

char *
sqlrow_too_long(const struct mapping_entity *e, const struct row *r, const int *length)
{
    cJSON *values = r->values == NULL ? NULL : cJSON_Parse(r->values);
    struct buf out = {0};

    for (size_t i = 0; i < e->columns.count; i++) {
        const char *text = text_of(e, r, values, i);

        if (text == NULL || length[i] == 0 || characters(text) <= length[i])
            continue;
        buf_printf(&out, "%s%s takes %d characters and the value has %d", out.len == 0 ? "" : "; ",
                   e->columns.items[i].name, length[i], characters(text));
    }
    cJSON_Delete(values);
    if (out.len == 0)
        return NULL;
    buf_puts(&out, ": shorten it, or give the column a \"truncate\" in the mapping");
    return buf_steal(&out);
}
