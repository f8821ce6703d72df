/* test_mapping_json.c - a tree laid out as text: what is on one line, what is not, and that it stays the same tree. */
/* links: lib/core/mapping_json.c lib/core/json_node.c lib/base/suggest.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/mapping_json.h"

static void
laid_out(const char *json, const char *expected)
{
    cJSON *tree = cJSON_Parse(json);
    char *text = mapping_json(tree);
    cJSON *again = cJSON_Parse(text);

    assert_non_null(tree);
    if (expected != NULL)
        assert_string_equal(text, expected);
    assert_true(cJSON_Compare(tree, again, true));
    cJSON_Delete(again);
    cJSON_Delete(tree);
    free(text);
}

static void
test_layout(void **state)
{
    (void) state;
    laid_out("{}", "{}\n");
    laid_out("[]", "[]\n");
    laid_out("{\"a\": {\"b\": {}}}", "{\n  \"a\": {\n    \"b\": {}\n  }\n}\n");
    laid_out(
        "{\"entities\":[{\"name\":\"x\",\"source\":{\"table\":\"t\",\"key\":[\"id\",\"b\"]},\"columns\":{\"a\":\"a\","
        "\"b\":{\"constant\":null}}}]}",
        "{\n"
        "  \"entities\": [\n"
        "    {\n"
        "      \"name\": \"x\",\n"
        "      \"source\": {\"table\": \"t\", \"key\": [\"id\", \"b\"]},\n"
        "      \"columns\": {\n"
        "        \"a\": \"a\",\n"
        "        \"b\": {\"constant\": null}\n"
        "      }\n"
        "    }\n"
        "  ]\n"
        "}\n");
}

/* A line is broken where it would be too wide, from the outside in. */
static void
test_width(void **state)
{
    char json[400];
    char word[101];
    char *text;
    cJSON *tree;

    (void) state;
    memset(word, 'x', 100);
    word[100] = '\0';
    snprintf(json, sizeof json, "{\"e\":[{\"a\":{\"b\":{\"c\":\"%s\"},\"d\":{\"e\":1}}}]}", word);
    tree = cJSON_Parse(json);
    text = mapping_json(tree);
    assert_non_null(strstr(text, "\"b\": {\n          \"c\": \"xxx"));
    assert_non_null(strstr(text, "\"d\": {\"e\": 1}\n"));
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        assert_true(strlen(line) <= 117);
    free(text);
    cJSON_Delete(tree);
    laid_out(json, NULL);
}

static void
test_hostile_text(void **state)
{
    (void) state;
    laid_out(
        "{\"a\\\"\\n\\u0001\": \"\\\\ \\t \\u20ac \\ud83d\\ude00\", \"columns\": [], \"n\": -1.5e300, \"t\": true}",
        NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_hostile_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
