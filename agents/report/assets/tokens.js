// A strip of tokens: grey ones were not sampled, sampled ones are the darker the less likely they were.
const Tokens = (() => {
  const { plain, number } = Text;

  const strip = (branch, words, title) => {
    const hasText = branch.ids.some((id) => id in words);
    const spans = make("div", hasText ? "strip" : "strip ids");
    const told = make("output", "told", "Point at a token, or go through them with the arrow keys.");
    branch.ids.forEach((id, place) => spans.append(token(branch, place, hasText ? words[id] ?? `⟨${id}⟩` : String(id))));
    spans.tabIndex = 0;
    spans.setAttribute("role", "group");
    spans.setAttribute("aria-label", `${title}; arrow keys go through them`);
    let current = -1;
    const point = (place) => {
      if (place < 0 || place >= branch.ids.length) return;
      spans.children[current]?.classList.remove("current");
      current = place;
      spans.children[place].classList.add("current");
      told.textContent = describe(branch, place, words);
    };
    spans.addEventListener("pointerover", (event) => {
      const place = [...event.target.classList].includes("token") ? Number(event.target.dataset.place) : -1;
      point(place);
    });
    spans.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!by) return;
      event.preventDefault();
      point(Math.max(0, current + by));
      spans.children[current]?.scrollIntoView({ block: "nearest" });
    });
    return [scale(branch), spans, told];
  };

  const token = (branch, place, text) => {
    const sampled = branch.mask[place] === 1;
    const span = make("span", sampled ? "token sampled" : "token masked", plain(text));
    const logprob = branch.logprobs[place];
    if (sampled) {
      const share = logprob === undefined ? 0.12 : 0.08 + 0.62 * (1 - Math.exp(logprob));
      span.style.setProperty("--share", `${Math.round(share * 100)}%`);
    }
    span.dataset.place = place;
    return span;
  };

  const describe = (branch, place, words) => {
    const logprob = branch.logprobs[place];
    const sampled = branch.mask[place] === 1;
    const known = sampled && logprob !== undefined;
    const text = branch.ids[place] in words ? ` ${JSON.stringify(words[branch.ids[place]])}` : "";
    const odds = known ? `logprob ${logprob}, p = ${Math.exp(logprob).toFixed(3)}` : sampled ? "sampled" : "mask 0: not trained on";
    return plain(`Token ${place + 1} of ${branch.ids.length}: id ${branch.ids[place]}${text}, ${odds}`);
  };

  const scale = (branch) => {
    const sampled = branch.mask.reduce((sum, bit) => sum + bit, 0);
    const total = branch.logprobs.reduce((sum, value, place) => sum + (branch.mask[place] ? value : 0), 0);
    const bar = make("i", "ramp");
    const mean = branch.logprobs.length && sampled ? `, mean logprob ${number(total / sampled)}` : "";
    return make("div", "scale",
      make("span", "", `${number(branch.prompt)} prompt + ${number(branch.ids.length)} response tokens, ${number(sampled)} sampled${mean}`),
      branch.logprobs.length ? make("span", "", "sampled: likely", bar, "unlikely") : null,
      make("span", "", make("span", "token masked", "grey"), ": not trained on"),
      branch.exact ? null : make("span", "note", "ids made from text, not what the engine sampled"),
      branch.cut ? make("span", "note", `${number(branch.cut)} more tokens are not shown`) : null);
  };
  return { strip };
})();
