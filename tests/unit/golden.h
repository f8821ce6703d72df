/*
 * golden.h - what a test makes, against a file that a person has read: tests/unit/golden/.
 *
 * Include it after cmocka.h.
 */
#ifndef TESTS_GOLDEN_H
#define TESTS_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"

static inline char *
read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct buf text = {0};
    char part[4096];
    size_t n;

    if (f == NULL)
        fail_msg("%s cannot be read", path);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        buf_add(&text, part, n);
    fclose(f);
    return buf_steal(&text);
}

/* Compares `text` with a golden file; UPDATE_GOLDEN=1 writes it anew (then read the difference). */
static inline void
golden(const char *path, const char *text)
{
    char *expected;
    size_t same = 0;
    size_t line = 1;

    if (getenv("UPDATE_GOLDEN") != NULL) {
        FILE *f = fopen(path, "wb");

        assert_non_null(f);
        assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
        fclose(f);
    }
    expected = read_text(path);
    for (; text[same] != '\0' && text[same] == expected[same]; same++)
        line += text[same] == '\n';
    if (text[same] != expected[same])
        fail_msg("differs from %s at line %zu; UPDATE_GOLDEN=1 writes it anew\nis:     %.100s\nwas:    %.100s", path,
                 line, text + same, expected + same);
    free(expected);
}

#endif
