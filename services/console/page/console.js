// The console's page: asks for two documents and shows them. What they hold is put into the page as
// text, never as HTML: paths, names and headers in it come from clients.

import {
  below, byId, bytes, clock, count, duration, element, flow, members, millis, percent, setText,
  shadowed, statusTag, table, tag,
} from "./elements.js";

const { uPlot } = window;

const EVERY_MS = 1000;

let paused = false;
let setupNumber = -1;
let setup = null;
let live = null;

// Charts.

const charts = new Map();

function chart(id, lines) {
  const place = byId(id);
  const size = { width: place.clientWidth, height: place.clientHeight };
  const known = charts.get(id);
  if (known) {
    if (known.width !== size.width) known.setSize(size);
    return known.setData(lines);
  }
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--soft"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui",
  };
  const clocks = (_, times) =>
    times.map((time) => new Date(time * 1000).toLocaleTimeString("en-GB"));
  const line = (name) => ({ stroke: colour(name), width: 1.5, points: { show: false } });
  const options = {
    ...size,
    legend: { show: false },
    cursor: { y: false, points: { show: false } },
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.15)] } },
    axes: [
      { ...axis, size: 26, space: 70, values: clocks },
      { ...axis, size: 44 },
    ],
    series: [{}, line("--ok"), line("--warn"), line("--bad")],
  };
  charts.set(id, new uPlot(options, lines, place));
}

function redrawCharts() {
  for (const made of charts.values()) made.destroy();
  charts.clear();
  if (live) showCharts();
}

function showCharts() {
  const history = live.history;
  chart("rate-chart", [history.seconds, history.ok, history.client_errors, history.server_errors]);
  chart("latency-chart", [history.seconds, history.p50, history.p95, history.p99]);
}

// What is live.

function showState() {
  const { gateway, log } = live;
  const banner = byId("banner");
  const since = gateway.fault_since
    ? ` for ${duration(Math.round((live.now - gateway.fault_since) / 1000))}`
    : "";
  banner.hidden = !gateway.fault;
  setText("banner", gateway.fault
    ? `Envoy's admin interface ${gateway.fault}${since}. What is shown was known before.`
    : "");
  const state = gateway.answers
    ? `Envoy ${gateway.version}, ${gateway.state.toLowerCase()}, up ${duration(gateway.uptime_s)}`
    : "no answer from Envoy";
  setText("state", state);
  byId("dot").className = `dot ${gateway.answers && gateway.state === "LIVE" ? "ok" : "bad"}`;
  const unread = log.unread ? `, ${count(log.unread)} could not be` : "";
  const lines = log.source === "none"
    ? "No access log was given."
    : `${count(log.lines)} lines of the access log read${unread}.`;
  setText("foot", `Read-only. Secrets in configurations are masked before they are sent. ${lines}`);
}

function showTiles() {
  const { requests, latency_ms: latency, cache, clusters } = live;
  const share = (number) => (requests.total ? `${percent(number / requests.total)} of all` : "");
  setText("rate", live.per_second === null ? "–" : live.per_second.toFixed(1));
  setText("rate-sub", `${count(requests.total)} in all, ${count(requests.active)} under way`);
  setText("latency", latency ? `${millis(latency.p95)} ms` : "–");
  setText("latency-sub", latency
    ? `p50 ${millis(latency.p50)}, p99 ${millis(latency.p99)}`
    : "no requests just now");
  setText("client-errors", count(requests.client_errors));
  setText("client-errors-sub", share(requests.client_errors));
  setText("server-errors", count(requests.server_errors), requests.server_errors ? "bad" : "");
  setText("server-errors-sub", share(requests.server_errors));
  setText("ratio", cache.ratio === null ? "–" : percent(cache.ratio));
  setText("ratio-sub", cache.configured
    ? `${count(cache.hits)} of ${count(cache.lookups)}`
    : "no cache in the chain");
  const hosts = clusters.flatMap((cluster) => cluster.hosts);
  const healthy = hosts.filter((host) => host.healthy).length;
  setText("hosts", `${healthy} / ${hosts.length}`, healthy < hosts.length ? "bad" : "");
  setText("hosts-sub", `in ${clusters.length} clusters`);
}

