"""The made-up second application of config/examples/subscriptions end to end: another schema than public, quoted names, uuid
and text keys, three levels, maps, lookups, and every kind of removal. What legacy should hold is said here by hand, in SQL over
the vNext tables; nothing of the program's own help."""

import json
import re
import uuid

import pytest

from conftest import TOP, Daemon, install, wait_until
from helpers import as_sync_session, cli, completed, drained, failed, grep

pytestmark = pytest.mark.layouts("one", "two")

EXAMPLE = TOP / "config" / "examples" / "subscriptions"
MAPPING = json.loads((EXAMPLE / "mapping.json").read_text())
HEALS = 30  # a row that waits for another one is tried again by itself

ADA, BEN = "5f1c2a7e-0b5d-4c6e-9a51-3b8f0a2d7c11", "a0000000-0000-4000-8000-00000000000b"


# ---- the application ---------------------------------------------------------------------------------------------------


@pytest.fixture
def new_shop(application):
    """new_shop() makes the application's databases: nothing of ours in them yet."""
    vnext, legacy = re.split(r"(?m)^-- legacy -+$", (EXAMPLE / "schema.sql").read_text())
    return lambda: application(MAPPING, vnext=vnext + (EXAMPLE / "map.sql").read_text(), legacy=legacy)


@pytest.fixture
def shop(new_shop):
    db = new_shop()
    install(db)
    return db


def flows():
    """(is it the legacy application's, its words, its statements) of flows.sql."""
    parts = re.split(r"(?m)^-- (legacy )?flow: (.*)$", (EXAMPLE / "flows.sql").read_text())[1:]
    return [(bool(legacy), words, sql) for legacy, words, sql in zip(parts[::3], parts[1::3], parts[2::3], strict=True)]


def profile(db, *users):
    for user in users:
        db.legacy.execute("INSERT INTO shop.profiles (user_id, nickname) VALUES (%s, 'nick')", [user], "app_user")


def insert(db, table, **columns):
    names = ", ".join(f'"{name}"' for name in columns)
    holes = ", ".join(["%s"] * len(columns))
    db.execute(f"INSERT INTO crm.{table} ({names}) VALUES ({holes})", list(columns.values()), "app_user")


def product(db, sku="paper", **more):
    insert(db, "product", sku=sku, **{"title": "Paper", "price": "1.25", **more})


def customer(db, id=ADA, user_id=501, **more):
    insert(db, "customer", id=id, user_id=user_id, **{"accountCode": f"code-{user_id}", "fullName": "Ada Lovelace", **more})


def subscription(db, id=1, customer=ADA, state="active", **more):
    insert(db, "subscription", id=id, customerId=customer, state=state, **{"startsOn": "2026-01-05", **more})


def item(db, subscription=1, sku="paper", quantity=1, unit_price="1.25"):
    insert(db, "subscription_item", subscription_id=subscription, sku=sku, quantity=quantity, unit_price=unit_price)


def period(db, tier, started_at, customer=ADA, **more):
    insert(db, "loyalty_period", customerId=customer, tier=tier, started_at=started_at, **more)


def update(db, statement, *params):
    db.execute(statement, list(params), "app_user")


# ---- what legacy should hold, by hand ----------------------------------------------------------------------------------


