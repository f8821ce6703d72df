/*
 * text_sample.h - documents as JSON and what is to stand in the text that is made of them: for the tests of the *_text.c.
 *
 * Include it after cmocka.h.
 */
#ifndef TESTS_TEXT_SAMPLE_H
#define TESTS_TEXT_SAMPLE_H

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "dualwrite/buf.h"
#include "dualwrite/shown.h"

/* Steers a terminal, forges a line, is no UTF-8's business: as JSON and as it must be shown. */
#define HOSTILE_JSON "a\\u001b[31m\\nb\\u202ec"
#define HOSTILE_SHOWN "a\\u{1b}[31m\\nb\\u{202e}c"

static inline cJSON *
document_of(const char *json)
{
    cJSON *doc = cJSON_Parse(json);

    if (doc == NULL)
        fail_msg("no JSON: %s", json);
    return doc;
}

/* `base` with the members of `patch`, at its top. */
static inline cJSON *
document_with(const char *base, const char *patch)
{
    cJSON *doc = document_of(base);
    cJSON *more = document_of(patch);

    while (more->child != NULL) {
        cJSON *m = cJSON_DetachItemViaPointer(more, more->child);

        cJSON_DeleteItemFromObjectCaseSensitive(doc, m->string);
        cJSON_AddItemToObject(doc, m->string, m);
    }
    cJSON_Delete(more);
    return doc;
}

/* No line is wider than `width`, and no byte steers a terminal. */
static inline void
must_be_harmless(const char *text, size_t width)
{
    const char *line = text;

    while (*line != '\0') {
        const size_t len = strcspn(line, "\n");
        struct buf one = {0};

        buf_add(&one, line, len);
        for (const char *c = buf_text(&one); *c != '\0'; c++)
            if ((unsigned char) *c < 0x20)
                fail_msg("a control character in: %s", buf_text(&one));
        if (width > 0 && shown_width(buf_text(&one)) > width)
            fail_msg("wider than %zu: %s", width, buf_text(&one));
        buf_free(&one);
        line += len + (line[len] == '\n');
    }
}

static inline void
text_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("without: %s\n%s", part, text);
}

static inline void
text_has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("with: %s\n%s", part, text);
}

#endif