function showDecisions() {
  const refused = new Set(live.refusals.map((one) => `${one.filter}.${one.code}`));
  // In the order of the chain, each filter named once.
  const chain = (setup?.listeners ?? []).flatMap((listener) =>
    listener.filters.map((filter) => filter.kind.replaceAll("-", "_")));
  const place = (one) => chain.indexOf(one.filter);
  const sorted = live.decisions.toSorted((one, other) => place(one) - place(other));
  const rows = sorted.map((one, number) => ({
    ...one,
    again: sorted[number - 1]?.filter === one.filter,
    fact: `decision ${one.filter}.${one.code}.${one.mode}`,
  }));
  table("decision-table", "Decisions by filter, code and rule", [
    ["Filter", (row) =>
      element("span", row.again ? "unseen" : "", row.filter.replaceAll("_", "-")), "whole"],
    ["Code", (row) => element("span", "",
      tag(row.code, refused.has(`${row.filter}.${row.code}`) ? "warn" : ""),
      shadowed(row),
      below(row.rules.map((by) => `${by.rule} ${count(by.count)}`).join(" · ")))],
    ["Last min", (row) => count(row.last_minute), "number wide"],
    ["Total", (row) => count(row.total), "number"],
  ], rows, "Nothing has been decided yet.");

  table("refusal-table", "Last refusals", [
    ["Time", (row) => clock(row.time), "time wide"],
    ["Refused", (row) => element("span", "",
      tag(`${row.filter}.${row.code}`, row.shadow ? "" : "warn"),
      row.shadow ? " shadow" : null,
      below([row.rule && `rule ${row.rule}`, row.why].filter(Boolean).join(": ")),
      element("span", "below mono", row.request_id))],
    ["Request", (row) =>
      element("span", "", `${row.method} ${row.path}`, below(row.caller ?? row.client)), "any"],
    ["Status", (row) => statusTag(row.status), "number"],
  ], live.refusals, "None so far.");
}

function showConsumers() {
  const { consumers } = live;
  const isTold = consumers.source === "telemetry";
  setText("consumer-source", isTold
    ? "consumers since the gateway started, subjects since the console did"
    : "since the console started, from the access log");
  const cost = ["Cost", (row) => (row.cost === null ? "–" : count(row.cost)), "number wide"];
  const rows = consumers.rows.map((row) => ({ ...row, fact: `consumer ${row.name}` }));
  if (consumers.others) rows.push({ ...consumers.others, name: "all others", kind: "", tier: "" });
  table("consumer-table", "Top consumers", [
    ["Name", (row) => element("span", "", row.name || "nobody known", " ",
      element("small", "", [row.kind, row.tier].filter(Boolean).join(", "))), "any"],
    ["Requests", (row) => count(row.requests), "number"],
    ["4xx", (row) => count(row.client_errors), "number"],
    ["5xx", (row) => count(row.server_errors), "number"],
    ["Bytes", (row) => bytes(row.bytes), "number wide"],
    ...(isTold ? [cost] : []),
  ], rows, "Nobody has been identified yet.");

  table("limit-table", "Limits", [
    ["Rule", (row) =>
      element("span", "", row.rule, shadowed(row), below(row.key && `by ${row.key}`))],
    ["Limit", (row) => row.limits.join(", ") || "–"],
    ["Within", (row) => count(row.allowed), "number"],
    ["Exceeded", (row) => count(row.exceeded), "number"],
    ["Lost", (row) => count(row.uncounted + row.evicted_live), "number wide"],
  ], live.limits.map((row) => ({ ...row, fact: `limit ${row.rule}` })), "No limits in the chain.");

  table("left-table", "What clients have left", [
    ["Client", (row) => row.client, "any"],
    ["Policy", (row) => row.policy],
    ["Left", (row) => element("span", "",
      meter(row.left, row.quota),
      ` ${count(row.left)}${row.quota === null ? "" : ` of ${count(row.quota)}`}`), "number"],
    ["Told", (row) => `${duration(row.seconds_ago)} ago`, "number wide"],
  ], live.left, fromLog("No client of a limit was seen within its window."));
}