def wanted(db):
    """{table: {key: row as text}} from the vNext tables. Codes that need a suffix are "*", closed customers only closed."""
    profiles = dict(db.legacy.execute("SELECT user_id, id::text FROM shop.profiles"))
    customers = db.execute("""
        SELECT l."legacyId", l.verified, c.deleted_at IS NULL, c.user_id,
               CASE WHEN row_number() OVER (PARTITION BY left(c."accountCode", 10) ORDER BY c.id) = 1
                    THEN left(c."accountCode", 10) ELSE '*' END,
               left(c."fullName", 100), coalesce(c.email, ''), c.tags::text, c.preferences::text, c.preferences ->> 'locale',
               c.photo::text, c.credit::text, 'crm', c.created_at::text, c.updated_at::text
        FROM crm.customer c LEFT JOIN crm."CustomerLink" l ON l."customerId" = c.id""")
    closed = db.execute("""SELECT "legacyId" FROM crm."CustomerLink" l
                           WHERE NOT EXISTS (SELECT FROM crm.customer c WHERE c.id = l."customerId")""")
    subscriptions = db.execute("""
        SELECT m.legacy_id, m.verified, l."legacyId"::text,
               CASE s.state WHEN 'trial' THEN 'ACTIVE' ELSE upper(s.state::text) END, coalesce(s.note, ''),
               s."startsOn"::text, s."createdAt"::text
        FROM crm.subscription s LEFT JOIN crm.subscription_map m ON m.vnext_id = s.id
        LEFT JOIN crm."CustomerLink" l ON l."customerId" = s."customerId" """)
    return {
        "customers": {
            **{id: ("closed",) for (id,) in closed},
            **{id: (profiles.get(user), *row) if verified else ("not verified",)
               for id, verified, there, user, *row in customers if there},
            **{id: ("closed",) for id, _, there, *_ in customers if not there and id is not None},
        },
        "subscriptions": {id: tuple(row) if verified else ("not verified",) for id, verified, *row in subscriptions},
        "subscription_items": {(sub, sku): tuple(row) for sub, sku, *row in db.execute("""
            SELECT m.legacy_id, i.sku, i.quantity::text, i.unit_price::text
            FROM crm.subscription_item i LEFT JOIN crm.subscription_map m ON m.vnext_id = i.subscription_id""")},
        "products": {sku: tuple(row) for sku, *row in db.execute(
            "SELECT sku, left(title, 80), price::text, labels::text FROM crm.product")},
        "loyalty": {id: tuple(row) for id, *row in db.execute("""
            SELECT DISTINCT ON (p."customerId") l."legacyId", p.tier, p.points::text, p.started_at::text
            FROM crm.loyalty_period p LEFT JOIN crm."CustomerLink" l ON l."customerId" = p."customerId"
            WHERE p.status = 'current' ORDER BY p."customerId", p.started_at DESC, p.id DESC""")},
    }


def held(db):
    """The same from the legacy tables. Subscriptions whose source is gone are told by REMOVED of the map."""
    gone = {id for (id,) in db.execute("""SELECT legacy_id FROM crm.subscription_map m
                                          WHERE NOT EXISTS (SELECT FROM crm.subscription s WHERE s.id = m.vnext_id)""")}
    sold = {sku for (sku,) in db.execute("SELECT sku FROM crm.product")}
    asked = wanted(db)["customers"]
    legacy = db.legacy.execute
    customers = {}
    for id, active, closed, who, code, *row in legacy("""
            SELECT id, is_active, closed_at IS NOT NULL, profile_id::text, code, name, email, tags::text, preferences::text,
                   locale, photo::text, credit::text, signup_source, created_at::text, updated_at::text FROM shop.customers"""):
        assert active is not closed
        suffixed = id in asked and len(asked[id]) > 1 and asked[id][1] == "*" and "-" in code and len(code) <= 10
        customers[id] = ("closed",) if closed else (who, "*" if suffixed else code, *row)
    return {
        "customers": customers,
        "subscriptions": {id: tuple(row) for id, *row in legacy(
            "SELECT id, customer_id::text, status, note, starts_on::text, created_at::text FROM shop.subscriptions")
            if id not in gone},
        "subscription_items": {(sub, sku): tuple(row) for sub, sku, *row in legacy(
            "SELECT subscription_id, sku, quantity::text, unit_price::text FROM shop.subscription_items")},
        "products": {sku: tuple(row) for sku, *row in legacy("SELECT sku, title, price::text, labels::text FROM shop.products")
                     if sku in sold},
        "loyalty": {id: tuple(row) for id, *row in legacy(
            "SELECT customer_id, tier, points::text, started_at::text FROM shop.loyalty")},
    }


