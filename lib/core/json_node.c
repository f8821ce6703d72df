/*
 * json_node.c - reading a cJSON tree with a path for every fault; see dualwrite/json_node.h. What a key means is the
 * caller's business.
 */
#include "dualwrite/json_node.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/json_file.h"
#include "dualwrite/suggest.h"
#include "dualwrite/xalloc.h"

#define KEY_SHOWN 80             /* bytes of a key in a path */
#define EXACT 9007199254740992.0 /* 2^53: from here on a double no longer tells whole numbers apart */

/* Appends up to `max` bytes of `text` as a JSON string. */
static void
quote_cut(struct buf *out, const char *text, size_t max)
{
    size_t n = strnlen(text, max + 1);
    bool cut = n > max;

    if (cut)
        for (n = max; n > 0 && ((unsigned char) text[n] & 0xC0) == 0x80;)
            n--;
    buf_putc(out, '"');
    for (size_t i = 0, plain = 0;; i++) {
        unsigned char c = i < n ? (unsigned char) text[i] : '"';

        if (c != '"' && c != '\\' && c >= 0x20 && c != 0x7F)
            continue;
        buf_add(out, text + plain, i - plain); /* a document of many rows is one long text */
        plain = i + 1;
        if (i == n)
            break;
        if (c == '"' || c == '\\')
            buf_add(out, (const char[]){'\\', (char) c}, 2);
        else
            buf_printf(out, "\\u%04x", (unsigned) c);
    }
    buf_puts(out, cut ? "...\"" : "\"");
}

void
json_quote(struct buf *out, const char *text)
{
    quote_cut(out, text, strlen(text));
}

void
json_path_key(struct buf *out, const char *key)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

    if (*key != '\0' && key[strspn(key, plain)] == '\0' && strlen(key) <= KEY_SHOWN) {
        buf_printf(out, ".%s", key);
        return;
    }
    buf_putc(out, '[');
    quote_cut(out, key, KEY_SHOWN);
    buf_putc(out, ']');
}

struct json_node
json_child(const struct json_node *up, const char *key)
{
    const cJSON *json = cJSON_IsObject(up->json) ? cJSON_GetObjectItemCaseSensitive(up->json, key) : NULL;

    return (struct json_node){up, key, 0, json};
}

struct json_node
json_element(const struct json_node *up, size_t index, const cJSON *json)
{
    return (struct json_node){up, NULL, index, json};
}

void
json_fault(struct json_reader *r, enum fault_severity severity, const struct json_node *n, const char *fmt, ...)
{
    const struct json_node *chain[JSON_FILE_DEPTH + 2];
    size_t depth = 0;
    struct buf where = {0};
    struct buf text = {0};
    va_list ap;

    if (r->said++ >= JSON_FAULTS_MAX) {
        if (r->said == JSON_FAULTS_MAX + 1)
            faults_add(r->faults, FAULT_ERROR, r->file, "has more faults than these %d; mend them first",
                       JSON_FAULTS_MAX);
        return;
    }
    for (; n->up != NULL && depth < sizeof chain / sizeof chain[0]; n = n->up)
        chain[depth++] = n;
    buf_printf(&where, "%s: $", r->file);
    while (depth-- > 0) {
        if (chain[depth]->key != NULL)
            json_path_key(&where, chain[depth]->key);
        else
            buf_printf(&where, "[%zu]", chain[depth]->index);
    }
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    faults_add(r->faults, severity, buf_text(&where), "%s", buf_text(&text));
    buf_free(&where);
    buf_free(&text);
}

const char *
json_kind(const cJSON *json)
{
    if (cJSON_IsObject(json))
        return "an object";
    if (cJSON_IsArray(json))
        return json->child == NULL ? "an empty array" : "an array";
    if (cJSON_IsString(json))
        return json->valuestring[0] == '\0' ? "an empty string" : "a string";
    if (cJSON_IsNumber(json))
        return "a number";
    if (cJSON_IsBool(json))
        return cJSON_IsTrue(json) ? "true" : "false";
    return "null";
}

static void
fault_kind(struct json_reader *r, const struct json_node *n, const char *accepted)
{
    if (n->json == NULL)
        json_fault(r, FAULT_ERROR, n, "is missing; write %s", accepted);
    else
        json_fault(r, FAULT_ERROR, n, "is %s; write %s", json_kind(n->json), accepted);
}

