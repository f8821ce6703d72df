-- XP is spent, approved, denied and awarded here, each in one statement of the caller's: all of it happens or nothing. They run
-- with the caller's rights. Rows are locked in one order, request or scene first, then characters by id, so two of these
-- cannot wait for each other. XP in is XP out: what a character has, what waits in requests and what was approved add up
-- to what was awarded; so an award or a refund that would not fit is refused, not cut.
--
-- SQLSTATEs: XP001 no such character, XP002 no such request, XP003 no such scene, XP004 not enough XP, XP005 not a number of XP,
-- XP006 the request was decided, XP007 the scene was awarded, XP008 the character's status, XP009 more than 9999 XP, XP010 no
-- such trait or value, XP011 a move of status that there is not.

-- What a trait may be; no row: there is no such trait.
CREATE FUNCTION xp_trait_bounds(trait_name text)
RETURNS TABLE (low integer, high integer)
LANGUAGE sql IMMUTABLE SET search_path FROM CURRENT
AS $$
    SELECT b.low, 10
    FROM (VALUES (1, ARRAY['strength', 'dexterity', 'stamina', 'perception', 'intelligence', 'wits', 'charisma', 'manipulation',
                           'appearance', 'willpower']),
                 (0, ARRAY['alertness', 'athletics', 'brawl', 'dodge', 'empathy', 'expression', 'intimidation', 'leadership',
                           'streetwise', 'subterfuge', 'animal_ken', 'crafts', 'drive', 'etiquette', 'firearms', 'melee',
                           'performance', 'security', 'stealth', 'survival', 'academics', 'computer', 'finance',
                           'investigation', 'law', 'linguistics', 'medicine', 'occult', 'politics', 'science'])) b(low, traits)
    WHERE trait_name = ANY (b.traits)
$$;

-- Takes the cost off at once and notes the request; returns its id. It waits for approve_xp_spend() or deny_xp_spend().
CREATE FUNCTION spend_xp(character_key bigint, trait_name text, new_value integer, xp_cost integer)
RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    had characters_character;
    request bigint;
BEGIN
    IF xp_cost IS NULL OR xp_cost NOT BETWEEN 1 AND 9999 THEN
        RAISE EXCEPTION USING ERRCODE = 'XP005', MESSAGE = format('%s is no cost: it is 1 to 9999 XP', coalesce(xp_cost::text, 'NULL'));
    END IF;
    IF new_value IS NULL OR NOT EXISTS (SELECT FROM xp_trait_bounds(trait_name) b WHERE new_value BETWEEN b.low AND b.high) THEN
        RAISE EXCEPTION USING ERRCODE = 'XP010',
            MESSAGE = format('no trait %s can be %s', coalesce(quote_literal(trait_name), 'NULL'), coalesce(new_value::text, 'NULL'));
    END IF;
    SELECT * INTO had FROM characters_character c WHERE c.id = character_key FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'XP001', MESSAGE = format('there is no character %s', coalesce(character_key::text, 'NULL'));
    END IF;
    IF had.status IS DISTINCT FROM 'App' THEN
        RAISE EXCEPTION USING ERRCODE = 'XP008',
            MESSAGE = format('character %s has the status %s: only an approved one (App) spends XP', had.id, coalesce(had.status, 'NULL'));
    END IF;
    IF (to_jsonb(had) ->> trait_name)::integer >= new_value THEN
        RAISE EXCEPTION USING ERRCODE = 'XP010',
            MESSAGE = format('%s of character %s is %s already', trait_name, had.id, to_jsonb(had) ->> trait_name);
    END IF;
    IF had.xp IS NULL OR had.xp < xp_cost THEN
        RAISE EXCEPTION USING ERRCODE = 'XP004',
            MESSAGE = format('character %s has %s XP, not the %s that this costs', had.id, coalesce(had.xp::text, 'no'), xp_cost);
    END IF;
    UPDATE characters_character c SET xp = c.xp - xp_cost WHERE c.id = had.id;
    INSERT INTO characters_xpspend (character_id, trait, value, cost, status)
    VALUES (had.id, trait_name, new_value, xp_cost, 'Pending') RETURNING id INTO request;
    RETURN request;
