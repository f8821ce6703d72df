// legacy.mjs - the writing of legacy rows that the peers in node share: the same statements as everybody's.

import { readFileSync } from "node:fs";
import pg from "pg";

// a client of its own for the writes
export async function connect(connectionString) {
    const client = new pg.Client({ connectionString });
    await client.connect();
    // a plan is made once, and of keys: the tables are small when it is made, and grow
    await client.query("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off");
    return client;
}

// write(client, events), events being { entity, key }: gives back the keys of memberships that came before their team, if any
export function writer(teams, memberships) {
    const statements = { team: readFileSync(teams, "utf8"), membership: readFileSync(memberships, "utf8") };
    return async (client, events) => {
        const late = new Set();
        for (const [entity, text] of Object.entries(statements)) {
            const keys = events.filter((event) => event.entity === entity).map((event) => event.key);
            if (keys.length === 0) continue;
            const { rows } = await client.query({ name: entity, text, values: [keys] });
            rows.forEach((row) => late.add(Number(row.id)));
        }
        return late;
    };
}
