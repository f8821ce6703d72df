/*
 * envedit.c - sets one key in the text of an env file, and takes it back; see dualwrite/envedit.h.
 *
 * What is written is read again before it is handed out: where it would not say what was meant, nothing is.
 */
#include "dualwrite/envedit.h"

#include <stdlib.h>
#include <string.h>

#include "dualwrite/envfile.h"
#include "dualwrite/flags.h"
#include "dualwrite/xalloc.h"

#define HEAD "# rollback: "
#define OLD "# rollback| "
#define WAS ", and it was"
#define NOT_SET " not set"

struct text {
    const char *p;
    size_t len;
    struct env_entries entries;
};

/* Lines that are no assignments are some other program's: they stay as they are. */
static bool
nobodys(const char *name)
{
    (void) name;
    return false;
}

/* False where a quote is never closed and the like: then nobody knows what an edit would do. */
static bool
read_text(struct text *t, const char *text, size_t len)
{
    struct faults faults = {0};
    bool good;

    *t = (struct text){.p = text, .len = len};
    envfile_parse("", text, len, nobodys, &t->entries, &faults);
    good = faults.errors == 0;
    faults_free(&faults);
    return good;
}

/* The entry that holds; NULL: the key is not set. */
static const struct env_entry *
last_of(const struct env_entries *e, const char *key)
{
    for (size_t i = e->count; i > 0; i--)
        if (strcmp(e->items[i - 1].key, key) == 0)
            return &e->items[i - 1];
    return NULL;
}

static bool
same_value(const char *key, const char *a, const char *b)
{
    enum flag f = flag_by_name(key);
    const char *value = f == FLAG_COUNT ? NULL : flag_value(f, a);

    return value != NULL ? flag_value(f, b) == value : strcmp(a, b) == 0;
}

