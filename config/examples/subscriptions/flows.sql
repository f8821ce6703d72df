-- A customer's life, as the vNext application would write it: each flow in a transaction of its own. A line "-- flow: ..."
-- begins one and says it in plain words. The first is the sign-in service's, in the legacy database.

-- legacy flow: the sign-in service knows user 501
INSERT INTO shop.profiles (user_id, nickname) VALUES (501, 'ada');

-- flow: two products
BEGIN;
INSERT INTO crm.product (sku, title, price, labels)
VALUES ('paper-daily', 'Daily paper', 1.2500, '{print,"six days"}'),
       ('paper-weekend', 'Weekend paper', 2.9900, '{print}');
COMMIT;

-- flow: a customer signs up, with a trial of the daily paper and a loyalty tier
BEGIN;
SET LOCAL dualwrite.actor_id = '501';
INSERT INTO crm.customer (id, user_id, "accountCode", "fullName", email, tags, preferences, credit)
VALUES ('5f1c2a7e-0b5d-4c6e-9a51-3b8f0a2d7c11', 501, 'lovelace-ada-1815', 'Ada Lovelace', NULL, '{vip,"early bird"}',
        '{"locale": "en-GB", "news": true}', 12.3456);
INSERT INTO crm.subscription (id, "customerId", "startsOn")
VALUES (1, '5f1c2a7e-0b5d-4c6e-9a51-3b8f0a2d7c11', '2026-01-05');
INSERT INTO crm.subscription_item (subscription_id, sku, quantity, unit_price) VALUES (1, 'paper-daily', 1, 1.2500);
INSERT INTO crm.loyalty_period ("customerId", tier) VALUES ('5f1c2a7e-0b5d-4c6e-9a51-3b8f0a2d7c11', 'bronze');
COMMIT;

-- flow: the trial becomes a paid subscription, of two copies
BEGIN;
UPDATE crm.subscription SET state = 'active', note = 'leave it at the door' WHERE id = 1;
UPDATE crm.subscription_item SET quantity = 2 WHERE subscription_id = 1;
COMMIT;

-- flow: the customer moves to the weekend paper: one subscription ends, another begins
BEGIN;
UPDATE crm.subscription SET state = 'cancelled' WHERE id = 1;
DELETE FROM crm.subscription_item WHERE subscription_id = 1;
INSERT INTO crm.subscription (id, "customerId", state, "startsOn")
VALUES (2, '5f1c2a7e-0b5d-4c6e-9a51-3b8f0a2d7c11', 'active', '2026-02-01');
INSERT INTO crm.subscription_item (subscription_id, sku, quantity, unit_price) VALUES (2, 'paper-weekend', 1, 2.9900);
COMMIT;

-- flow: silver instead of bronze
BEGIN;
UPDATE crm.loyalty_period SET status = 'past' WHERE "customerId" = '5f1c2a7e-0b5d-4c6e-9a51-3b8f0a2d7c11';
INSERT INTO crm.loyalty_period ("customerId", tier, points)
VALUES ('5f1c2a7e-0b5d-4c6e-9a51-3b8f0a2d7c11', 'silver', 120.50);
COMMIT;

-- flow: the daily paper is not sold any more
BEGIN;
DELETE FROM crm.product WHERE sku = 'paper-daily';
COMMIT;

-- flow: the customer leaves: a soft delete, and the tier ends
BEGIN;
UPDATE crm.loyalty_period SET status = 'past' WHERE "customerId" = '5f1c2a7e-0b5d-4c6e-9a51-3b8f0a2d7c11';
UPDATE crm.customer SET deleted_at = now(), updated_at = now() WHERE id = '5f1c2a7e-0b5d-4c6e-9a51-3b8f0a2d7c11';
COMMIT;

-- flow: the customer returns, with another name
BEGIN;
UPDATE crm.customer SET deleted_at = NULL, "fullName" = 'Ada King', updated_at = now()
WHERE id = '5f1c2a7e-0b5d-4c6e-9a51-3b8f0a2d7c11';
COMMIT;
