/*
 * envfile.c - reads KEY=VALUE text as systemd's EnvironmentFile= does; see dualwrite/envfile.h.
 *
 * Not a shell: nothing is expanded. The grammar was drawn from systemd.exec(5) and, where that is silent, from what
 * systemd's own reader does (a quoted part may be followed by more, quotes inside an unquoted value are letters, a
 * comment never continues).
 */
#include "dualwrite/envfile.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/xalloc.h"

struct reader {
    const char *file;
    const char *text;
    const char *p;
    const char *end;
    int line; /* of *p */
    bool (*ours)(const char *name);
    struct env_entries *out;
    size_t room; /* how many items fit */
    struct faults *faults;
    struct buf where; /* reused for every fault */
};

static bool
is_newline(char c)
{
    return c == '\n' || c == '\r';
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool
is_name(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static char
take(struct reader *r)
{
    char c = *r->p++;

    if (c == '\n')
        r->line++;
    return c;
}

static bool
take_newline(struct reader *r)
{
    if (r->p < r->end && *r->p == '\r' && r->p + 1 < r->end && r->p[1] == '\n')
        r->p++;
    if (r->p == r->end || *r->p != '\n')
        return false;
    take(r);
    return true;
}

static void
skip_line(struct reader *r)
{
    while (r->p < r->end && !is_newline(*r->p))
        r->p++;
}

static const char *
where(struct reader *r, int line)
{
    buf_clear(&r->where);
    buf_printf(&r->where, "%s:%d", r->file, line);
    return buf_text(&r->where);
}

/* The rest of a quoted part; false when the text ends first. */
static bool
read_quoted(struct reader *r, char quote, struct buf *value)
{
    while (r->p < r->end) {
        char c = take(r);

        if (c == quote)
            return true;
        if (c == '\\' && quote == '"') {
            if (take_newline(r))
                continue;
            if (r->p == r->end)
                return false;
            c = take(r);
            if (c != '"' && c != '\\' && c != '`' && c != '$')
                buf_putc(value, '\\');
        }
        buf_putc(value, c);
    }
    return false;
}

/* What follows the '='. Returns NULL, or the opening quote that is never closed, with the reader still on its line. */
static const char *
read_value(struct reader *r, struct buf *value)
{
    bool bare = false; /* inside unquoted text, where quotes are letters */
    size_t keep = 0;   /* without trailing blanks */

    while (r->p < r->end && !is_newline(*r->p)) {
        char c = *r->p;

        if (!bare && (c == '\'' || c == '"')) {
            const char *open = r->p;
            int line = r->line;

            take(r);
            if (!read_quoted(r, c, value)) {
                r->p = open;
                r->line = line;
                return open;
            }
            keep = value->len;
        } else if (c == '\\') {
            bare = true;
            take(r);
            if (!take_newline(r) && r->p < r->end) {
                c = take(r);
                if (c != '\r')
                    buf_putc(value, c);
            }
            keep = value->len;
        } else if (is_blank(c) && !bare) {
            take(r); /* before the value, or after a quoted part */
        } else {
            bare = true;
            buf_putc(value, take(r));
            if (!is_blank(c))
                keep = value->len;
        }
    }
    value->len = keep;
    if (value->data != NULL)
        value->data[keep] = '\0';
    return NULL;
}

/* How many bytes of name the line begins with. */
static size_t
name_length(const char *key, size_t len)
{
    size_t n = 0;

    if (len > 0 && *key >= '0' && *key <= '9')
        return 0;
    while (n < len && is_name(key[n]))
        n++;
    return n;
}

static void
fault_in_name(struct reader *r, int line, const char *key, size_t len, const char *what)
{
    char *name = xstrndup(key, name_length(key, len));

    if (r->ours == NULL)
        faults_add(r->faults, FAULT_ERROR, where(r, line), "%s; a line is KEY=VALUE, or a comment that begins with #",
                   what);
    else if (*name != '\0' && r->ours(name))
        faults_add(r->faults, FAULT_ERROR, where(r, line), "%s after %.80s; write KEY=VALUE", what, name);
    else
        faults_add(r->faults, FAULT_WARNING, where(r, line),
                   "%s, so the line is skipped; a line is KEY=VALUE, or a comment that begins with #", what);
    free(name);
}

static void
keep_entry(struct reader *r, const struct env_entry *entry)
{
    struct env_entries *out = r->out;

    if (out->count == r->room) {
        r->room = r->room == 0 ? 32 : r->room * 2;
        out->items = xreallocarray(out->items, r->room, sizeof *out->items);
    }
    out->items[out->count++] = *entry;
}

/* From the first letter of a line that is neither blank nor a comment. */
static void
read_assignment(struct reader *r)
{
    const char *start = r->p;
    int line = r->line;
    const char *key = start;
    const char *open;
    const char *value_at;
    struct buf value = {0};
    bool named;
    size_t len;

    while (r->p < r->end && *r->p != '=' && !is_newline(*r->p))
        r->p++;
    len = (size_t) (r->p - key);
    while (len > 0 && is_blank(key[len - 1]))
        len--;
    if (len > 7 && memcmp(key, "export", 6) == 0 && is_blank(key[6])) {
        key += 6;
        len -= 6;
        while (is_blank(*key)) {
            key++;
            len--;
        }
    }
    named = len > 0 && name_length(key, len) == len;
    if (r->p == r->end || *r->p != '=') {
        if (memchr(start, '\0', (size_t) (r->p - start)) != NULL)
            faults_add(r->faults, FAULT_ERROR, where(r, line), "NUL byte: this is not a UTF-8 text file");
        else
            fault_in_name(r, line, key, len, "no '='");
        return;
    }
    value_at = ++r->p;
    open = read_value(r, &value);
    if (open != NULL) {
        char *name = xstrndup(key, named ? len : 0);
        bool show = named && (r->ours == NULL || r->ours(name));

        faults_add(r->faults, FAULT_ERROR, where(r, r->line), "the %s quote opened here%s%.80s is never closed",
                   *open == '"' ? "double" : "single", show ? " for " : "", show ? name : "");
        free(name);
        skip_line(r); /* what follows was meant as lines of its own: read them, to report their faults too */
    } else if (memchr(start, '\0', (size_t) (r->p - start)) != NULL) {
        faults_add(r->faults, FAULT_ERROR, where(r, line), "NUL byte: this is not a UTF-8 text file");
    } else if (!named) {
        fault_in_name(r, line, key, len, "the name before '=' is not letters, digits and '_'");
    } else {
        keep_entry(r, &(struct env_entry){.key = xstrndup(key, len),
                                          .value = buf_steal(&value),
                                          .line = line,
                                          .at = (size_t) (start - r->text),
                                          .value_at = (size_t) (value_at - r->text),
                                          .end = (size_t) (r->p - r->text)});
    }
    buf_free(&value);
}

void
envfile_parse(const char *file, const char *text, size_t len, bool (*ours)(const char *name), struct env_entries *out,
              struct faults *faults)
{
    struct reader r = {.file = file,
                       .text = text,
                       .p = text,
                       .end = text + len,
                       .line = 1,
                       .ours = ours,
                       .out = out,
                       .room = out->count,
                       .faults = faults};

    if (len >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0)) {
        faults_add(faults, FAULT_ERROR, where(&r, 1), "the file is UTF-16; save it as UTF-8");
        buf_free(&r.where);
        return;
    }
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        r.p += 3;
    while (r.p < r.end) {
        if (is_newline(*r.p) || is_blank(*r.p)) {
            take(&r);
        } else if (*r.p == '#' || *r.p == ';') {
            const char *start = r.p;

            skip_line(&r);
            if (memchr(start, '\0', (size_t) (r.p - start)) != NULL)
                faults_add(faults, FAULT_ERROR, where(&r, r.line), "NUL byte: this is not a UTF-8 text file");
        } else {
            read_assignment(&r);
        }
    }
    buf_free(&r.where);
}

void
env_entries_free(struct env_entries *e)
{
    for (size_t i = 0; i < e->count; i++) {
        free(e->items[i].key);
        free(e->items[i].value);
    }
    free(e->items);
    *e = (struct env_entries){0};
}