END
$$;

-- The trait gets its new value, and the request is Approved.
CREATE FUNCTION approve_xp_spend(request_key bigint, by_user bigint DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    asked characters_xpspend;
    had characters_character;
BEGIN
    SELECT * INTO asked FROM characters_xpspend s WHERE s.id = request_key FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'XP002', MESSAGE = format('there is no request %s', coalesce(request_key::text, 'NULL'));
    END IF;
    IF asked.status IS DISTINCT FROM 'Pending' THEN
        RAISE EXCEPTION USING ERRCODE = 'XP006', MESSAGE = format('request %s is %s already', asked.id, coalesce(asked.status, 'NULL'));
    END IF;
    IF NOT EXISTS (SELECT FROM xp_trait_bounds(asked.trait) b WHERE asked.value BETWEEN b.low AND b.high) THEN
        RAISE EXCEPTION USING ERRCODE = 'XP010', MESSAGE = format('no trait %L can be %s', asked.trait, asked.value),
            HINT = format('deny_xp_spend(%s) gives the XP back', asked.id);
    END IF;
    SELECT * INTO had FROM characters_character c WHERE c.id = asked.character_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'XP001', MESSAGE = format('there is no character %s', asked.character_id);
    END IF;
    IF had.status IS DISTINCT FROM 'App' THEN
        RAISE EXCEPTION USING ERRCODE = 'XP008',
            MESSAGE = format('character %s has the status %s: only an approved one (App) spends XP', had.id, coalesce(had.status, 'NULL')),
            HINT = format('deny_xp_spend(%s) gives the XP back', asked.id);
    END IF;
    IF (to_jsonb(had) ->> asked.trait)::integer >= asked.value THEN
        RAISE EXCEPTION USING ERRCODE = 'XP010',
            MESSAGE = format('%s of character %s is %s already', asked.trait, had.id, to_jsonb(had) ->> asked.trait),
            HINT = format('deny_xp_spend(%s) gives the XP back', asked.id);
    END IF;
    EXECUTE format('UPDATE characters_character SET %I = $1 WHERE id = $2', asked.trait) USING asked.value, had.id;
    UPDATE characters_xpspend s SET status = 'Approved', decided_at = now(), decided_by = by_user WHERE s.id = asked.id;
END
$$;

-- The XP goes back, whatever has become of the character, and the request is Denied.
CREATE FUNCTION deny_xp_spend(request_key bigint, by_user bigint DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    asked characters_xpspend;
    had characters_character;
BEGIN
    SELECT * INTO asked FROM characters_xpspend s WHERE s.id = request_key FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'XP002', MESSAGE = format('there is no request %s', coalesce(request_key::text, 'NULL'));
    END IF;
    IF asked.status IS DISTINCT FROM 'Pending' THEN
        RAISE EXCEPTION USING ERRCODE = 'XP006', MESSAGE = format('request %s is %s already', asked.id, coalesce(asked.status, 'NULL'));
    END IF;
    IF asked.cost IS NULL OR asked.cost < 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'XP005', MESSAGE = format('request %s costs %s XP', asked.id, coalesce(asked.cost::text, 'NULL'));
    END IF;
    SELECT * INTO had FROM characters_character c WHERE c.id = asked.character_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'XP001', MESSAGE = format('there is no character %s', asked.character_id);
    END IF;
    IF coalesce(had.xp, 0)::bigint + asked.cost > 9999 THEN
        RAISE EXCEPTION USING ERRCODE = 'XP009',
            MESSAGE = format('character %s has %s XP: with the %s of request %s it would be more than 9999', had.id, had.xp, asked.cost, asked.id);
    END IF;
    UPDATE characters_character c SET xp = coalesce(c.xp, 0) + asked.cost WHERE c.id = had.id;
    UPDATE characters_xpspend s SET status = 'Denied', decided_at = now(), decided_by = by_user WHERE s.id = asked.id;
END
$$;

-- So many XP for each that took part in a finished scene, or for those of them that are named; once. Returns how many got it.
CREATE FUNCTION award_scene_xp(scene_key bigint, amount integer DEFAULT 1, to_characters bigint[] DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    scene game_scene;
    awarded bigint[];
    stranger bigint;
    rich characters_character;
BEGIN
    IF amount IS NULL OR amount NOT BETWEEN 1 AND 9999 THEN
        RAISE EXCEPTION USING ERRCODE = 'XP005', MESSAGE = format('%s is no award: it is 1 to 9999 XP', coalesce(amount::text, 'NULL'));
    END IF;
    SELECT * INTO scene FROM game_scene s WHERE s.id = scene_key FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'XP003', MESSAGE = format('there is no scene %s', coalesce(scene_key::text, 'NULL'));
    END IF;
    IF scene.xp_given THEN
        RAISE EXCEPTION USING ERRCODE = 'XP007', MESSAGE = format('the XP of scene %s was given already', scene.id);
    END IF;
    IF scene.finished IS NOT TRUE THEN
        RAISE EXCEPTION USING ERRCODE = 'XP008', MESSAGE = format('scene %s is not finished', scene.id);
    END IF;
    SELECT coalesce(array_agg(l.id), '{}') INTO awarded
    FROM (SELECT c.id FROM characters_character c
          WHERE c.id IN (SELECT p.character_id FROM game_scene_characters p WHERE p.scene_id = scene.id)
            AND (to_characters IS NULL OR c.id = ANY (to_characters))
          ORDER BY c.id FOR UPDATE) l;
    SELECT t INTO stranger FROM unnest(to_characters) t WHERE (t = ANY (awarded)) IS NOT TRUE LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'XP001',
            MESSAGE = format('character %s took no part in scene %s', coalesce(stranger::text, 'NULL'), scene.id);
    END IF;
    SELECT * INTO rich FROM characters_character c
    WHERE c.id = ANY (awarded) AND coalesce(c.xp, 0)::bigint + amount > 9999 ORDER BY c.id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'XP009',
            MESSAGE = format('character %s has %s XP: with %s more it would be more than 9999', rich.id, rich.xp, amount),
            HINT = 'nobody got any: award the others, by naming them';
    END IF;
    UPDATE characters_character c SET xp = coalesce(c.xp, 0) + amount WHERE c.id = ANY (awarded);
    UPDATE game_scene s SET xp_given = true WHERE s.id = scene.id;
    RETURN cardinality(awarded);
END
$$;

-- A status moves only as it may: Un to Sub or Ret, Sub to Un, App or Ret, App to Ret or Dec, Ret to App, Dec nowhere. What is
-- none of them goes to Un, as the mend does.
CREATE FUNCTION guard_character_status()
RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
BEGIN
    IF coalesce(CASE OLD.status WHEN 'Un' THEN NEW.status IN ('Sub', 'Ret')
                                WHEN 'Sub' THEN NEW.status IN ('Un', 'App', 'Ret')
                                WHEN 'App' THEN NEW.status IN ('Ret', 'Dec')
                                WHEN 'Ret' THEN NEW.status = 'App'
                                WHEN 'Dec' THEN false
                                ELSE NEW.status = 'Un' END, false) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'XP011',
        MESSAGE = format('character %s has the status %s, which cannot become %s', OLD.id, coalesce(OLD.status, 'NULL'), coalesce(NEW.status, 'NULL'));
END
$$;

-- After the row's other triggers: what they make of the status counts.
CREATE TRIGGER character_status AFTER UPDATE ON characters_character
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION guard_character_status();