def in_step(db, timeout=HEALS):
    """Waits until the queue is empty and legacy is what the mapping says."""

    def same():
        want, have = wanted(db), held(db)
        assert {t: rows for t, rows in want.items() if rows != have[t]} == {t: have[t] for t in want if want[t] != have[t]}
        return True

    wait_until(same, timeout)
    drained(db)
    wait_until(lambda: failed(db) == {}, timeout, "nothing failed")
    same()


def legacy_id(db, id=ADA):
    return db.value('SELECT "legacyId" FROM crm."CustomerLink" WHERE "customerId" = %s', [id])


def legacy_customer(db, column, id=ADA):
    return db.legacy.value(f"SELECT {column} FROM shop.customers WHERE id = %s", [legacy_id(db, id)])


# ---- from nothing to the last flow -------------------------------------------------------------------------------------


def test_install_check_run_and_every_flow(new_shop):
    db = new_shop()
    install(db)
    done = cli(db, "check", user="daemon_login", check=False)
    assert done.returncode in (0, 1) and " 0 FAIL" in done.stdout, done.stdout + done.stderr
    with Daemon(db) as daemon:
        for legacy, words, sql in flows():
            (db.legacy if legacy else db).execute(sql, user="app_user")
            in_step(db)
        assert grep(daemon, "dual_write_failed|legacy_differs") == []
        for operation in {name for e in MAPPING["entities"] for name in e["operations"].values()} - {
                "sync_product_updated", "sync_subscription_removed", "sync_customer_created"}:
            assert daemon.lines("dual_write_completed", operation=operation), operation
        line = daemon.wait_for("dual_write_completed", operation="sync_customer_created", customer_id=ADA)
        assert line["user_id"] == "501" and line["legacy_customer_id"] == str(legacy_id(db))
        line = daemon.lines("dual_write_completed", operation="sync_item_created")[0]
        assert line["subscription_id"] == "1"  # a line carries the id of its parent
    # the end of the story
    assert db.legacy.execute("SELECT name, is_active, closed_at IS NULL, code FROM shop.customers") == [
        ("Ada King", True, True, "lovelace-a")]
    assert db.legacy.execute("SELECT status FROM shop.subscriptions ORDER BY id") == [("CANCELLED",), ("ACTIVE",)]
    assert db.legacy.execute("SELECT sku FROM shop.products ORDER BY sku") == [("paper-daily",), ("paper-weekend",)]
    assert db.legacy.execute("SELECT sku, quantity FROM shop.subscription_items") == [("paper-weekend", 1)]
    assert db.legacy.execute("SELECT * FROM shop.loyalty") == []


def test_everything_at_once_after_the_fact(shop):
    """The daemon comes when all of it has happened: one pass ends in the same rows. An item that is gone is keyed by a
    product that is gone too: nothing says any more which legacy row it had, so that event is left to a person."""
    for legacy, _, sql in flows():
        (shop.legacy if legacy else shop).execute(sql, user="app_user")
    with Daemon(shop):
        wait_until(lambda: wanted(shop) == held(shop), HEALS)
        drained(shop)
    assert wanted(shop) == held(shop)
    left = list(failed(shop).values())
    assert [(f["operation"], f["retry_at"]) for f in left] == [("sync_item_removed", None)] * len(left)
    assert all("look for it by hand" in f["message"] for f in left)
    assert legacy_customer(shop, "name") == "Ada King"


# ---- insert, update, remove --------------------------------------------------------------------------------------------


def everything(db):
    """A row of each entity."""
    profile(db, 501)
    product(db)
    customer(db)
    subscription(db)
    item(db)
    period(db, "gold", "2026-01-01 10:00+00")