/** What a table says that has no rows and is made from the access log. */
const fromLog = (empty) =>
  (live.log.source === "none" ? "Known from the access log, and none was given." : empty);

function meter(left, quota) {
  if (!quota) return null;
  const made = element("meter", "wide");
  Object.assign(made, { min: 0, max: quota, low: quota / 4, optimum: quota, value: left });
  made.setAttribute("aria-hidden", "true");
  return made;
}

function showUpstreams() {
  const checks = new Map(
    (setup?.clusters ?? []).map((cluster) => [cluster.name, cluster.health_check]),
  );
  const health = (row) =>
    (row.hosts.length && row.healthy === row.hosts.length ? "ok" : "bad");
  const clusters = live.clusters.map((row) => (
    { ...row, check: checks.get(row.name), fact: `cluster ${row.name}` }));
  table("cluster-table", "Clusters", [
    ["Cluster", (row) => element("span", "", row.name, below(checks.get(row.name) ?? ""))],
    ["Health", (row) => element("span", "",
      tag(`${row.healthy} of ${row.hosts.length}`, health(row)),
      ...row.hosts.map((host) =>
        below(host.reason ? `${host.address}: ${host.reason}` : host.address)))],
    ["Requests", (row) => count(row.requests), "number"],
    ["Errors", (row) => count(row.hosts.reduce((sum, host) => sum + host.errors, 0)), "number"],
  ], clusters, "No clusters.");

  const age = (row) =>
    (row.age_s === null ? "–" : `${row.age_is_exact ? "" : "at least "}${duration(row.age_s)}`);
  const failed = (row) => row.failed + row.refused + row.dropped;
  const keySets = live.key_sets.map((row) => ({ ...row, fact: `keys ${row.provider}` }));
  table("key-table", "Key sets", [
    ["Keys", (row) => element("span", "",
      `${row.filter} ${row.provider || row.what}`,
      below(row.cluster
        ? `${row.what} from ${row.cluster}, every ${row.refresh}`
        : `${row.what} in the configuration`))],
    ["Age", (row) => (row.cluster ? age(row) : "–"), "number"],
    ["Fetched", (row) => count(row.fetched), "number"],
    ["Failed", (row) => (failed(row) ? tag(count(failed(row)), "bad") : "0"), "number"],
  ], keySets, "No filter fetches keys.");

  const { cache } = live;
  const facts = [
    ["Hits", `${count(cache.hits)} of ${count(cache.lookups)}`],
    ["Stored", `${bytes(cache.bytes)}${cache.size ? ` of ${cache.size}` : ""}`],
    ["Objects", count(cache.objects)],
    ...Object.entries(cache.events).map(
      ([name, number]) => [name.replaceAll("_", " "), count(number)],
    ),
  ].map(([name, value]) => ({ name, value, fact: `cache ${name}` }));
  table("cache-table", "Cache", [
    ["", (row) => row.name],
    ["", (row) => row.value, "number"],
  ], cache.configured ? facts : [], "No cache in the chain.");
}

function showRequests() {
  table("request-table", "Requests as they happen", [
    ["Time", (row) => clock(row.time), "time"],
    ["Request", (row) =>
      element("span", "", `${row.method} ${row.path}`, below(row.user_agent)), "any"],
    ["Route", (row) => row.route || "–", "wide"],
    ["From", (row) => row.caller ?? "–", "wide"],
    ["Decided", (row) => element("span", "", ...row.notes.flatMap((note) => {
      const decision = `${note.filter}.${note.code}`;
      const decided = decision === row.details;
      if (!note.rule && !decided) return [];
      const shown = tag(decision, row.status >= 400 && decided ? "warn" : "");
      return [shown, note.rule ? ` ${note.rule} ` : " "];
    })), "wide"],
    ["ms", (row) => count(row.duration_ms), "number"],
    ["Status", (row) => statusTag(row.status), "number"],
  ], live.recent, fromLog("None since the console started."));
}