static size_t
line_start(const struct text *t, size_t at)
{
    size_t from = t->len >= 3 && memcmp(t->p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;

    while (at > from && t->p[at - 1] != '\n' && t->p[at - 1] != '\r')
        at--;
    return at;
}

/* Behind the line end that stands at `at`, if there is one. */
static size_t
next_line(const struct text *t, size_t at)
{
    if (at < t->len && t->p[at] == '\r')
        at++;
    if (at < t->len && t->p[at] == '\n')
        at++;
    return at;
}

static bool
begins(const struct text *t, size_t at, const char *word)
{
    size_t len = strlen(word);

    return t->len - at >= len && memcmp(t->p + at, word, len) == 0;
}

/* Where our comment right above the line at `at` begins; `at` itself: there is none. */
static size_t
comment_start(const struct text *t, size_t at)
{
    size_t above = at;

    while (above > 0) {
        size_t end = above - 1; /* the line end before it */

        if (t->p[end] == '\n' && end > 0 && t->p[end - 1] == '\r')
            end--;
        above = line_start(t, end);
        if (begins(t, above, HEAD))
            return above;
        if (!begins(t, above, OLD))
            return at;
    }
    return at;
}

static const char *
line_end(const struct text *t)
{
    const char *lf = memchr(t->p, '\n', t->len);

    return lf != NULL && lf > t->p && lf[-1] == '\r' ? "\r\n" : "\n";
}

/* NULL behind the last one. */
static const struct env_entry *
entry_at(const struct text *t, size_t i)
{
    return i < t->entries.count ? &t->entries.items[i] : NULL;
}

/* Both texts have the same entries, but for the last one of `key`, which is `value` in `b`; NULL: as if nobody had set it. */
static bool
differs_in(const struct text *a, const struct text *b, const char *key, const char *value)
{
    const struct env_entry *old = last_of(&a->entries, key);
    const struct env_entry *new = value == NULL ? NULL : last_of(&b->entries, key);
    size_t i = 0;
    size_t j = 0;

    if (value != NULL && (new == NULL || !same_value(key, new->value, value)))
        return false;
    for (;; i++, j++) {
        const struct env_entry *x = entry_at(a, i);
        const struct env_entry *y = entry_at(b, j);

        if (x != NULL && x == old)
            x = entry_at(a, ++i);
        if (y != NULL && y == new)
            y = entry_at(b, ++j);
        if (x == NULL || y == NULL)
            return x == y;
        if (strcmp(x->key, y->key) != 0 || strcmp(x->value, y->value) != 0)
            return false;
    }
}

static enum envedit
hand_out(struct buf *out, const struct text *before, struct buf *made, const char *key, const char *value)
{
    struct text after;
    bool good = read_text(&after, buf_text(made), made->len) && differs_in(before, &after, key, value);

    if (good)
        buf_add(out, buf_text(made), made->len);
    env_entries_free(&after.entries);
    buf_free(made);
    return good ? ENVEDIT_CHANGED : ENVEDIT_BROKEN;
}

/* The old lines, each behind its sign. */
static void
put_old(struct buf *out, const struct text *t, size_t from, size_t to, const char *eol)
{
    while (from < to) {
        size_t end = from;

        while (end < to && t->p[end] != '\n' && t->p[end] != '\r')
            end++;
        buf_puts(out, OLD);
        buf_add(out, t->p + from, end - from);
        buf_puts(out, eol);
        from = next_line(t, end);
    }
}

static void
put_value(struct buf *out, const struct text *t, const struct env_entry *e, const char *value)
{
    size_t at = e->value_at;
    char quote;

    while (at < e->end && (t->p[at] == ' ' || t->p[at] == '\t'))
        buf_putc(out, t->p[at++]);
    quote = at < e->end && (t->p[at] == '"' || t->p[at] == '\'') ? t->p[at] : '\0';
    if (quote != '\0')
        buf_putc(out, quote);
    buf_puts(out, value);
    if (quote != '\0')
        buf_putc(out, quote);
}

static enum envedit
add_line(struct buf *out, const struct text *t, const char *key, const char *value)
{
    const char *eol = line_end(t);
    struct buf made = {0};

    buf_add(&made, t->p, t->len);
    if (t->len > 0 && t->p[t->len - 1] != '\n' && t->p[t->len - 1] != '\r')
        buf_puts(&made, eol);
    buf_printf(&made, HEAD "%s=%s" WAS NOT_SET "%s%s=%s%s", key, value, eol, key, value, eol);
    return hand_out(out, t, &made, key, value);
}

static enum envedit
set(struct buf *out, const struct text *t, const char *key, const char *value, bool add)
{
    const struct env_entry *e = last_of(&t->entries, key);
    const char *eol = line_end(t);
    struct buf made = {0};
    size_t line;

    if (e == NULL)
        return add ? add_line(out, t, key, value) : ENVEDIT_SAME;
    if (same_value(key, e->value, value))
        return ENVEDIT_SAME;
    line = line_start(t, e->at);
    buf_add(&made, t->p, comment_start(t, line));
    buf_printf(&made, HEAD "%s=%s" WAS "%s", key, value, eol);
    put_old(&made, t, line, e->end, eol);
    buf_add(&made, t->p + line, e->value_at - line);
    put_value(&made, t, e, value);
    buf_add(&made, t->p + e->end, t->len - e->end);
    return hand_out(out, t, &made, key, value);
}

bool
envedit_has(const char *text, size_t len, const char *key)
{
    struct text t;
    bool has = read_text(&t, text, len) && last_of(&t.entries, key) != NULL;

    env_entries_free(&t.entries);
    return has;
}

enum envedit
envedit_set(struct buf *out, const char *text, size_t len, const char *key, const char *value, bool add)
{
    struct text t;
    enum envedit done = read_text(&t, text, len) ? set(out, &t, key, value, add) : ENVEDIT_BROKEN;

    env_entries_free(&t.entries);
    return done;
}

/* The value that our comment says it gave `key`; NULL: it is another key's. *was: behind it. free() it. */
static char *
value_given(const struct text *t, size_t comment, const char *key, size_t *was)
{
    size_t at = comment + strlen(HEAD);
    size_t from;

    if (!begins(t, at, key) || !begins(t, at + strlen(key), "="))
        return NULL;
    from = at = at + strlen(key) + 1;
    while (at < t->len && t->p[at] != '\n' && t->p[at] != '\r' && !begins(t, at, WAS))
        at++;
    if (!begins(t, at, WAS))
        return NULL;
    *was = at + strlen(WAS);
    return xstrndup(t->p + from, at - from);
}

/* The lines of our comment without their signs, from the first behind its head; the line at `line` ends them. */
static void
take_old(struct buf *out, const struct text *t, size_t at, size_t line)
{
    bool first = true;

    while (at < line && begins(t, at, OLD)) {
        size_t end = at += strlen(OLD);

        while (end < line && t->p[end] != '\n' && t->p[end] != '\r')
            end++;
        if (!first)
            buf_puts(out, line_end(t));
        buf_add(out, t->p + at, end - at);
        first = false;
        at = next_line(t, end);
    }
}

static enum envedit
put_back(struct buf *out, const struct text *t, const char *key)
{
    const struct env_entry *e = last_of(&t->entries, key);
    size_t line = e == NULL ? 0 : line_start(t, e->at);
    size_t comment = e == NULL ? 0 : comment_start(t, line);
    size_t was = 0;
    char *given = comment == line ? NULL : value_given(t, comment, key, &was);
    struct buf made = {0};
    struct buf old = {0};
    struct text restored;
    const struct env_entry *entry;
    enum envedit done;

    if (given == NULL)
        return ENVEDIT_SAME;
    if (!same_value(key, e->value, given)) {
        free(given);
        return ENVEDIT_OTHERS;
    }
    free(given);
    buf_add(&made, t->p, comment);
    if (begins(t, was, NOT_SET)) {
        size_t rest = next_line(t, e->end);

        buf_add(&made, t->p + rest, t->len - rest);
        return hand_out(out, t, &made, key, NULL);
    }
    take_old(&old, t, next_line(t, was), line);
    buf_puts(&made, buf_text(&old));
    buf_add(&made, t->p + e->end, t->len - e->end);
    /* it sets the key as the old line does */
    entry = read_text(&restored, buf_text(&old), old.len) ? last_of(&restored.entries, key) : NULL;
    done = entry == NULL ? ENVEDIT_BROKEN : hand_out(out, t, &made, key, entry->value);
    env_entries_free(&restored.entries);
    buf_free(&old);
    buf_free(&made);
    return done;
}

enum envedit
envedit_put_back(struct buf *out, const char *text, size_t len, const char *key)
{
    struct text t;
    enum envedit done = read_text(&t, text, len) ? put_back(out, &t, key) : ENVEDIT_BROKEN;

    env_entries_free(&t.entries);
    return done;
}
