/* test_smoke_api.c - requests made of a description and variables, and what is taken of an answer. */
/* links: lib/core/smoke_api.c lib/core/shown.c embedded.c lib/base/faults.c lib/base/buf.c lib/base/xalloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dualwrite/smoke_api.h"
#include "embedded.h"

static cJSON *
parse(const char *text, const char *fault)
{
    struct faults faults = {0};
    cJSON *api = smoke_api_parse("api.json", text, strlen(text), &faults);

    if (fault == NULL) {
        assert_non_null(api);
        assert_int_equal(faults.count, 0);
    } else {
        assert_null(api);
        assert_true(faults.count > 0);
        assert_non_null(strstr(faults.items[0].text, fault));
    }
    faults_free(&faults);
    return api;
}

static void
expect(const cJSON *api, int flow, const char *variables, const char *path, const char *body)
{
    cJSON *v = cJSON_Parse(variables);
    struct buf p = {0}, b = {0};
    const char *method;
    char *why = NULL;
    bool good = smoke_api_request(api, flow, v, &method, &p, &b, &why);

    if (path == NULL) {
        assert_false(good);
        assert_non_null(strstr(why, body));
    } else {
        assert_true(good);
        assert_string_equal(buf_text(&p), path);
        assert_string_equal(buf_text(&b), body);
    }
    free(why);
    buf_free(&p);
    buf_free(&b);
    cJSON_Delete(v);
}

static const char description[] =
    "{\"variables\": {\"n\": 3, \"list\": [1, 2]}, \"flows\": [\n"
    "{\"method\": \"POST\", \"path\": \"/a/{slug}/\", \"body\": {\"n\": \"{n}\", \"t\": "
    "\"no {n} {x\", \"l\": [\"{list}\"], \"q\": \"{quoted}\"}, \"answer\": {\"root\": \"id\"}},\n"
    "null, {\"method\": \"PATCH\", \"path\": \"/b\"}, null, null]}";

static void
test_request(void **state)
{
    cJSON *api = parse(description, NULL);

    (void) state;
    expect(api, 1, "{\"slug\": \"a/b c\", \"quoted\": \"say \\\"x\\\"\"}", "/a/a%2Fb%20c/",
           "{\"n\":3,\"t\":\"no 3 {x\",\"l\":[[1,2]],\"q\":\"say \\\"x\\\"\"}");
    expect(api, 1, "{\"slug\": \"s\", \"quoted\": \"\", \"n\": \"4\"}", "/a/s/",
           "{\"n\":\"4\",\"t\":\"no 4 {x\",\"l\":[[1,2]],\"q\":\"\"}");
    expect(api, 1, "{\"slug\": \"s\"}", NULL, "--set=quoted=VALUE");
    expect(api, 1, "{}", NULL, "{slug}");
    expect(api, 2, "{}", "", "");
    expect(api, 3, "{}", "/b", "");
    cJSON_Delete(api);
}

static void
answer(const cJSON *api, const char *text, const char *root, const char *why_not)
{
    cJSON *v = cJSON_CreateObject();
    char *why = NULL;

    assert_int_equal(smoke_api_answer(api, 1, text, v, &why), root != NULL);
    if (root != NULL)
        assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(v, "root")), root);
    else
        assert_non_null(strstr(why, why_not));
    free(why);
    cJSON_Delete(v);
}

static void
test_answer(void **state)
{
    cJSON *api = parse(description, NULL);

    (void) state;
    answer(api, "{\"id\": 12}", "12", NULL);
    answer(api, "{\"id\": 9007199254740992}", "9007199254740992", NULL);
    answer(api, "{\"id\": 9107199254740993}", NULL, "no usable \"id\"");
    answer(api, "{\"id\": \"x-1\"}", "x-1", NULL);
    answer(api, "{\"id\": null}", NULL, "no usable");
    answer(api, "{\"id\": 12", NULL, "cut off");
    answer(api, "[12]", NULL, "not a JSON object");
    answer(api, "", NULL, "not a JSON object");
    cJSON_Delete(api);
}

static void
test_faults(void **state)
{
    (void) state;
    cJSON_Delete(parse(default_smoke_api_json, NULL));
    parse("{\n\n", "not JSON");
    parse("[]", "array of five");
    parse("{\"flows\": [null, null, null, null, null]}", "nothing to test");
    parse("{\"flows\": [{\"method\": \"POST\", \"path\": \"x\", \"answer\": {\"root\": \"id\"}}, null, null, null, "
          "null]}",
          "begin with");
    parse("{\"flows\": [{\"method\": \"POST\", \"path\": \"/x\"}, null, null, null, null]}", "as \"root\"");
    parse(
        "{\"flows\": [{\"method\": \"POST\", \"path\": \"/x\", \"answer\": {\"root\": \"id\"}}, 7, null, null, null]}",
        "a flow is an object");
}

static void
test_login(void **state)
{
    (void) state;
    assert_true(smoke_api_has_login("https://ada:secret@staging.example.com/x"));
    assert_true(smoke_api_has_login("http://ada@host"));
    assert_false(smoke_api_has_login("http://"));
    assert_false(smoke_api_has_login("http://host/@ada"));
    assert_false(smoke_api_has_login("host"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_request), cmocka_unit_test(test_answer),
                                       cmocka_unit_test(test_faults), cmocka_unit_test(test_login)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
