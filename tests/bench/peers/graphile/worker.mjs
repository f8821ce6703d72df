// worker.mjs - graphile-worker at its best for this load: jobs are fetched and completed in batches (its own options), and a
// loader gathers the keys of all jobs that run and writes their rows by one statement per entity.
//
//     node worker.mjs --migrate URL                      makes its schema and ends
//     node worker.mjs URL TEAMS.sql MEMBERSHIPS.sql      works until it is told to end
//
// Says "ready" when it listens.

import { EventEmitter } from "node:events";
import { Logger, run, runMigrations } from "graphile-worker";
import { connect, writer } from "./legacy.mjs";

// what was measured to be best; docs/performance.md
const CONCURRENT = 1000;
const MOST = 2000; // keys in one statement
const preset = {
    worker: {
        concurrentJobs: CONCURRENT,
        localQueue: { size: 4 * CONCURRENT },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
    },
};

const logger = new Logger(() => (level, message) => {
    // warnings are about fewer connections than jobs, but the jobs share the loader's
    if (level === "error") console.error(`graphile-worker: ${message}`);
});

async function migrate(connectionString) {
    await runMigrations({ connectionString, logger });
    console.log("ready");
    process.exit();
}

// load({ entity, key }) is done when that row is in legacy; one write at a time, of everything that came in meanwhile
function loader(client, write) {
    const waiting = [];
    let busy = false;

    async function settle(loads) {
        await client.query("BEGIN");
        const late = await write(client, loads);
        await client.query("COMMIT");
        for (const load of loads) {
            if (load.entity === "membership" && late.has(load.key)) load.reject(new Error("before its team"));
            else load.resolve();
        }
    }

    async function flush() {
        while (waiting.length > 0) {
            const loads = waiting.splice(0, MOST);
            try {
                await settle(loads);
            } catch (error) {
                await client.query("ROLLBACK");
                loads.forEach((load) => load.reject(error));
            }
        }
        busy = false;
    }

    return ({ entity, key }) =>
        new Promise((resolve, reject) => {
            waiting.push({ entity, key, resolve, reject });
            if (busy) return;
            busy = true;
            // after all jobs of this turn have come
            setImmediate(flush);
        });
}

async function work(connectionString, teams, memberships) {
    const client = await connect(connectionString);
    const load = loader(client, writer(teams, memberships));
    const events = new EventEmitter();
    events.once("pool:listen:success", () => console.log("ready"));
    const runner = await run({
        preset: { worker: { ...preset.worker, connectionString } },
        logger,
        events,
        // of a batch job, whose payload is an array, it wants a promise for each part
        taskList: { sync: (job) => (Array.isArray(job) ? job.map(load) : load(job)) },
    });
    await runner.promise;
    await client.end();
}

// not to be left over when whoever started us is killed: it would look for its server for ever
process.stdin.on("end", () => process.exit(1)).resume();

if (process.argv[2] === "--migrate") await migrate(process.argv[3]);
else await work(...process.argv.slice(2));
