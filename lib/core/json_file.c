/*
 * json_file.c - JSON text to cJSON tree, with syntax faults by line; see dualwrite/json_file.h.
 *
 * One pass finds what cJSON would let through, then cJSON parses. It is no JSON parser of its own: structure is
 * cJSON's business.
 */
#include "dualwrite/json_file.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/xalloc.h"

struct scan {
    const char *file;
    const char *text;
    size_t len;
    size_t pos;
    size_t line;
    bool fractions; /* numbers may have them */
    bool cut;       /* the text ends within a string */
    struct faults *faults;
};

static void fault_line(struct faults *faults, const char *file, size_t line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void
fault_line(struct faults *faults, const char *file, size_t line, const char *fmt, ...)
{
    struct buf where = {0};
    struct buf text = {0};
    va_list ap;

    buf_printf(&where, "%s:%zu", file, line);
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    faults_add(faults, FAULT_ERROR, buf_text(&where), "%s", buf_text(&text));
    buf_free(&where);
    buf_free(&text);
}

static bool
continues(const unsigned char *s, size_t n)
{
    for (size_t i = 1; i <= n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return false;
    return true;
}

/* The length of the well-formed UTF-8 character at `s` (RFC 3629, table 3-7 of Unicode), 0 when it is none. */
static size_t
utf8_length(const char *text, size_t left)
{
    const unsigned char *s = (const unsigned char *) text;

    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xC2 && s[0] <= 0xDF)
        return left >= 2 && continues(s, 1) ? 2 : 0;
    if ((s[0] & 0xF0) == 0xE0) {
        if (left < 3 || !continues(s, 2) || (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F))
            return 0;
        return 3;
    }
    if (s[0] >= 0xF0 && s[0] <= 0xF4) {
        if (left < 4 || !continues(s, 3) || (s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F))
            return 0;
        return 4;
    }
    return 0;
}

/* Steps over one character outside the ASCII range, or says why not. */
static bool
step_character(struct scan *s)
{
    size_t n = utf8_length(s->text + s->pos, s->len - s->pos);

    if (n == 0)
        fault_line(s->faults, s->file, s->line, "has the byte 0x%02X, which is not UTF-8; save the file as UTF-8",
                   (unsigned) (unsigned char) s->text[s->pos]);
    s->pos += n;
    return n != 0;
}

/* From the opening quote to behind the closing one. An unclosed string is left for cJSON to find. */
static bool
scan_string(struct scan *s)
{
    s->pos++;
    while (s->pos < s->len && s->text[s->pos] != '"') {
        const char *p = s->text + s->pos;

        if ((unsigned char) *p < 0x20 || *p == 0x7F) {
            fault_line(s->faults, s->file, s->line,
                       "has the control character 0x%02X (10 is a line break) within a string; "
                       "close the string before it, or write it as \\u00%02x",
                       (unsigned) (unsigned char) *p, (unsigned) (unsigned char) *p);
            return false;
        }
        if (*p == '\\' && s->len - s->pos >= 6 && memcmp(p, "\\u0000", 6) == 0) {
            fault_line(s->faults, s->file, s->line, "has \\u0000 in a string; PostgreSQL's text cannot hold it");
            return false;
        }
        if (*p == '\\')
            s->pos += s->len - s->pos >= 2 ? 2 : 1;
        else if (!step_character(s))
            return false;
    }
    s->cut = s->pos >= s->len;
    if (!s->cut)
        s->pos++;
    return true;
}

/* A number: whole, without a leading zero. The faults here do not stop the reading. */
static void
scan_number(struct scan *s)
{
    const char *start = s->text + s->pos;
    size_t n = 0;
    size_t digits;

    while (s->pos + n < s->len && start[n] != '\0' && strchr("0123456789+-.eE", start[n]) != NULL)
        n++;
    digits = start[0] == '-' ? 1 : 0;
    if (s->fractions)
        n = n > 0 ? n : 1; /* cJSON says what is wrong with one */
    else if (memchr(start, '.', n) != NULL || memchr(start, 'e', n) != NULL || memchr(start, 'E', n) != NULL)
        fault_line(s->faults, s->file, s->line,
                   "has the number %.*s; write a whole number, or a string (\"%.*s\"), which stays exact",
                   (int) (n > 40 ? 40 : n), start, (int) (n > 40 ? 40 : n), start);
    else if (n > digits + 1 && start[digits] == '0')
        fault_line(s->faults, s->file, s->line,
                   "has the number %.*s; JSON has no leading zeros, write a string where they matter",
                   (int) (n > 40 ? 40 : n), start);
    s->pos += n;
}

/* What cJSON would take in silence, or in a worse place. False when it is no use to go on. */
static bool
scan_text(struct scan *s)
{
    int depth = 0;

    while (s->pos < s->len) {
        char c = s->text[s->pos];

        if (c == '"') {
            if (!scan_string(s))
                return false;
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            scan_number(s);
        } else if (c == '/' || c == '#') {
            fault_line(s->faults, s->file, s->line, "begins a comment; JSON has none, take it out");
            return false;
        } else if (c == 0x7F || ((unsigned char) c < 0x20 && (c == '\0' || strchr("\t\n\r", c) == NULL))) {
            fault_line(s->faults, s->file, s->line, "has the control character 0x%02X; is it a text file in UTF-8",
                       (unsigned) (unsigned char) c);
            return false;
        } else {
            if ((c == '{' || c == '[') && ++depth > JSON_FILE_DEPTH) {
                fault_line(s->faults, s->file, s->line, "is nested more than %d deep", JSON_FILE_DEPTH);
                return false;
            }
            if ((c == '}' || c == ']') && depth > 0)
                depth--;
            if (c == '\n')
                s->line++;
            if (!step_character(s))
                return false;
        }
    }
    return true;
}

static const char *
skip_space(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

/* Says what stands at `at`, where cJSON could not go on. */
static void
fault_syntax(struct faults *faults, const char *file, const char *text, const char *at, const char *what)
{
    const char *token;
    const char *before = at - 1;
    size_t line = 1;
    size_t n = 0;

    while (before > text && strchr(" \t\r\n", before[-1]) != NULL)
        before--;
    if (before > text && at[-1] == '}' && before[-1] == ',')
        at--; /* where a key should begin, cJSON stops behind the } that stands there instead */
    token = skip_space(at);
    if (*token != '\0')
        at = token;
    for (const char *p = text; p < at; p++)
        line += *p == '\n';
    if (*token == '\0') {
        fault_line(faults, file, line, "ends before the JSON is complete; a }, a ] or a closing quote is missing");
        return;
    }
    while (token[n] != '\0' && token[n] != '\n' && token[n] != '\r' && n < 40)
        n++;
    while (n > 0 && ((unsigned char) token[n] & 0xC0) == 0x80)
        n--; /* never half a character */
    fault_line(faults, file, line, "%s, at: %.*s", what, (int) n, token);
}

static cJSON *
parse(struct scan s)
{
    const char *file = s.file;
    struct faults *faults = s.faults;
    const char *end = NULL;
    char *copy;
    cJSON *tree;

    if (!scan_text(&s))
        return NULL;
    copy = xstrndup(s.len > 0 ? s.text : "", s.len);
    if (*skip_space(copy) == '\0') {
        fault_line(faults, file, 1, "is empty; a JSON object {...} is expected");
        free(copy);
        return NULL;
    }
    /* With the final NUL counted in: cJSON before 1.7.18 reads one byte past a shorter length (CVE-2023-53154). */
    tree = cJSON_ParseWithLengthOpts(copy, s.len + 1, &end, 0);
    if (tree == NULL) {
        fault_syntax(faults, file, copy,
                     s.cut && s.fractions ? copy + strlen(copy)
                     : end == NULL        ? copy
                                          : end,
                     "is not JSON here; look for a comma, colon, quote or bracket too few or too many");
    } else if (*skip_space(end) != '\0') {
        fault_syntax(faults, file, copy, end, "goes on after the end of the JSON; take the rest out");
        cJSON_Delete(tree);
        tree = NULL;
    }
    free(copy);
    return tree;
}

cJSON *
json_file_parse(const char *file, const char *text, size_t len, struct faults *faults)
{
    if (len > JSON_FILE_MAX) {
        faults_add(faults, FAULT_ERROR, file, "is %zu bytes long; more than %zu are not read", len, JSON_FILE_MAX);
        return NULL;
    }
    return parse((struct scan){.file = file, .text = text, .len = len, .line = 1, .faults = faults});
}

cJSON *
json_file_parse_document(const char *file, const char *text, size_t len, struct faults *faults)
{
    return parse((struct scan){.file = file, .text = text, .len = len, .line = 1, .fractions = true, .faults = faults});
}