UPDATES = [
    "UPDATE crm.product SET title = repeat('long ', 30), price = 0.0001, labels = '{\"a b\",NULL,\"c,d\"}'",
    """UPDATE crm.customer SET "accountCode" = 'another-code', "fullName" = 'Ada ' || repeat('x', 150), email = 'a@b.c',
       tags = '{}', preferences = '{"locale": "fr-FR"}', photo = '\\x00ff', credit = -1.5, updated_at = now()""",
    "UPDATE crm.subscription SET state = 'paused', note = 'n''ote', \"startsOn\" = '2030-02-28'",
    "UPDATE crm.subscription_item SET quantity = 32767, unit_price = 99999999.9999",
    "UPDATE crm.loyalty_period SET tier = 'diamond', points = 0.01, started_at = '2026-01-01 10:00:00.123456+00'",
]


def test_an_update_of_each_entity(shop):
    everything(shop)
    with Daemon(shop) as daemon:
        in_step(shop)
        for statement in UPDATES:
            before = held(shop)
            update(shop, statement)
            in_step(shop)
            assert held(shop) != before, statement
        assert grep(daemon, "dual_write_failed|legacy_differs") == []


REMOVALS = [
    ("DELETE FROM crm.loyalty_period", "SELECT count(*) = 0 FROM shop.loyalty"),
    ("DELETE FROM crm.subscription_item", "SELECT count(*) = 0 FROM shop.subscription_items"),
    ("DELETE FROM crm.product", "SELECT bool_and(title = 'Paper' AND price = 1.25) FROM shop.products"),
    ("DELETE FROM crm.subscription", "SELECT bool_and(status = 'CANCELLED') FROM shop.subscriptions"),
    ("DELETE FROM crm.customer",
     "SELECT bool_and(NOT is_active AND closed_at IS NOT NULL AND name = 'Ada Lovelace') FROM shop.customers"),
]


def test_a_removal_of_each_kind(shop):
    everything(shop)
    with Daemon(shop) as daemon:
        in_step(shop)
        link = shop.execute('SELECT "customerId", "legacyId" FROM crm."CustomerLink"')
        for statement, kept in REMOVALS:
            since = daemon.mark()
            update(shop, statement)
            completed(daemon, 1, since=since)
            in_step(shop)
            assert shop.legacy.value(kept) is True, statement
        assert shop.execute('SELECT "customerId", "legacyId" FROM crm."CustomerLink"') == link, "map rows stay"
        assert grep(daemon, "dual_write_failed|legacy_differs") == []


def test_a_row_that_is_there_but_not_present_is_deleted_without_a_warning(shop):
    everything(shop)
    with Daemon(shop) as daemon:
        in_step(shop)
        update(shop, "UPDATE crm.loyalty_period SET status = 'past'")
        daemon.wait_for("dual_write_completed", operation="sync_loyalty_ended")
        in_step(shop)
        assert grep(daemon, "legacy_differs|verified=false") == []


def test_a_soft_delete_closes_and_a_return_opens_again(shop):
    everything(shop)
    with Daemon(shop) as daemon:
        in_step(shop)
        shadow = legacy_id(shop)
        update(shop, "UPDATE crm.customer SET deleted_at = now()")
        line = daemon.wait_for("dual_write_completed", operation="sync_customer_closed", customer_id=ADA)
        assert line["legacy_customer_id"] == str(shadow)
        in_step(shop)
        closed = legacy_customer(shop, "closed_at")
        assert closed is not None
        # a second deletion keeps the time of the first
        update(shop, "UPDATE crm.customer SET deleted_at = deleted_at + interval '1 day', updated_at = now()")
        drained(shop)
        assert legacy_customer(shop, "closed_at") == closed
        update(shop, "UPDATE crm.customer SET deleted_at = NULL, \"fullName\" = 'Back'")
        in_step(shop)
        assert (legacy_customer(shop, "name"), legacy_customer(shop, "closed_at")) == ("Back", None)
        assert legacy_id(shop) == shadow


