-- names.sql: for this transaction, so that catalog.sql prints every name with its schema.
SET LOCAL search_path = pg_catalog
