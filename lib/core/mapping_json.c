/* mapping_json.c - lays a mapping's tree out as text; see dualwrite/mapping_json.h. Any tree comes out as valid JSON. */
#include "dualwrite/mapping_json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/json_node.h"

#define WIDTH 116
#define OPEN_LEVELS 3 /* the top, "entities", and each entity: one member a line, however short */

static void put(struct buf *out, const cJSON *node, size_t level);

static void
put_key(struct buf *out, const cJSON *node)
{
    if (node->string != NULL) {
        json_quote(out, node->string);
        buf_puts(out, ": ");
    }
}

/* A value without a line break in it. */
static void
put_flat(struct buf *out, const cJSON *node)
{
    bool object = cJSON_IsObject(node);

    if (cJSON_IsString(node)) {
        json_quote(out, node->valuestring);
    } else if (object || cJSON_IsArray(node)) {
        buf_putc(out, object ? '{' : '[');
        for (const cJSON *item = node->child; item != NULL; item = item->next) {
            put_key(out, item);
            put_flat(out, item);
            buf_puts(out, item->next == NULL ? "" : ", ");
        }
        buf_putc(out, object ? '}' : ']');
    } else {
        char *text = cJSON_PrintUnformatted(node);

        buf_puts(out, text == NULL ? "null" : text);
        cJSON_free(text);
    }
}

/* Columns are read one below the other. */
static bool
always_open(const cJSON *node, size_t level)
{
    return level < OPEN_LEVELS ||
           (node->string != NULL && strcmp(node->string, "columns") == 0 && node->child->next != NULL);
}

static size_t
column(const struct buf *out)
{
    size_t at = out->len;

    while (at > 0 && out->data[at - 1] != '\n')
        at--;
    return out->len - at;
}

static void
put_open(struct buf *out, const cJSON *node, size_t level)
{
    bool object = cJSON_IsObject(node);

    buf_printf(out, "%c\n", object ? '{' : '[');
    for (const cJSON *item = node->child; item != NULL; item = item->next) {
        buf_printf(out, "%*s", (int) (2 * (level + 1)), "");
        put_key(out, item);
        put(out, item, level + 1);
        buf_puts(out, item->next == NULL ? "\n" : ",\n");
    }
    buf_printf(out, "%*s%c", (int) (2 * level), "", object ? '}' : ']');
}

static void
put(struct buf *out, const cJSON *node, size_t level)
{
    struct buf flat = {0};

    put_flat(&flat, node);
    /* one more for the comma behind it */
    if (node->child != NULL && (always_open(node, level) || column(out) + flat.len + 1 > WIDTH))
        put_open(out, node, level);
    else
        buf_puts(out, buf_text(&flat));
    buf_free(&flat);
}

char *
mapping_json(const cJSON *tree)
{
    struct buf out = {0};

    put(&out, tree, 0);
    buf_putc(&out, '\n');
    return buf_steal(&out);
}