def test_who_was_never_there_makes_no_row(shop):
    profile(shop, 501)
    customer(shop, deleted_at="2026-01-01")
    period(shop, "gold", "2026-01-01", status="past")
    with Daemon(shop):
        drained(shop)
        assert shop.legacy.value("SELECT count(*)::int FROM shop.loyalty") == 0
        assert shop.legacy.value("SELECT count(*)::int FROM shop.customers WHERE is_active") == 0


def test_what_is_written_only_once_stays(shop):
    everything(shop)
    with Daemon(shop):
        in_step(shop)
        assert shop.legacy.value("SELECT tax_class FROM shop.products") == "standard"
        made = legacy_customer(shop, "created_at")
        as_sync_session(shop, "UPDATE shop.customers SET signup_source = 'fair', created_at = '2001-01-01'")
        as_sync_session(shop, "UPDATE shop.products SET tax_class = 'reduced'")
        update(shop, "UPDATE crm.customer SET \"fullName\" = 'New', created_at = '2002-02-02', updated_at = now()")
        update(shop, "UPDATE crm.product SET title = 'New'")
        wait_until(lambda: legacy_customer(shop, "name") == "New")
        wait_until(lambda: shop.legacy.value("SELECT title FROM shop.products") == "New")
        drained(shop)
        assert legacy_customer(shop, "signup_source") == "fair"
        assert legacy_customer(shop, "created_at::date::text") == "2001-01-01" and made is not None
        assert shop.legacy.value("SELECT tax_class FROM shop.products") == "reduced"


# ---- several rows, several levels --------------------------------------------------------------------------------------


def test_of_several_periods_the_current_one_speaks(shop):
    everything(shop)
    with Daemon(shop):
        in_step(shop)

        def tier():
            return shop.legacy.value("SELECT tier FROM shop.loyalty")

        period(shop, "iron", "2025-01-01 00:00+00", status="past")
        in_step(shop)
        assert tier() == "gold"
        period(shop, "platinum", "2026-03-01 00:00+00")  # two are current: the later one
        in_step(shop)
        assert tier() == "platinum"
        update(shop, "DELETE FROM crm.loyalty_period WHERE tier = 'platinum'")
        in_step(shop)
        assert tier() == "gold"
        update(shop, "UPDATE crm.loyalty_period SET status = 'past'")
        in_step(shop)
        assert tier() is None
        update(shop, "UPDATE crm.loyalty_period SET status = 'current' WHERE tier = 'iron'")
        in_step(shop)
        assert tier() == "iron"


def test_one_active_subscription_is_handed_on(shop):
    """Legacy lets a customer have one ACTIVE subscription: the old one must end before the new one begins."""
    everything(shop)
    with Daemon(shop):
        in_step(shop)
        with shop.connect("app_user") as conn:
            conn.execute("""INSERT INTO crm.subscription (id, "customerId", state, "startsOn")
                            VALUES (2, %s, 'active', '2026-05-05')""", [ADA])
            conn.execute("UPDATE crm.subscription SET state = 'cancelled' WHERE id = 1")
            conn.commit()
        in_step(shop)
        with shop.connect("app_user") as conn:
            conn.execute("UPDATE crm.subscription SET state = 'trial' WHERE id = 1")
            conn.execute("UPDATE crm.subscription SET state = 'paused' WHERE id = 2")
            conn.commit()
        in_step(shop)


def test_a_refused_row_is_named_and_the_others_go_on(shop):
    everything(shop)
    product(shop, "book")
    with Daemon(shop) as daemon:
        in_step(shop)
        item(shop, sku="book", quantity=-1)  # CHECK (quantity > 0)
        subscription(shop, id=7, state="paused")
        line = daemon.wait_for("dual_write_failed", operation="sync_item_created")
        assert (line["sqlstate"], line["constraint"], line["subscription_id"]) == (
            "23514", "subscription_items_quantity_check", "1")
        daemon.wait_for("dual_write_completed", operation="sync_subscription_created", subscription_id=7)
        update(shop, "UPDATE crm.subscription_item SET quantity = 3 WHERE sku = 'book'")
        in_step(shop)


