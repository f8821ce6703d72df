/*
 * init_value.h - the value of one column in a proposed mapping, as JSON.
 *
 * Pure; a part of proposing a mapping (mapping_init.h). What a person must look at carries a member "TODO", which the
 * mapping's reader refuses until it is taken out; where there is nothing to propose it is the only member.
 */
#ifndef DUALWRITE_INIT_VALUE_H
#define DUALWRITE_INIT_VALUE_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "dualwrite/catalog.h"
#include "dualwrite/init_match.h"
#include "dualwrite/schema_facts.h"

/* One column to be fed; labels are NULL where nothing is known of the values. */
struct init_feed {
    const struct catalog_column *from, *to;
    const struct schema_labels *from_labels, *to_labels;
    enum match match;
    bool key;    /* part of the target key: the value must arrive as it is */
    bool unique; /* a unique index covers it alone */
};

/* How it is fed from `from`. */
cJSON *init_value(const struct init_feed *f);

/* A constant of the column's type, for one that needs a value and finds none. */
cJSON *init_constant(const struct catalog_column *to, const struct schema_labels *labels);

/* Half of the source's labels or more are the target's, in whatever case. */
bool init_labels_meet(const struct schema_labels *from, const struct schema_labels *to);

/* The one of `labels` that is `text`, in whatever case; NULL: none. */
const char *init_label(const struct schema_labels *labels, const char *text);

/* Adds "TODO": text to `object`, or to the text that is there. */
void init_todo(cJSON *object, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What the column's default is, when that is a plain text, to be freed; NULL otherwise. */
char *init_default_text(const struct catalog_column *c);

#endif
