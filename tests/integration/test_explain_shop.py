"""`dualwrited explain` on the second application: quoted names, uuid and text keys, keys of several columns, three levels,
lookups on the legacy side, suffixes, and every kind of removal."""

import json

import pytest

from conftest import Daemon
from helpers import as_sync_session, cli, drained, forget_events
from test_explain import columns, explain, text
from test_second_app import ADA, BEN, customer, item, new_shop, period, product, profile, shop, subscription  # noqa: F401

pytestmark = pytest.mark.layouts("one", "two")


@pytest.fixture
def stocked(shop):  # noqa: F811
    """One row of each entity, and some that are gone or absent, in step; no daemon is left."""
    with Daemon(shop):
        profile(shop, 501, 502)
        product(shop, "paper")
        product(shop, "it's \"ink\"\n")
        customer(shop, ADA, 501, accountCode="lovelace-a-1", tags=["a", "b,c"], photo=b"\x00\xff",
                 preferences=json.dumps({"locale": "de", "x": None}))
        customer(shop, BEN, 502, accountCode="lovelace-a-2")  # the same in the ten characters that legacy has
        subscription(shop, 1)
        item(shop, 1, "paper")
        item(shop, 1, "it's \"ink\"\n")
        period(shop, "gold", "2026-01-01")
        period(shop, "silver", "2025-01-01")
        drained(shop)
    assert shop.execute("SELECT * FROM dualwrite.failed") == []
    return shop


def every_row(db):
    """(entity, key) of every source row."""
    for entity, table, *key in (("customer", "customer", "id"), ("product", "product", "sku"), ("subscription", "subscription", "id"),
                                ("item", "subscription_item", "subscription_id", "sku"), ("loyalty", "loyalty_period", "id")):
        for row in db.execute(f"SELECT {', '.join(f'{name}::text' for name in key)} FROM crm.{table}"):
            yield entity, row


def naming(entity, key):
    return [f"--entity={entity}", *(f"--key={part}" for part in key)]


def test_every_row_is_in_step(stocked):
    rows = list(every_row(stocked))
    assert len(rows) >= 9
    for entity, key in rows:
        story = explain(stocked, *naming(entity, key))
        assert story["verdict"] == "in step" and story["key"] == list(key), story
        assert all(c["same"] is not False or c["rule"] == "insert_only" for c in story["legacy"][0]["columns"]), story
        # and from the other side
        legacy = story["legacy"][0]["key"].values()
        other = cli(stocked, "explain", f"--entity={entity}", *(f"--legacy={part}" for part in legacy), "--json",
                    user="daemon_login", check=False)
        if entity == "item":  # its key goes through a lookup
            assert other.returncode == 64 and "cannot be turned round: its legacy key sku" in other.stderr
        else:
            assert other.returncode == 0 and json.loads(other.stdout)["identity"] == story["identity"], other.stderr
    assert explain(stocked, f"--customer={ADA.upper()}")["key"] == [ADA]
    assert len(explain(stocked, *naming("loyalty", ("2",)))["vnext"]["keys"]) == 2


def test_every_column_that_drifts_is_named(stocked):
    """Each compared column of each legacy table set to something else is the one that is said to differ."""
    drifts = {"customers": {"name": "'Eve'", "email": "'e@x'", "tags": "'{z}'", "preferences": "'{}'", "photo": "'\\x01'",
                            "credit": "999", "code": "'other'", "is_active": "false"},
              "subscriptions": {"status": "'CANCELLED'", "note": "'n'"}, "products": {"price": "9", "title": "'T'"},
              "subscription_items": {"quantity": "77"}}
    naming_of = {"customers": ("customer", (ADA,)), "subscriptions": ("subscription", ("1",)), "products": ("product", ("paper",)),
                 "subscription_items": ("item", ("1", "paper"))}
    for table, changes in drifts.items():
        args = naming(*naming_of[table])
        key = explain(stocked, *args)["legacy"][0]["key"]
        where = " AND ".join(f'"{name}" = {value!r}' for name, value in key.items())
        for column, value in changes.items():
            old = as_sync_session(stocked, f"SELECT {column}::text FROM shop.{table} WHERE {where}")[0][0]
            as_sync_session(stocked, f"UPDATE shop.{table} SET {column} = {value} WHERE {where}")
            story = explain(stocked, *args, code=1)
            assert [name for name, c in columns(story).items() if c["same"] is False and c["rule"] != "insert_only"] == [column]
            assert "drifted" in story["verdict"]
            as_sync_session(stocked, f"UPDATE shop.{table} SET {column} = %s WHERE {where}", [old])
            assert explain(stocked, *args)["in_step"] is True, (table, column)


def test_removals(stocked):
    forget = lambda: forget_events(stocked)  # noqa: E731
    # deleted with its source row: gone without an event, the legacy row is an orphan
    legacy = explain(stocked, *naming("loyalty", ("1",)))["legacy"][0]["key"]["customer_id"]
    stocked.execute("DELETE FROM crm.loyalty_period")
    story = explain(stocked, *naming("loyalty", ("1",)), code=1)  # its event says which legacy row it had
    assert story["waiting"]["total"] == 2 and story["vnext"]["found"] is False
    forget()
    args = ["--entity=loyalty", f"--legacy={legacy}"]
    story = explain(stocked, *args, code=1)
    assert "gone from vNext without an event" in story["verdict"] and story["legacy"][0]["found"] is True
    as_sync_session(stocked, "DELETE FROM shop.loyalty")
    assert "there is no such row" in explain(stocked, *args, code=1)["verdict"]
    # kept: whatever legacy has is right
    stocked.execute("DELETE FROM crm.subscription_item; DELETE FROM crm.product WHERE sku = 'paper'")
    forget()
    assert explain(stocked, "--entity=product", "--legacy=paper")["in_step"] is True


def test_a_lookup_that_finds_nothing(stocked):
    other = "b0000000-0000-4000-8000-00000000000c"
    customer(stocked, other, 999)
    forget_events(stocked)
    story = explain(stocked, f"--customer={other}", code=1)
    assert story["verdict"].startswith("legacy would refuse it: the lookup of customer.profile_id finds no row")
    assert columns(story)["name"]["vnext"] == "Ada Lovelace" and "999" in text(stocked, f"--customer={other}", code=1)
