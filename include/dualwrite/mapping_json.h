/*
 * mapping_json.h - a mapping's tree as text, laid out like config/mapping.json.
 *
 * Pure. cJSON_Print() puts every member on a line of its own; here what is short stays on one.
 */
#ifndef DUALWRITE_MAPPING_JSON_H
#define DUALWRITE_MAPPING_JSON_H

#include <cjson/cJSON.h>

/* Two spaces a level, a line at most 116 columns wide where it can be, with a newline at the end; free() it. */
char *mapping_json(const cJSON *tree);

#endif