// How the gateway is set up.

function showSetup() {
  const routes = setup.listeners
    .filter((listener) => !listener.internal)
    .flatMap((listener) => listener.routes);
  table("route-table", "Routes", [
    ["Route", (row) => row.name || "–"],
    ["Path", (row) => element("span", "mono", row.path)],
    ["To", (row) => row.to],
    ["Within", (row) => row.timeout ?? "–", "number wide"],
  ], routes, "No routes.");

  const open = new Set(
    [...document.querySelectorAll("details[open]")].map((one) => one.dataset.fact),
  );
  const lists = setup.listeners.map((listener) => {
    const where = listener.internal ? "the gateway alone gets there" : listener.address;
    return element("div", "",
      element("h4", "", `${listener.name} · ${where}`),
      ...listener.filters.map((filter) => showFilter(listener, filter, open)));
  });
  byId("chain-list").replaceChildren(...lists);
}

function showFilter(listener, filter, open) {
  const rules = filter.rules.map((rule, number) => {
    const { name, match, ...rest } = rule !== null && typeof rule === "object" ? rule : { rule };
    return element("tr", "",
      element("td", "whole", name ?? `rules[${number}]`),
      element("td", "mono", match === undefined ? "every request" : flow(match)),
      element("td", "mono", members(rest).join("\n")));
  });
  const settings = members(filter.settings).join("\n");
  const summary = element("summary", "", element("b", "", filter.name),
    filter.mode === "shadow" ? tag("shadow", "warn") : null,
    element("small", "", [
      filter.kind === filter.name ? null : filter.kind,
      filter.within && `in ${filter.within}`,
      filter.wasm ? `${rules.length} ${rules.length === 1 ? "rule" : "rules"}` : null,
    ].filter(Boolean).join(", ")));
  const titles = ["Rule", "Matches", "Does"].map((title) => element("th", "", title));
  const shown = element("details", "", summary, element("div", "",
    settings ? element("pre", "", settings) : null,
    rules.length ? element("table", "rules",
      element("thead", "", element("tr", "", ...titles)),
      element("tbody", "", ...rules)) : null,
    filter.wasm ? null
      : element("p", "note", "A filter of Envoy's: its configuration is not shown.")));
  shown.dataset.fact = `filter ${listener.name} ${filter.name}`;
  shown.open = open.has(shown.dataset.fact);
  return shown;
}

// Asking.

async function ask(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(`the console answered ${answer.status}`);
  return answer.json();
}

async function update() {
  live = await ask("/api/live");
  if (live.setup !== setupNumber) {
    const asked = await ask("/api/setup");
    [setup, setupNumber] = [asked.setup, asked.number];
    showSetup();
  }
  for (const show of [
    showState, showTiles, showDecisions, showConsumers, showUpstreams, showRequests, showCharts,
  ]) show();
  document.body.dataset.updates = String(Number(document.body.dataset.updates ?? 0) + 1);
}

async function run() {
  if (!paused && !document.hidden) {
    try {
      await update();
    } catch (error) {
      byId("banner").hidden = false;
      byId("dot").className = "dot bad";
      setText("banner",
        `The console does not answer: ${error.message}. What is shown was known before.`);
    }
  }
  setTimeout(run, EVERY_MS);
}

byId("pause").addEventListener("click", () => {
  paused = !paused;
  byId("pause").setAttribute("aria-pressed", String(paused));
  setText("pause", paused ? "Resume" : "Pause");
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawCharts);
addEventListener("resize", () => live && showCharts());
run();
