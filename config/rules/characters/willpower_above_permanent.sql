-- After the bounds of both: this one comes behind them.
SELECT c.id AS key FROM characters_character c WHERE c.temporary_willpower > c.willpower
