// One episode as elements: messages, cells with what they showed, the verdict, and the tokens.
const Episode = (() => {
  const { plain, number, plural, seconds, code, output, pieces } = Text;
  const fact = (text, kind = "") => make("span", `fact ${kind}`, text);
  const fold = (title, open, ...content) => {
    const details = make("details", "", make("summary", "", title), ...content);
    details.open = open;
    return details;
  };

  const show = (row, detail, words) => {
    const parts = [make("p", "about", about(row, detail)), facts(row, detail), make("h4", "", "Prompt")];
    for (const [role, text] of detail.messages) parts.push(fold(role, role === "user", output(text, "prompt")));
    parts.push(make("h4", "", "Turns"), ...detail.turns.map(turn));
    if (!detail.turns.length) parts.push(make("p", "missing", "No turn was played."));
    parts.push(make("h4", "", "Submission"));
    parts.push(detail.submission === null ? make("p", "missing", "Nothing was submitted.") : code(detail.submission));
    if (detail.tests.length) parts.push(make("h4", "", "Verdict"), ...verdict(detail.tests));
    const rewards = Object.entries(detail.parts);
    if (rewards.length) {
      parts.push(make("h4", "", "Reward"), make("div", "facts", ...rewards.map(([k, v]) => fact(`${plain(k)} ${number(v)}`))));
    }
    detail.branches.forEach((branch, place) => {
      const title = detail.branches.length > 1 ? `Tokens, branch ${place + 1} of ${detail.branches.length}` : "Tokens";
      parts.push(make("h4", "", title), ...Tokens.strip(branch, words, title));
    });
    return parts;
  };

  const about = (row, detail) =>
    [row.run, row.arm, row.step === null ? "" : `step ${row.step}`, `sample ${row.sample}`,
      detail.attempt > 1 ? `attempt ${detail.attempt}` : "", detail.policy, detail.id]
      .filter(Boolean).map(plain).join(" · ");

  const facts = (row, detail) => make("div", "facts",
    fact(plain(detail.failure ?? row.ending), row.outcome), fact(`reward ${number(row.reward)}`),
    row.tests ? fact(`${row.passed} of ${plural(row.tests, "test")} passed`) : null,
    fact(plural(row.turns, "turn")), fact(plural(row.calls, "tool call")),
    row.tokens ? fact(plural(row.tokens, "token")) : null, fact(seconds(row.seconds)));

  // --- turns ---
  const turn = (t, place) => {
    const notes = [];
    if (t.protocol) notes.push(t.repaired ? `${t.protocol}, repaired: ${t.repaired}` : t.protocol);
    if (t.hostCalls) notes.push(plural(t.hostCalls, "host call"));
    if (t.leftOut) notes.push(`${plural(t.leftOut, "call")} left out`);
    if (t.invented) notes.push("invented an output");
    if (t.tokens) notes.push(plural(t.tokens, "token"));
    if (t.finish && t.finish !== "stop") notes.push(`ended by ${t.finish}`);
    notes.push(`wrote ${seconds(t.policySeconds ?? 0)}, ran ${seconds(t.environmentSeconds ?? 0)}`);
    return make("section", "turn",
      make("div", "who", make("h5", "", `Turn ${place + 1}`), make("span", "", plain(notes.join(" · ")))),
      ...spoken(t, place).filter(Boolean),
      t.parseError ? make("p", "note", plain(t.parseError)) : null,
      ...told(t));
  };

  // The message, with each cell where the message has it; cells of other formats follow the message.
  const spoken = (t, place) => {
    const left = (t.cells ?? []).map((cell, number) => ({ cell, number }));
    const parts = [];
    for (const [kind, text] of pieces(t.said ?? t.action ?? "")) {
      const found = kind === "code" ? left.findIndex(({ cell }) => cell.code.trim() === text.trim()) : -1;
      if (found >= 0) parts.push(shownCell(...Object.values(left.splice(found, 1)[0]), place));
      else parts.push(kind === "code" ? code(text) : make("p", "said", plain(text)));
    }
    if (!parts.length && !left.length) parts.push(make("p", "missing", "(empty message)"));
    const cells = left.map(({ cell, number }) => shownCell(cell, number, place));
    return [...parts, ...cells, t.said === undefined ? null : fold("The message as it was written", false, output(t.action))];
  };

  const shownCell = (cell, place, turnPlace) => {
    const parts = [code(cell.code)];
    for (const [kind, text, picture] of cell.outputs ?? []) {
      if (picture) parts.push(shownPicture(picture, text, `picture that cell ${place + 1} of turn ${turnPlace + 1} showed`));
      else parts.push(output(text, `out ${kind}`));
    }
    if (cell.error) parts.push(output(cell.error, "out error"));
    const notes = [];
    if (cell.status && !["ok", "error"].includes(cell.status)) notes.push(cell.status.replaceAll("_", " "));
    if (cell.cause) notes.push(plain(cell.cause));
    if (cell.lost) notes.push("the variables were lost");
    if (cell.truncated) notes.push(`${plural(cell.truncated, "character")} of output not kept`);
    if (notes.length) parts.push(make("p", "note", notes.join(" · ")));
    const failed = cell.error || (cell.status && cell.status !== "ok");
    const mark = cell.status ? make("span", `run ${failed ? "unsolved" : "solved"}`, `${failed ? "✗" : "✓"} ${seconds(cell.seconds ?? 0)}`) : null;
    return make("div", "cell", make("div", "in", make("span", "", `Cell ${place + 1}`), mark), ...parts);
  };

  const shownPicture = ([type, data], text, name) => {
    const picture = make("img", "picture");
    picture.alt = text ? `${name}: ${plain(text)}` : name;
    picture.loading = "lazy";
    picture.src = type === "image/svg+xml"
      ? `data:${type},${encodeURIComponent(data.isWellFormed?.() === false ? data.toWellFormed() : data)}`
      : `data:${type};base64,${data.replace(/\s/g, "")}`;
    return picture;
  };

  // What the model was told, where the cells do not say it already.
  const told = (t) => {
    if (!t.observation || t.observation === t.parseError) return [];
    const recorded = (t.cells ?? []).some((cell) => cell.status);
    return recorded ? [fold("What the model was told", false, output(t.observation))] : [output(t.observation)];
  };

  // --- verdict ---
  const verdict = (tests) => {
    const passed = tests.filter(([, outcome]) => outcome === "passed").length;
    const bar = make("div", "squares", ...tests.slice(0, 400).map(([name, outcome]) => {
      const square = make("i", outcome === "passed" ? "yes" : outcome === "not_run" ? "skipped" : "no");
      square.title = `${plain(name)}: ${outcome.replaceAll("_", " ")}`;
      return square;
    }));
    bar.setAttribute("role", "img");
    bar.setAttribute("aria-label", `${passed} of ${tests.length} tests passed`);
    const wrong = tests.filter(([, outcome]) => outcome !== "passed");
    const right = tests.filter(([, outcome]) => outcome === "passed");
    const parts = [bar];
    if (wrong.length) parts.push(testTable(wrong.slice(0, 200)));
    if (wrong.length > 200) parts.push(make("p", "caption", `${wrong.length - 200} more tests that did not pass`));
    if (right.length) parts.push(fold(`${plural(right.length, "test")} passed`, false, testTable(right.slice(0, 200))));
    return parts;
  };
  const testTable = (tests) => {
    const head = make("tr", "", ...["test", "outcome", "message", "time", "memory"].map((text) => {
      const cell = make("th", "", text);
      cell.scope = "col";
      return cell;
    }));
    const rows = tests.map(([name, outcome, text, time, memory]) => make("tr", "",
      make("td", "", plain(name)),
      make("td", outcome === "passed" ? "solved" : "unsolved", `${outcome === "passed" ? "✓" : "✗"} ${outcome.replaceAll("_", " ")}`),
      make("td", "message", plain(text)), make("td", "", seconds(time)),
      make("td", "", memory ? `${number(memory / 2 ** 20)} MiB` : "–")));
    return make("div", "scroll", make("table", "tests", make("thead", "", head), make("tbody", "", ...rows)));
  };

  // Everything in an episode that a search looks through.
  const text = (detail) => [
    detail.id, detail.policy, detail.submission, detail.failure, ...detail.messages.map(([, content]) => content),
    ...detail.turns.flatMap((t) => [t.action, t.observation, ...(t.cells ?? []).flatMap((cell) =>
      [cell.code, cell.error, ...(cell.outputs ?? []).map(([, content]) => content)])]),
    ...detail.tests.flatMap(([name, outcome, message]) => [name, outcome, message]),
  ].filter(Boolean).join("\n").toLowerCase();
  return { show, text };
})();