def test_a_child_creates_its_parents(shop):
    """Old rows are not queued; the first change of an item brings its subscription and its customer along."""
    everything(shop)
    shop.execute("DELETE FROM dualwrite.outbox")
    with Daemon(shop):
        update(shop, "UPDATE crm.product SET title = 'Paper'")  # nothing changes, no event
        update(shop, "UPDATE crm.product SET title = 'Newspaper'")
        update(shop, "UPDATE crm.subscription_item SET quantity = 5")
        wait_until(lambda: held(shop)["subscription_items"] != {}, HEALS)
        drained(shop)
        want, have = wanted(shop), held(shop)
        for table in ("products", "customers", "subscriptions", "subscription_items"):
            assert have[table] == want[table], table


# ---- the lookup --------------------------------------------------------------------------------------------------------


def test_who_has_no_profile_yet_waits_for_it(shop):
    product(shop)
    customer(shop)
    subscription(shop)
    item(shop)
    profile(shop, 502)
    customer(shop, BEN, 502)
    with Daemon(shop) as daemon:
        line = daemon.wait_for("dual_write_failed", customer_id=ADA)
        assert line["sqlstate"] == "DW004" and "501" in line["error"] and "retry_in_ms" in line
        daemon.wait_for("dual_write_completed", customer_id=BEN)
        assert shop.legacy.value("SELECT count(*)::int FROM shop.customers") == 1
        profile(shop, 501)
        in_step(shop)


def test_an_item_waits_for_its_product(shop):
    everything(shop)
    with Daemon(shop) as daemon:
        in_step(shop)
        as_sync_session(shop, "DELETE FROM shop.subscription_items")
        as_sync_session(shop, "DELETE FROM shop.products")
        update(shop, "UPDATE crm.subscription_item SET quantity = 9")
        daemon.wait_for("dual_write_failed", operation="sync_item_updated", sqlstate="DW004")
        update(shop, "UPDATE crm.product SET title = 'Paper again'")
        in_step(shop)


def test_an_item_that_is_gone_does_not_miss_its_product(shop):
    """Its legacy row's key is the looked-up sku itself, so nothing is missing when the product went first."""
    everything(shop)
    with Daemon(shop) as daemon:
        in_step(shop)
        as_sync_session(shop, "DELETE FROM shop.subscription_items")
        as_sync_session(shop, "DELETE FROM shop.products")
        update(shop, "DELETE FROM crm.subscription_item")
        update(shop, "DELETE FROM crm.product")
        in_step(shop)
        assert daemon.lines("dual_write_failed") == []


# ---- the suffix --------------------------------------------------------------------------------------------------------


CODES = {  # the first ten characters are the same
    "00000000-0000-4000-8000-000000000002": "association-of-bakers",
    "00000000-0000-4000-8000-000000000001": "association-of-potters",
    "00000000-0000-4000-8000-000000000003": "associatio",
    "00000000-0000-4000-8000-000000000004": "other",
}


def codes(db):
    return {id: legacy_customer(db, "code", id) for id in CODES}


def test_codes_that_share_their_beginning_come_out_the_same_in_any_order(new_shop):
    results = []
    for order in (sorted(CODES), sorted(CODES, reverse=True), list(CODES)):
        db = new_shop()
        install(db)
        for id in order:
            profile(db, int(id[-1]))
            customer(db, id, int(id[-1]), accountCode=CODES[id])
        with Daemon(db):
            in_step(db)
        results.append(codes(db))
    assert results[0] == results[1] == results[2]
    potters, bakers, short, other = (results[0][id] for id in sorted(CODES))
    assert (potters, other) == ("associatio", "other")  # the lowest id keeps it
    assert len({bakers, short, potters}) == 3
    for code in (bakers, short):
        assert len(code) <= 10 and re.fullmatch(r"ass\w*-\w+", code), code


