// Texts of a run are untrusted: they enter the page as text nodes only, never as markup.
const make = (tag, className, ...children) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
};

const Text = (() => {
  const COLOURS = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/g;
  const HIDDEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu;

  // Without the colours of terminals, and with characters that cannot be seen, or that turn text around, made visible.
  const plain = (text) => text.replace(COLOURS, "").replaceAll("\r\n", "\n").replace(HIDDEN, picture);
  const picture = (character) => {
    const code = character.codePointAt(0);
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return code === 0x7f ? "␡" : `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  };

  const number = (value) => {
    if (value === null || value === undefined) return "–";
    return value.toLocaleString("en", { maximumFractionDigits: Math.abs(value) < 1 ? 3 : 2 });
  };
  const plural = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;
  const seconds = (value) => (value < 1 ? `${Math.round(value * 1000)} ms` : `${number(value)} s`);

  const GRAMMAR = /(#[^\n]*)|([rbfu]{0,2}(?:'''[\s\S]*?'''|"""[\s\S]*?"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))|\b(\d[\w.]*)\b|\b(False|None|True|and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in|is|lambda|match|nonlocal|not|or|pass|raise|return|try|while|with|yield)\b|\b([A-Za-z_]\w*)(?=\()/gi;
  const KINDS = ["com", "str", "num", "kw", "fn"];
  const code = (source) => {
    const pre = make("pre", "code");
    const text = plain(source);
    let end = 0;
    for (const match of text.matchAll(GRAMMAR)) {
      const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)];
      pre.append(text.slice(end, match.index), make("span", kind, match[0]));
      end = match.index + match[0].length;
    }
    pre.append(text.slice(end));
    return pre;
  };
  const output = (text, className = "out") => make("pre", className, plain(text));

  // A message as a list of ["text", ...] and ["code", ...], taken apart at fences that stand at the beginning of a line.
  const pieces = (message) => {
    const parts = [];
    message.split(/^```/m).forEach((piece, place) => {
      const line = piece.indexOf("\n");
      if (place % 2) parts.push(["code", line < 0 ? piece : piece.slice(line + 1).trimEnd()]);
      else if (piece.trim()) parts.push(["text", piece.trim()]);
    });
    return parts;
  };
  return { plain, number, plural, seconds, code, output, pieces };
})();
