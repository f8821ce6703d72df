-- Which legacy subscription is the shadow of which new one. `dualwrited mapping init` asks for this table, because both
-- sides number their subscriptions themselves; it stands in the vNext database.
CREATE TABLE crm.subscription_map (
    vnext_id  bigint  NOT NULL,
    legacy_id integer NOT NULL UNIQUE,
    verified  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (vnext_id)
);
