// Puts table, filters, search and reader together.
const { plain, number, plural } = Text;
const grid = document.getElementById("grid");
const detail = document.getElementById("detail");
const state = document.getElementById("status");
const filters = document.getElementById("filters");

const start = async () => {
  const { columns, count, blocks, words } = await Blocks.read("index");
  const coded = (name) => columns[name] && columns[name].codes !== undefined;
  const value = (name, row) => (coded(name) ? columns[name].values[columns[name].codes[row]] : columns[name][row]);
  const different = (name) => (coded(name) ? columns[name].values.filter((v) => v !== "").length : new Set(columns[name]).size);
  const rowOf = (row) => Object.fromEntries(Object.keys(columns).map((name) => [name, value(name, row)]));
  const blockOf = (row) => {
    let low = 0;
    let high = blocks.length - 1;
    while (low < high) { const middle = (low + high + 1) >> 1; if (blocks[middle] <= row) low = middle; else high = middle - 1; }
    return low;
  };
  const wordsOf = (row) => { const place = words.indexOf(value("run", row)); return place < 0 ? {} : Blocks.read(`words-${place}`); };
  if (!count) { state.textContent = "No episodes yet."; return; }

  // --- the table ---
  const marks = { solved: "✓", unsolved: "✗", failure: "!" };
  const shown = (name) => (row) => plain(String(value(name, row) ?? "–"));
  const figure = (name) => (row) => number(value(name, row));
  const column = (name, title, options = {}) => ({ name, title, kind: "", show: shown(name), value: (row) => value(name, row), ...options });
  const many = (name) => different(name) > 1;
  const some = (name) => columns[name].some(Boolean);
  const table = createTable(count, [
    column("outcome", "", { kind: "mark", show: (row) => make("span", value("outcome", row), marks[value("outcome", row)]) }),
    column("task", "task", { kind: "task", long: true }),
    many("run") ? column("run", "run", { kind: "minor text", long: true }) : null,
    many("arm") ? column("arm", "evaluation", { kind: "minor text", long: true }) : null,
    some("step") ? column("step", "step", { kind: "minor", numeric: true }) : null,
    many("level") ? column("level", "level", { kind: "minor text", long: true }) : null,
    column("reward", "reward", { numeric: true, show: figure("reward") }),
    some("tests") ? column("passed", "tests", { kind: "minor", numeric: true, show: (row) => (value("tests", row) ? `${value("passed", row)}/${value("tests", row)}` : "–") }) : null,
    column("turns", "turns", { numeric: true, show: figure("turns") }),
    some("calls") ? column("calls", "calls", { kind: "minor", numeric: true, show: figure("calls") }) : null,
    some("tokens") ? column("tokens", "tokens", { kind: "minor", numeric: true, show: figure("tokens") }) : null,
    column("seconds", "seconds", { kind: "minor", numeric: true, show: figure("seconds") }),
    column("ending", "ended", { kind: "minor text", long: true }),
  ].filter(Boolean), (row, place, total) => open(row, place, total));

  // --- filters and search ---
  const chosen = {};
  let query = "";
  let found = null;
  const labelled = { run: "Run", arm: "Evaluation", set: "Task set", level: "Level", step: "Step", outcome: "Outcome", ending: "Ended" };
  for (const [name, title] of Object.entries(labelled)) {
    const sizes = new Map();
    for (let row = 0; row < count; row += 1) {
      const own = value(name, row);
      if (own !== null && own !== "") sizes.set(String(own), (sizes.get(String(own)) ?? 0) + 1);
    }
    if (sizes.size < 2) continue;
    const names = [...sizes.keys()].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    const select = make("select", "", new Option("all", ""), ...names.map((own) => new Option(`${plain(own)} (${number(sizes.get(own))})`, own)));
    select.addEventListener("change", () => { chosen[name] = select.value; refresh(); });
    filters.append(make("label", "", title, select));
  }
  const search = make("input");
  search.type = "search";
  search.placeholder = "task, code, output, message";
  filters.prepend(make("label", "wide-field", "Search", search));

  const fits = (row) => Object.entries(chosen).every(([name, wanted]) => !wanted || String(value(name, row)) === wanted);
  const named = (row) => ["task", "ending", "level"].some((name) => String(value(name, row)).toLowerCase().includes(query));
  const refresh = () => {
    const rows = [];
    for (let row = 0; row < count; row += 1) if (fits(row) && (!query || found.has(row))) rows.push(row);
    table.fill(rows);
    grid.classList.toggle("empty", !rows.length);
    return rows.length;
  };
  const tell = (fitting, more = "") => {
    state.textContent = (fitting === count ? plural(count, "episode") : `${number(fitting)} of ${plural(count, "episode")}`) + more;
  };
  let latest = 0;
  const look = async () => {
    const own = latest += 1;
    query = search.value.trim().toLowerCase();
    found = new Set();
    for (let row = 0; query && row < count; row += 1) if (named(row)) found.add(row);
    tell(refresh());
    for (let block = 0; query && block < blocks.length; block += 1) {
      const episodes = await Blocks.read(`block-${block}`);
      if (own !== latest) return;
      const before = found.size;
      episodes.forEach((episode, place) => { if (Episode.text(episode).includes(query)) found.add(blocks[block] + place); });
      const done = block === blocks.length - 1;
      if (found.size > before || done) tell(refresh(), done ? "" : ", searching …");
    }
  };
  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(look, 180); });
  filters.addEventListener("change", (event) => { if (event.target !== search) tell(refresh()); });

  // --- the reader ---
  let asked = 0;
  const open = async (row, place, total) => {
    const own = asked += 1;
    if (row === null) { detail.replaceChildren(make("p", "missing", "No episode fits.")); return; }
    const block = blockOf(row);
    const [episodes, own_words] = await Promise.all([Blocks.read(`block-${block}`), wordsOf(row)]);
    if (own !== asked) return;
    const about = rowOf(row);
    detail.replaceChildren(header(about, place, total), ...Episode.show(about, episodes[row - blocks[block]], own_words));
    detail.setAttribute("aria-label", `Episode ${plain(about.task)}`);
    if (moved) history.replaceState(null, "", `#episode=${about.id}`);
    moved = true;
  };
  let moved = false;
  const header = (about, place, total) => {
    const step = (text, label, by, last) => {
      const button = make("button", "quiet", text);
      button.type = "button";
      button.disabled = last;
      button.setAttribute("aria-label", label);
      button.addEventListener("click", () => { table.step(by); detail.scrollIntoView({ block: "start" }); });
      return button;
    };
    return make("header", "",
      make("h3", "", make("span", `mark ${about.outcome}`, marks[about.outcome]), plain(about.task)),
      make("div", "steps", make("span", "", `${number(place + 1)} of ${number(total)}`),
        step("←", "Previous episode", -1, place === 0), step("→", "Next episode", 1, place === total - 1)));
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      if (event.target === search && search.value) { search.value = ""; look(); } else table.focus();
      return;
    }
    if (event.target.matches("input, select, textarea")) return;
    if (event.key === "/") { event.preventDefault(); search.focus(); }
    if (event.key === "Enter" && event.target.matches(".row")) { detail.focus(); detail.scrollIntoView({ block: "start" }); }
    const by = { j: 1, k: -1 }[event.key];
    if (by) table.step(by);
  });

  tell(refresh());
  const linked = /^#episode=(\w+)$/.exec(location.hash);
  if (linked && table.open(columns.id.indexOf(linked[1]))) detail.scrollIntoView({ block: "start" });
};

const theme = document.getElementById("theme");
const dark = () => (document.documentElement.style.colorScheme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const nameTheme = () => { theme.textContent = dark() ? "Light" : "Dark"; };
theme.addEventListener("click", () => { document.documentElement.style.colorScheme = dark() ? "light" : "dark"; nameTheme(); });
theme.hidden = false;
nameTheme();

start().catch((error) => { state.textContent = `The episodes cannot be shown: ${error.message}`; });
