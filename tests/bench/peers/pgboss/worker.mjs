// worker.mjs - pg-boss at its best for this load: it fetches many jobs at once and completes them in the transaction that
// writes their rows. pg-boss looks for jobs again and again; here it listens as well, which its users add themselves.
//
//     node worker.mjs --migrate URL                      makes its schema and ends
//     node worker.mjs URL TEAMS.sql MEMBERSHIPS.sql      works until it is told to end
//
// Says "ready" when it listens.

import PgBoss from "pg-boss";
import { connect, writer } from "./legacy.mjs";

// a fetch sorts all jobs that wait, so many are fetched at once
const BATCH = 30000;
const POLL_MS = 2000; // pg-boss's own default

// not to be left over when whoever started us is killed
process.stdin.on("end", () => process.exit(1)).resume();

async function boss(connectionString) {
    // neither its maintenance nor its clock: nothing here gets old
    const made = new PgBoss({ connectionString, noSupervisor: true, noScheduling: true });
    made.on("error", (error) => console.error(`pg-boss: ${error}`));
    await made.start();
    return made;
}

async function migrate(connectionString) {
    await boss(connectionString);
    console.log("ready");
    process.exit();
}

async function work(connectionString, teams, memberships) {
    const queue = await boss(connectionString);
    const client = await connect(connectionString);
    const write = writer(teams, memberships);
    const db = { executeSql: (text, values) => client.query(text, values) };
    let rung = false;
    let wake = () => {};

    async function batch() {
        await client.query("BEGIN");
        const jobs = (await queue.fetch("sync", BATCH, { db })) ?? [];
        if (jobs.length > 0) {
            const late = await write(client, jobs.map((job) => job.data));
            if (late.size > 0) throw new Error("memberships before their team");
            await queue.complete(jobs.map((job) => job.id), null, { db });
        }
        await client.query("COMMIT");
        return jobs.length;
    }

    client.on("notification", () => {
        rung = true;
        wake();
    });
    await client.query("LISTEN pgboss_sync");
    console.log("ready");
    for (;;) {
        rung = false;
        if ((await batch()) > 0 || rung) continue;
        await new Promise((resolve) => {
            wake = resolve;
            setTimeout(resolve, POLL_MS);
        });
    }
}

if (process.argv[2] === "--migrate") await migrate(process.argv[3]);
else await work(...process.argv.slice(2));
