"use strict";
// The reader of episodes. Everything an episode says is untrusted: it enters the page as text nodes only, never as markup.
(() => {
  const { episodes, words } = JSON.parse(document.getElementById("data").textContent);
  const list = document.getElementById("list");
  const detail = document.getElementById("detail");
  let shown = [];
  let current = -1;

  const make = (tag, className, ...children) => {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  };
  const outcome = (e) => (e.failure ? "failure" : e.solved ? "solved" : "unsolved");
  const marks = { solved: "✓", unsolved: "✗", failure: "!" };
  const number = (value) => (value === null ? "–" : String(Math.round(value * 1000) / 1000));
  const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
  const pretty = (text) => text.replace("-", ", ").replaceAll("-", " ");

  // --- filters ---
  const fields = {
    arm: ["Arm", (e) => e.arm],
    step: ["Step", (e) => (e.step === null ? null : String(e.step))],
    level: ["Level", (e) => e.level],
    outcome: ["Outcome", outcome],
  };
  const chosen = { text: "" };
  const filters = document.getElementById("filters");
  for (const [key, [title, value]] of Object.entries(fields)) {
    const options = [...new Set(episodes.map(value).filter((v) => v !== null))];
    options.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    const select = make("select", "", new Option("all", ""), ...options.map((v) => new Option(v, v)));
    select.addEventListener("change", () => { chosen[key] = select.value; refresh(); });
    filters.append(make("label", "", title, select));
  }
  const search = make("input");
  search.type = "search";
  search.placeholder = "task, code or output";
  search.addEventListener("input", () => { chosen.text = search.value.toLowerCase(); refresh(); });
  filters.append(make("label", "", "Search", search));

  const textOf = (e) =>
    [e.task, e.submission, ...e.turns.flatMap((t) => [t.action, t.observation])].join("\n").toLowerCase();
  const fits = (e) =>
    Object.entries(fields).every(([key, [, value]]) => !chosen[key] || value(e) === chosen[key]) &&
    (!chosen.text || textOf(e).includes(chosen.text));

  const refresh = () => {
    const before = shown[current];
    shown = episodes.filter(fits);
    list.replaceChildren(...(shown.length ? shown.map(row) : [make("p", "missing", "No episode fits.")]));
    select(Math.max(0, shown.indexOf(before)), false);
  };
  const row = (e, index) => {
    const kind = outcome(e);
    const where = e.step === null ? pretty(e.arm) : `${pretty(e.arm)} · step ${e.step}`;
    const button = make("button", "",
      make("span", `mark ${kind}`, marks[kind]),
      make("span", "task", e.task),
      make("span", "", number(e.reward)),
      make("span", "meta", `${where} · ${plural(e.turns.length, "turn")}`));
    button.type = "button";
    button.setAttribute("role", "option");
    button.addEventListener("click", () => select(index, false));
    return button;
  };
  const select = (index, scroll) => {
    list.querySelector('[aria-selected="true"]')?.removeAttribute("aria-selected");
    current = index;
    const e = shown[index];
    if (!e) { detail.replaceChildren(make("p", "missing", "No episode to show.")); return; }
    const button = list.children[index];
    button.setAttribute("aria-selected", "true");
    if (scroll) button.scrollIntoView({ block: "nearest" });
    detail.replaceChildren(...show(e));
  };
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { j: 1, k: -1 }[event.key];
    if (by && shown[current + by]) select(current + by, true);
  });

  // --- one episode ---
  const show = (e) => {
    const kind = outcome(e);
    const fact = (text, extra = "") => make("span", `fact ${extra}`, text);
    const facts = make("div", "facts",
      fact(e.failure ?? kind, kind), fact(`reward ${number(e.reward)}`), fact(`stop: ${e.stop.replaceAll("_", " ")}`),
      fact(plural(e.turns.length, "turn")), fact(plural(e.turns.reduce((n, t) => n + t.calls, 0), "tool call")),
      fact(`${number(e.seconds)} s`), e.step === null ? null : fact(`step ${e.step}`), fact(pretty(e.arm)), fact(`sample ${e.sample}`));
    const parts = [make("header", "", make("h3", "", e.task), facts), make("h3", "", "Prompt")];
    for (const message of e.messages) {
      const fold = make("details", "", make("summary", "", message.role), make("pre", "", message.content));
      fold.open = message.role === "user";
      parts.push(fold);
    }
    parts.push(make("h3", "", "Turns"), ...e.turns.map(turn));
    if (!e.turns.length) parts.push(make("p", "missing", "No turn was played."));
    parts.push(make("h3", "", "Submission"), e.submission === null ? make("p", "missing", "Nothing was submitted.") : code(e.submission));
    if (e.tests.length) parts.push(make("h3", "", "Verdict"), tests(e.tests));
    const rewards = Object.entries(e.parts);
    if (rewards.length) parts.push(make("h3", "", "Reward"), make("div", "facts", ...rewards.map(([k, v]) => fact(`${k} ${number(v)}`))));
    e.branches.forEach((branch, index) => {
      parts.push(make("h3", "", e.branches.length > 1 ? `Tokens, branch ${index + 1}` : "Tokens"), ...tokens(branch));
    });
    return parts;
  };
  const turn = (t, index) => {
    const facts = [];
    if (t.protocol) facts.push(t.repaired ? `${t.protocol}, repaired: ${t.repaired}` : t.protocol);
    if (t.calls) facts.push(plural(t.calls, "call"));
    if (t.invented) facts.push("invented an output");
    if (t.hostCalls) facts.push(plural(t.hostCalls, "host call"));
    if (t.tokens) facts.push(plural(t.tokens, "token"));
    if (t.finish !== "stop") facts.push(`ended by ${t.finish}`);
    facts.push(`${number(t.policySeconds)} s + ${number(t.environmentSeconds)} s`);
    return make("div", "turn",
      make("div", "who", make("b", "", `Turn ${index + 1}`), make("span", "", facts.join(" · "))),
      ...message(t.action),
      t.parseError ? make("p", "note", t.parseError) : null,
      t.observation ? make("pre", "out", t.observation) : null);
  };
  const message = (text) => {
    const parts = [];
    text.split(/^```/m).forEach((piece, index) => {
      if (index % 2) { const cut = piece.indexOf("\n"); parts.push(code(cut < 0 ? piece : piece.slice(cut + 1).trimEnd())); }
      else if (piece.trim()) parts.push(make("p", "", piece.trim()));
    });
    return parts.length ? parts : [make("p", "missing", "(empty message)")];
  };
  const tests = (outcomes) => {
    const head = make("tr", "", ...["test", "outcome", "message", "time"].map((text) => make("th", "", text)));
    const rows = outcomes.map(([name, result, text, seconds]) => make("tr", "",
      make("td", "", name), make("td", `mark ${result === "passed" ? "solved" : "unsolved"}`, result.replaceAll("_", " ")),
      make("td", "", text), make("td", "", `${number(seconds * 1000)} ms`)));
    return make("div", "scroll", make("table", "tests", make("thead", "", head), make("tbody", "", ...rows)));
  };

  // --- code ---
  const grammar = /(#[^\n]*)|([rbfu]{0,2}(?:'''[\s\S]*?'''|"""[\s\S]*?"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))|\b(\d[\w.]*)\b|\b(False|None|True|and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|match|nonlocal|not|or|pass|raise|return|try|while|with|yield)\b|\b([A-Za-z_]\w*)(?=\()/gi;
  const kinds = ["com", "str", "num", "kw", "fn"];
  const code = (source) => {
    const pre = make("pre", "code");
    let end = 0;
    for (const match of source.matchAll(grammar)) {
      const kind = kinds[match.slice(1).findIndex((group) => group !== undefined)];
      pre.append(source.slice(end, match.index), make("span", kind, match[0]));
      end = match.index + match[0].length;
    }
    pre.append(source.slice(end));
    return pre;
  };

  // --- tokens ---
  const tokens = (branch) => {
    const hasText = branch.ids.some((id) => id in words);
    const strip = make("div", hasText ? "strip" : "strip ids");
    branch.ids.forEach((id, index) => {
      const sampled = branch.mask[index] === 1;
      const span = make("span", sampled ? "" : "masked", hasText ? words[id] ?? `⟨${id}⟩` : String(id));
      const logprob = branch.logprobs[index];
      const known = sampled && logprob !== undefined;
      if (sampled) span.style.background = `rgba(var(--tok), ${known ? 0.1 + 0.6 * (1 - Math.exp(logprob)) : 0.12})`;
      span.title = `id ${id}` + (known ? `, logprob ${logprob}, p = ${Math.exp(logprob).toFixed(3)}` : sampled ? ", sampled" : ", not trained on");
      strip.append(span);
    });
    const bar = make("i");
    bar.style.background = "linear-gradient(90deg, rgba(var(--tok), .1), rgba(var(--tok), .7))";
    const count = branch.mask.reduce((sum, bit) => sum + bit, 0);
    const scale = make("div", "scale",
      make("span", "", `${branch.prompt} prompt + ${branch.ids.length} response tokens, ${count} sampled`),
      branch.logprobs.length ? make("span", "", "sampled: likely", bar, "unlikely") : null,
      make("span", "", "grey: not trained on"),
      branch.exact ? null : make("span", "note", "ids made from text, not what the engine sampled"),
      branch.cut ? make("span", "note", `${branch.cut} more tokens are not shown`) : null);
    return [scale, strip];
  };

  refresh();
})();
