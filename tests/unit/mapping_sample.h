/*
 * mapping_sample.h - a small mapping that is right, and ways to change it: for the tests of the mapping file.
 *
 * Include it after cmocka.h.
 */
#ifndef TESTS_MAPPING_SAMPLE_H
#define TESTS_MAPPING_SAMPLE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dualwrite/buf.h"
#include "dualwrite/mapping.h"
#include "golden.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A small mapping that is right; the cases below change one piece of it. */
static const char mapping_sample[] =
    "{\"entities\": [\n"
    "{\"name\": \"team\",\n"
    " \"source\": {\"table\": \"new_team\", \"key\": [\"id\"]},\n"
    " \"target\": {\"table\": \"old_team\", \"key\": [\"id\"]},\n"
    " \"map\": {\"table\": \"map\", \"source_key\": \"new_id\", \"target_key\": \"old_id\", \"columns\": {\"at\": "
    "{\"now\": true}}},\n"
    " \"columns\": {\"name\": \"title\", \"active\": {\"constant\": true}},\n"
    " \"removal\": {\"set\": {\"active\": {\"constant\": false}}},\n"
    " \"log\": {\"id\": \"team_id\"},\n"
    " \"operations\": {\"insert\": \"t_i\", \"update\": \"t_u\", \"remove\": \"t_r\"}},\n"
    "{\"name\": \"member\",\n"
    " \"parent\": {\"entity\": \"team\", \"column\": \"new_team\", \"target_column\": \"team\"},\n"
    " \"source\": {\"table\": \"new_member\", \"key\": [\"id\"]},\n"
    " \"target\": {\"table\": \"old_member\", \"key\": [\"team\", \"user\"]},\n"
    " \"columns\": {\"user\": \"account\", \"role\": \"role\"},\n"
    " \"present\": {\"column\": \"status\", \"in\": [\"ACTIVE\", 1]},\n"
    " \"removal\": \"delete\",\n"
    " \"log\": {\"id\": \"member_id\"},\n"
    " \"operations\": {\"insert\": \"m_i\", \"update\": \"m_u\", \"remove\": \"m_r\"}}\n"
    "]}\n";

/* `text` with the first `from` changed to `to`. */
static inline char *
changed_in(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    struct buf out = {0};

    assert_non_null(at);
    buf_add(&out, text, (size_t) (at - text));
    buf_puts(&out, to);
    buf_puts(&out, at + strlen(from));
    return buf_steal(&out);
}

static inline char *
changed(const char *from, const char *to)
{
    return changed_in(mapping_sample, from, to);
}

/* A mapping of entities a, b, c, ... that each have a map; `parents` names each one's parent, '-' for none. */
static inline char *
sample_family(const char *parents)
{
    struct buf out = {0};

    buf_puts(&out, "{\"entities\": [");
    for (size_t i = 0; parents[i] != '\0'; i++) {
        char c = (char) ('a' + (int) i);

        buf_printf(&out, "%s{\"name\": \"%c\", ", i == 0 ? "" : ",", c);
        if (parents[i] != '-')
            buf_printf(&out, "\"parent\": {\"entity\": \"%c\", \"column\": \"p\", \"target_column\": \"q\"}, ",
                       parents[i]);
        buf_printf(&out,
                   "\"source\": {\"table\": \"s%c\", \"key\": [\"id\"]}, \"target\": {\"table\": \"t%c\", \"key\": "
                   "[\"id\"]}, \"map\": {\"table\": \"m%c\", \"source_key\": \"x\", \"target_key\": \"y\"}, "
                   "\"columns\": {\"n\": \"n\"}, \"removal\": \"keep\", \"log\": {\"id\": \"%c_id\"}, \"operations\": "
                   "{\"insert\": \"%c_i\", \"update\": \"%c_u\", \"remove\": \"%c_r\"}}",
                   c, c, c, c, c, c, c);
    }
    buf_puts(&out, "]}");
    return buf_steal(&out);
}

static inline struct mapping *
parse(const char *text, struct faults *faults)
{
    return mapping_parse("m.json", text, strlen(text), faults);
}

#endif