static int
by_key(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Sorted, so that an object of a hundred thousand keys takes no longer than it must. */
static void
find_duplicates(struct json_reader *r, const struct json_node *n)
{
    size_t count = 0;
    const char **keys;

    for (const cJSON *item = n->json->child; item != NULL; item = item->next)
        count++;
    keys = xcalloc(count, sizeof *keys);
    count = 0;
    for (const cJSON *item = n->json->child; item != NULL; item = item->next)
        keys[count++] = item->string;
    qsort(keys, count, sizeof *keys, by_key);
    for (size_t i = 1; i < count; i++) {
        struct json_node at = {n, keys[i], 0, NULL};

        if (strcmp(keys[i - 1], keys[i]) == 0 && (i == 1 || strcmp(keys[i - 2], keys[i]) != 0))
            json_fault(r, FAULT_ERROR, &at, "is there twice; keep one");
    }
    free(keys);
}

bool
json_object(struct json_reader *r, const struct json_node *n, const char *accepted)
{
    if (!cJSON_IsObject(n->json)) {
        fault_kind(r, n, accepted);
        return false;
    }
    find_duplicates(r, n);
    return true;
}

static bool
is_known(const char *key, const char *const *known, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(key, known[i]) == 0)
            return true;
    return false;
}

bool
json_object_of(struct json_reader *r, const struct json_node *n, const char *accepted, const char *const *known,
               size_t count)
{
    struct buf list = {0};

    if (!json_object(r, n, accepted))
        return false;
    for (size_t i = 0; i < count; i++)
        buf_printf(&list, "%s%s", i == 0 ? "" : ", ", known[i]);
    for (const cJSON *item = n->json->child; item != NULL && r->said <= JSON_FAULTS_MAX; item = item->next) {
        struct json_node at = {n, item->string, 0, item};
        const char *nearest;

        if (is_known(item->string, known, count))
            continue;
        nearest = strlen(item->string) <= KEY_SHOWN ? suggest_nearest(item->string, known, count) : NULL;
        if (nearest != NULL)
            json_fault(r, FAULT_ERROR, &at, "is not a known key; did you mean \"%s\"? Known here: %s", nearest,
                       buf_text(&list));
        else
            json_fault(r, FAULT_ERROR, &at, "is not a known key; known here: %s", buf_text(&list));
    }
    buf_free(&list);
    return true;
}

bool
json_list(struct json_reader *r, const struct json_node *n, const char *accepted)
{
    if (cJSON_IsArray(n->json) && n->json->child != NULL)
        return true;
    fault_kind(r, n, accepted);
    return false;
}

const char *
json_string(struct json_reader *r, const struct json_node *n, const char *accepted)
{
    if (cJSON_IsString(n->json) && n->json->valuestring[0] != '\0')
        return n->json->valuestring;
    fault_kind(r, n, accepted);
    return NULL;
}

static bool
fits_identifier(struct json_reader *r, const struct json_node *n, const char *name)
{
    size_t len = strlen(name);

    if (len >= 1 && len <= JSON_IDENTIFIER_MAX)
        return true;
    json_fault(r, FAULT_ERROR, n, "is a name of %zu bytes; PostgreSQL's have 1 to %d", len, JSON_IDENTIFIER_MAX);
    return false;
}

char *
json_identifier(struct json_reader *r, const struct json_node *n, const char *accepted)
{
    const char *name = json_string(r, n, accepted);

    return name != NULL && fits_identifier(r, n, name) ? xstrdup(name) : NULL;
}

bool
json_key_is_identifier(struct json_reader *r, const struct json_node *n)
{
    return fits_identifier(r, n, n->key);
}

bool
json_scalar(struct json_reader *r, const struct json_node *n, char **text)
{
    const cJSON *json = n->json;
    char digits[32];

    *text = NULL;
    if (cJSON_IsNull(json))
        return true;
    if (cJSON_IsString(json)) {
        *text = xstrdup(json->valuestring);
        return true;
    }
    if (cJSON_IsBool(json)) {
        *text = xstrdup(cJSON_IsTrue(json) ? "true" : "false");
        return true;
    }
    if (!cJSON_IsNumber(json)) {
        fault_kind(r, n, "a string, a whole number, true, false or null");
        return false;
    }
    if (!(json->valuedouble > -EXACT && json->valuedouble < EXACT)) {
        json_fault(r, FAULT_ERROR, n,
                   "is a number beyond 2^53, which JSON readers round; write it as a string, in quotes");
        return false;
    }
    /* Fractions have been said by line (json_file.h); the 0 makes no difference but to minus zero. */
    snprintf(digits, sizeof digits, "%.0f", json->valuedouble + 0.0);
    *text = xstrdup(digits);
    return true;
}
