/*
 * reconcile.h - what `reconcile` makes of what it sees: is a row as it should be, is a difference confirmed or only in
 * flight, how fast may it go on, may that many rows be removed.
 *
 * Pure. Who looks is daemon/reconcile_look.c; what was found is shown by reconcile_report.h.
 *
 * When a difference counts. A look reads the vNext row, its versions (xmin and ctid of each source row) and its waiting
 * events in one snapshot S, and the legacy row with its version after that, at L. Two looks in a row, S1 L1 S2 L2, confirm a
 * difference when no event of the row waits in S1 or S2, the vNext row and its versions are the same in both, and so are the
 * legacy row and its version. Then it is none that the sync has under way, with one database or two:
 *
 * - An event is there from the commit of its change until it is acknowledged, and with two databases legacy commits before
 *   the acknowledgement. So a snapshot that sees a change and no event of it was taken after legacy had that change, or a
 *   newer one. In S2 no event waits: at that moment legacy holds what the sync makes of the row as S2 sees it.
 * - There is a legacy row at L1 and L2, of one version: it was the same all the time between, also in S2. It differs from
 *   what S2 asks for, so it differed while nothing was under way.
 * - There is none at L1 and L2: the vNext row had one version from S1 to S2, so nothing was inserted, changed or deleted in
 *   vNext meanwhile, and no event waited in S1. If the sync had made the legacy row it would have been there at L1.
 * - A row that goes to and fro between looks ends up with another version somewhere, and is looked at again.
 *
 * A table with a resync mark has changes that no event tells of: all of its rows count as waiting.
 */
#ifndef DUALWRITE_RECONCILE_H
#define DUALWRITE_RECONCILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dualwrite/buf.h"
#include "dualwrite/change.h"

/* So many legacy rows of an entity one run may remove without being told, whatever share of it they are. */
#define RECONCILE_REMOVAL_FEW 100

enum reconcile_class {
    RECONCILE_EQUAL,
    RECONCILE_MISSING, /* a present vNext row without a legacy row */
    RECONCILE_DRIFTED, /* a legacy row that is not what the mapping asks for */
    RECONCILE_EXTRA,   /* a legacy row that should not be there, or not be active, any more */
    RECONCILE_REFUSED, /* the mapping cannot read this row, or legacy does not take its values */
    RECONCILE_CLASSES
};

/* "equal", "missing", ...: static. */
const char *reconcile_class_name(enum reconcile_class c);

/* RECONCILE_CLASSES when there is none. */
enum reconcile_class reconcile_class_named(const char *name);

struct reconcile_difference {
    char *column, *vnext, *legacy; /* values as text, cut where long; NULL: SQL NULL */
};

/* What one look saw of one identity. */
struct reconcile_look {
    enum reconcile_class class;
    struct reconcile_difference *items; /* drifted, and extra where the removal sets columns */
    size_t count;
    char *seen;   /* everything it was judged by, versions too, as one text to compare */
    char *error;  /* refused: why */
    bool lacks;   /* ... a row that it looks for is not there, and may come: worth an event */
    bool removes; /* to mend it takes a removal: the row is gone, or does not count as present any more */
    bool waits;   /* an event of it waits, or its table awaits a resync */
    char *failed; /* what an event of it failed with; NULL: none has */
    bool parked;  /* ... and it is not tried again by itself */
};

/* The class of a row that was read and decided (change.h): is there a legacy row, and is it another than asked for. */
enum reconcile_class reconcile_classify(const struct row *r, bool deletes, bool shadow, bool differs);

/* Whether that takes the legacy row away, by deleting it or by writing what `differences` say and the mapping's removal sets. */
bool reconcile_removes(const struct row *r, const struct mapping_removal *removal, enum reconcile_class class,
                       const struct reconcile_difference *differences, size_t count);

/* Two classes of one identity with several legacy rows: the one that is told. */
enum reconcile_class reconcile_worse(enum reconcile_class a, enum reconcile_class b);

enum reconcile_judgement {
    RECONCILE_GONE,      /* the second look saw no difference */
    RECONCILE_OPEN,      /* in flight, or something changed between the looks: look again */
    RECONCILE_CONFIRMED, /* a difference that nothing under way mends */
    RECONCILE_PARKED,    /* a difference that a failed event explains */
};

/* Two looks in a row. `last`: nobody looks again, so an event that failed explains it also while it is tried again. */
enum reconcile_judgement reconcile_judge(const struct reconcile_look *first, const struct reconcile_look *second,
                                         bool last);

/* What to do about a question over `count` rows that a server refused `tries` times. */
enum reconcile_refusal {
    RECONCILE_HALVE, /* a row may be guilty: ask of half of them, or call the one refused */
    RECONCILE_AGAIN, /* somebody was in the way */
    RECONCILE_STOP,  /* no use in going on now */
};
enum reconcile_refusal reconcile_refusal(const char *sqlstate, size_t count, int tries);

void reconcile_look_free(struct reconcile_look *l);

/* For how long to rest after `rows` in `elapsed_ms`, to keep to `rate` rows a second; 0: no limit. */
int64_t reconcile_rest_ms(int64_t rows, int64_t rate, int64_t elapsed_ms);

/* How many rows the next chunk takes, from `least` to `most`, when `rows` of this one were `bytes` here. */
int64_t reconcile_chunk(int64_t rows, int64_t bytes, int64_t least, int64_t most);

/* Whether `removals` of the entity's `rows` legacy rows need somebody's word. */
bool reconcile_asks(int64_t removals, int64_t rows, int share_percent);

/*
 * The ref of an event for an identity whose source row is gone: what the identity does not hold is null. As JSON array.
 * `identity` are e->identity.count texts.
 */
void reconcile_gone_ref(struct buf *out, const struct mapping_entity *e, const char *const *identity);

#endif
