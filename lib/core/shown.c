/* shown.c - text, times and tables for a terminal; see dualwrite/shown.h. */
#include "dualwrite/shown.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/xalloc.h"

#define CUT "..."
#define GAP 2
#define GRID_MOST 200 /* columns that a cell of another row is padded to: one long text must not widen every line */

/* The code point at `s` and how many bytes it takes; 0 when they are not UTF-8 (Unicode, table 3-7). */
static size_t
decode(const unsigned char *s, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 0;
    uint32_t c = len < 2 ? s[0] : s[0] & (0x7Fu >> len);

    for (size_t i = 1; i < len; i++) {
        if ((s[i] & 0xC0) != 0x80) /* the final NUL stops here too */
            return 0;
        c = c << 6 | (s[i] & 0x3Fu);
    }
    if (len > 1 && (c < least[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)))
        return 0;
    *code = c;
    return len;
}

/* Ends a line for some reader, moves a cursor, or reorders what people see. */
static bool
is_hazard(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0xAD || c == 0x061C || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || c >= 0xE0000;
}

/* Of the blocks that terminals draw over two columns: CJK, Hangul, full-width forms, emoji. */
static bool
is_wide(uint32_t c)
{
    return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
           (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
}

/* One character as it is shown; returns its columns. */
static size_t
put(struct buf *out, const unsigned char *s, size_t len, uint32_t c)
{
    size_t before = out->len;

    if (len > 0 && !is_hazard(c)) {
        buf_add(out, (const char *) s, len);
        return is_wide(c) ? 2 : 1;
    }
    if (len == 0)
        buf_printf(out, "\\x{%02x}", (unsigned) *s);
    else if (c == '\n' || c == '\r' || c == '\t')
        buf_puts(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
    else
        buf_printf(out, "\\u{%x}", (unsigned) c);
    return out->len - before;
}

void
shown_text(struct buf *out, const char *text, size_t columns)
{
    const unsigned char *s = (const unsigned char *) text;
    const size_t room = columns < sizeof CUT - 1 ? 0 : columns - (sizeof CUT - 1);
    size_t used = 0;
    size_t fits = out->len; /* so much of it stays when it has to be cut */

    buf_puts(out, "");
    while (*s != '\0') {
        uint32_t c = 0;
        size_t len = decode(s, &c);

        used += put(out, s, len, c);
        if (columns > 0 && used > columns) {
            struct buf kept = {0};

            buf_add(&kept, out->data, fits);
            buf_puts(&kept, CUT);
            buf_free(out);
            *out = kept;
            return;
        }
        if (used <= room)
            fits = out->len;
        s += len == 0 ? 1 : len;
    }
}

size_t
shown_width(const char *text)
{
    const unsigned char *s = (const unsigned char *) text;
    size_t width = 0;

    while (*s != '\0') {
        uint32_t c = 0;
        size_t len = decode(s, &c);

        width += len > 0 && is_wide(c) ? 2 : 1;
        s += len == 0 ? 1 : len;
    }
    return width;
}

void
shown_wrapped(struct buf *out, const char *text, size_t indent, size_t width)
{
    struct buf shown = {0}, word = {0};
    size_t column = indent;

    shown_text(&shown, text, 0);
    for (const char *next = buf_text(&shown); *next != '\0'; next += strspn(next, " ")) {
        const size_t len = strcspn(next, " ");
        size_t columns;

        buf_add(&word, next, len);
        columns = shown_width(buf_text(&word));
        buf_free(&word);
        if (column > indent && column + 1 + columns > width) {
            buf_printf(out, "\n%*s", (int) indent, "");
            column = indent;
        } else if (column > indent) {
            buf_putc(out, ' ');
            column++;
        }
        buf_add(out, next, len);
        column += columns;
        next += len;
    }
    buf_putc(out, '\n');
    buf_free(&shown);
}

void
shown_span(struct buf *out, double seconds)
{
    const double s = seconds < 0 ? 0 : seconds;
    const long long whole = s > 1e15 ? (long long) 1e15 : (long long) s;

    if (s < 9.95)
        buf_printf(out, "%.1f s", s);
    else if (whole < 60)
        buf_printf(out, "%lld s", whole);
    else if (whole < 3600)
        buf_printf(out, "%lld min %lld s", whole / 60, whole % 60);
    else if (whole < 86400)
        buf_printf(out, "%lld h %lld min", whole / 3600, whole % 3600 / 60);
    else
        buf_printf(out, "%lld d %lld h", whole / 86400, whole % 86400 / 3600);
}

void
shown_count(struct buf *out, double count)
{
    char digits[32];
    size_t len = (size_t) snprintf(digits, sizeof digits, "%.0f", count);

    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
            buf_putc(out, ' ');
        buf_putc(out, digits[i]);
    }
}

/* ---- tables ---- */

void
grid_take(struct grid *g, struct buf *text)
{
    g->cells = xreallocarray(g->cells, g->count + 1, sizeof *g->cells);
    g->cells[g->count++] = buf_steal(text);
}

void
grid_add(struct grid *g, const char *text, size_t columns)
{
    struct buf cell = {0};

    shown_text(&cell, text == NULL || *text == '\0' ? "-" : text, columns);
    grid_take(g, &cell);
}

void
grid_addf(struct grid *g, const char *fmt, ...)
{
    struct buf text = {0};
    va_list ap;

    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    grid_add(g, buf_text(&text), 0);
    buf_free(&text);
}

void
grid_put(struct buf *out, const struct grid *g, size_t indent, size_t width)
{
    size_t *widths = xcalloc(g->columns, sizeof *widths);

    for (size_t i = 0; i < g->count; i++) {
        size_t wide = shown_width(g->cells[i]);

        if (wide > widths[i % g->columns] && wide <= GRID_MOST)
            widths[i % g->columns] = wide;
    }
    for (size_t row = 0; row * g->columns < g->count; row++) {
        struct buf line = {0};

        buf_printf(&line, "%*s", (int) indent, "");
        for (size_t i = 0; i < g->columns && row * g->columns + i < g->count; i++) {
            const char *cell = g->cells[row * g->columns + i];
            size_t wide = shown_width(cell);

            buf_puts(&line, cell);
            if (i + 1 < g->columns)
                buf_printf(&line, "%*s", (int) ((widths[i] < wide ? 0 : widths[i] - wide) + GAP), "");
        }
        while (line.len > 0 && line.data[line.len - 1] == ' ')
            line.data[--line.len] = '\0';
        shown_text(out, buf_text(&line), width);
        buf_putc(out, '\n');
        buf_free(&line);
    }
    free(widths);
}

void
grid_free(struct grid *g)
{
    for (size_t i = 0; i < g->count; i++)
        free(g->cells[i]);
    free(g->cells);
    *g = (struct grid){.columns = g->columns};
}
