/* http_client.c - one HTTP request through libcurl; see http_client.h. */
#include "http_client.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* the checks of types are macros around the real function, which is not linked */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo

#include "dualwrite/xalloc.h"

#define LIBRARY "libcurl.so.4"
#define CONNECT_MS 5000
#define BODY_MOST ((size_t) 1 << 20)

static struct {
    CURLcode (*global_init)(long);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_perform)(CURL *);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    void (*easy_cleanup)(CURL *);
    const char *(*easy_strerror)(CURLcode);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free_all)(struct curl_slist *);
} lib;

static bool
load(char **why)
{
    static const char *const names[] = {"curl_global_init",   "curl_easy_init",    "curl_easy_setopt",
                                        "curl_easy_perform",  "curl_easy_getinfo", "curl_easy_cleanup",
                                        "curl_easy_strerror", "curl_slist_append", "curl_slist_free_all"};
    void *found[sizeof names / sizeof names[0]];
    void *handle;

    _Static_assert(sizeof found == sizeof lib, "a name for each function");
    if (lib.easy_perform != NULL)
        return true;
    handle = dlopen(LIBRARY, RTLD_NOW);
    for (size_t i = 0; handle != NULL && i < sizeof names / sizeof names[0]; i++)
        if ((found[i] = dlsym(handle, names[i])) == NULL)
            handle = NULL;
    if (handle == NULL) {
        const char *error = dlerror();
        struct buf out = {0};

        buf_printf(&out, "libcurl cannot be loaded: %s; on Debian it is the package libcurl4",
                   error == NULL ? "" : error);
        *why = buf_steal(&out);
        return false;
    }
    memcpy(&lib, found, sizeof lib); /* POSIX lets a function's address travel as a pointer, ISO C does not */
    lib.global_init(CURL_GLOBAL_DEFAULT);
    return true;
}

static size_t
take_body(const char *data, size_t size, size_t count, void *into)
{
    struct buf *body = into;

    if (body->len + size * count > BODY_MOST)
        return 0;
    buf_add(body, data, size * count);
    return size * count;
}

static int
on_progress(void *arg, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
    const struct http_request *request = arg;

    (void) total;
    (void) now;
    (void) up_total;
    (void) up_now;
    return request->interrupted != NULL && request->interrupted();
}

static struct curl_slist *
headers_of(const struct http_request *request)
{
    struct curl_slist *headers = lib.slist_append(NULL, "Accept: application/json");
    struct buf bearer = {0};

    if (request->body != NULL)
        headers = lib.slist_append(headers, "Content-Type: application/json");
    if (request->token != NULL) {
        buf_printf(&bearer, "Authorization: Bearer %s", request->token);
        headers = lib.slist_append(headers, buf_text(&bearer));
    }
    buf_free(&bearer);
    return headers;
}

/* The file of certificates that sign the server's; NULL: the system's. The library asks the environment for none itself. */
static const char *
authorities(void)
{
    static const char *const names[] = {"CURL_CA_BUNDLE", "SSL_CERT_FILE"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *file = getenv(names[i]);

        if (file != NULL && *file != '\0')
            return file;
    }
    return NULL;
}

static char *
reason(CURLcode code, const char *detail, const struct http_request *request)
{
    struct buf out = {0};

    if (code == CURLE_ABORTED_BY_CALLBACK)
        buf_puts(&out, "interrupted");
    else if (code == CURLE_OPERATION_TIMEDOUT)
        buf_printf(&out, "no answer within %.1f s", (double) request->timeout_ms / 1000);
    else if (code == CURLE_PARTIAL_FILE)
        buf_puts(&out, "the answer was cut off");
    else if (code == CURLE_WRITE_ERROR)
        buf_puts(&out, "the answer is larger than 1 MB, which nobody asked for");
    else
        buf_puts(&out, *detail != '\0' ? detail : lib.easy_strerror(code));
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
        buf_puts(&out, " (its certificate is not trusted; CURL_CA_BUNDLE names a file with its authority)");
    return buf_steal(&out);
}

bool
http_client_ask(const struct http_request *request, struct http_answer *answer, char **why)
{
    char detail[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers;
    curl_off_t us = 0;
    CURLcode code;
    CURL *curl;

    *answer = (struct http_answer){0};
    *why = NULL;
    if (!load(why))
        return false;
    curl = lib.easy_init();
    headers = headers_of(request);
    lib.easy_setopt(curl, CURLOPT_URL, request->url);
    lib.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    lib.easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L); /* the token is for this host and no other */
    lib.easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    lib.easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (request->body != NULL)
        lib.easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    lib.easy_setopt(curl, CURLOPT_USERAGENT, "dualwrited");
    lib.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long) CONNECT_MS);
    lib.easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long) request->timeout_ms);
    lib.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    lib.easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    lib.easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    lib.easy_setopt(curl, CURLOPT_XFERINFODATA, request);
    lib.easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    lib.easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
    lib.easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    if (authorities() != NULL)
        lib.easy_setopt(curl, CURLOPT_CAINFO, authorities());
    code = lib.easy_perform(curl);
    lib.easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    if (code == CURLE_OK) {
        lib.easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &us);
        answer->ms = (double) us / 1000;
    } else {
        *why = reason(code, detail, request);
    }
    lib.slist_free_all(headers);
    lib.easy_cleanup(curl);
    return code == CURLE_OK;
}
