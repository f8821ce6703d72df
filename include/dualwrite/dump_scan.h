/*
 * dump_scan.h - reads the SQL text of a dump as it goes by: is it one, is it whole, which tables and how many rows are in it.
 *
 * Pure: it is handed pieces of any size and keeps a line at most. It knows what pg_dump and pg_restore write, line by line, and is
 * no SQL parser: what a text within the dump quotes may fool it, to no harm but a table that is not one.
 */
#ifndef DUALWRITE_DUMP_SCAN_H
#define DUALWRITE_DUMP_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "dualwrite/buf.h"

struct dump_table {
    char *schema; /* "" where the dump does not say */
    char *name;
    bool created, dropped;
    double rows; /* copied or inserted */
};

struct dump_scan {
    bool begun;      /* it has the head of a dump */
    bool complete;   /* it has the end of one */
    char *from;      /* the server's version: "15.4 (Debian ...)"; NULL: it does not say */
    char *elsewhere; /* a line that would leave the database, or make or drop one; NULL: none */
    struct dump_table *tables;
    size_t count;

    struct buf line; /* the first bytes of the line under way */
    size_t copying;  /* the table whose rows go by, counted from 1 */
};

void dump_scan_feed(struct dump_scan *s, const char *bytes, size_t len);

/* After the last piece. */
void dump_scan_end(struct dump_scan *s);

const struct dump_table *dump_scan_table(const struct dump_scan *s, const char *schema, const char *name);

/* The number before the first dot of a server's version; 0: unknown. */
int dump_scan_major(const struct dump_scan *s);

void dump_scan_free(struct dump_scan *s);

#endif