def test_a_code_once_given_is_kept(shop):
    """Who comes later gets the suffix, also with a lower id: an old code may stand on an invoice."""
    with Daemon(shop) as daemon:
        for id in sorted(CODES, reverse=True):
            profile(shop, int(id[-1]))
            customer(shop, id, int(id[-1]), accountCode=CODES[id])
            daemon.wait_for("dual_write_completed", operation="sync_customer_created", customer_id=id)
        before = codes(shop)
        assert before["00000000-0000-4000-8000-000000000003"] == "associatio"
        since = daemon.mark()
        update(shop, "UPDATE crm.customer SET updated_at = now()")
        completed(daemon, 4, since=since)
        assert codes(shop) == before


# ---- types -------------------------------------------------------------------------------------------------------------


VALUES = [
    ("tags", r'''{"a,b","c\"d","e\\f",NULL,"","NULL"," x ","it's"}'''),
    ("tags", "{}"),
    ("tags", '[2:3]={a,b}'),
    ("preferences", r'''{"a": [1, 2.50, 1e3, null], "b": "\u00e4 \" '", "locale": "de"}'''),
    ("preferences", "[]"),
    ("preferences", '{"n": 12345678901234567890.123456789, "locale": "de-CH"}'),
    ("photo", r"\x00ff5c27220a"),
    ("photo", None),
    ("credit", "9999999999.9999"),
    ("credit", "-0.0001"),
    ("credit", "NaN"),
    ("updated_at", "2026-03-29 01:59:59.999999+00"),
    ("updated_at", "infinity"),
    ("updated_at", "0044-03-15 12:00:00+00 BC"),
    ("fullName", "o'\"\\ \u00c5sa \U0001f984 $1 %s \n\t|"),
    ("email", "\u202ertl\u202c"),
]


def test_values_arrive_as_they_are(shop):
    profile(shop, 501)
    customer(shop)
    with Daemon(shop):
        in_step(shop)
        for column, value in VALUES:
            update(shop, f'UPDATE crm.customer SET "{column}" = %s', value)
            in_step(shop)
            arrived = legacy_customer(shop, {"fullName": "name"}.get(column, column) + "::text")
            assert arrived == shop.value(f'SELECT "{column}"::text FROM crm.customer'), (column, value)


def test_big_numbers_in_keys(shop):
    profile(shop, 9007199254740993, 9223372036854775807)
    customer(shop, ADA, 9007199254740993)
    customer(shop, BEN, 9223372036854775807)
    subscription(shop, id=9223372036854775807)
    product(shop, "o'\"\\{}, \u00fc")
    item(shop, 9223372036854775807, "o'\"\\{}, \u00fc")
    with Daemon(shop):
        in_step(shop)


def test_a_thousand_customers(shop):
    shop.legacy.execute("INSERT INTO shop.profiles (user_id, nickname) SELECT n, 'n' FROM generate_series(1, 1000) n")
    shop.execute("""INSERT INTO crm.customer (user_id, "accountCode", "fullName")
                    SELECT n, n, 'c' || n FROM generate_series(1, 1000) n""", user="app_user")
    shop.execute("""INSERT INTO crm.subscription ("customerId", "startsOn") SELECT id, now() FROM crm.customer""",
                 user="app_user")
    with Daemon(shop) as daemon:
        completed(daemon, 2000, timeout=60)
        in_step(shop)
        assert grep(daemon, "dual_write_failed") == []


def test_the_ids_are_uuids():
    assert all(str(uuid.UUID(id)) == id for id in [ADA, BEN, *CODES])
