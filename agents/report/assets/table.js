// The table of episodes. Only the rows in view are elements, so that it opens at once however many there are.
const createTable = (index, columns, open) => {
  const box = document.getElementById("grid");
  const BEYOND = 12;
  let order = [];
  let current = -1;
  let sorting = { name: "", down: false };
  let height = 0;

  const above = make("tr", "space", make("td"));
  const below = make("tr", "space", make("td"));
  const body = make("tbody", "", above, below);
  const heads = columns.map((column) => {
    const button = make("button", "", column.title, make("span", "arrow", ""));
    button.type = "button";
    button.addEventListener("click", () => sort(column));
    const head = make("th", column.kind, button);
    head.scope = "col";
    return head;
  });
  const table = make("table", "", make("thead", "", make("tr", "", ...heads)), body);
  table.setAttribute("role", "grid");
  table.setAttribute("aria-label", "Episodes");
  box.append(table);

  const row = (place) => {
    const number = order[place];
    const element = make("tr", `row${place === current ? " current" : ""}`,
      ...columns.map((column) => {
        const cell = make("td", column.kind, column.show(number));
        if (column.long) cell.title = Text.plain(column.value(number));
        return cell;
      }));
    element.setAttribute("aria-rowindex", place + 2);
    element.setAttribute("aria-selected", place === current);
    element.tabIndex = place === current ? 0 : -1;
    element.dataset.place = place;
    return element;
  };

  const draw = () => {
    const focused = body.contains(document.activeElement);
    height ||= measured();
    const top = box.scrollTop;
    const first = Math.max(0, Math.floor(top / height) - BEYOND);
    const last = Math.min(order.length, first + Math.ceil(box.clientHeight / height) + 2 * BEYOND);
    const rows = [];
    for (let place = first; place < last; place += 1) rows.push(row(place));
    above.firstChild.style.height = `${first * height}px`;
    below.firstChild.style.height = `${(order.length - last) * height}px`;
    above.hidden = first === 0;
    below.hidden = last === order.length;
    body.replaceChildren(above, ...rows, below);
    box.scrollTop = top; // taking the focused row away may have moved it
    if (focused) body.querySelector(".current")?.focus({ preventScroll: true });
  };
  const measured = () => {
    if (!order.length) return 36;
    const sample = row(0);
    body.append(sample);
    const tall = sample.getBoundingClientRect().height;
    sample.remove();
    return tall || 36;
  };

  const sort = (column) => {
    const down = sorting.name === column.name ? !sorting.down : Boolean(column.numeric);
    sorting = { name: column.name, down };
    heads.forEach((head, place) => {
      const own = columns[place].name === column.name;
      head.querySelector(".arrow").textContent = own ? (down ? " ↓" : " ↑") : "";
      if (own) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    arrange(order[current]);
  };
  const arrange = (kept) => {
    const column = columns.find(({ name }) => name === sorting.name);
    if (column) {
      const sign = sorting.down ? -1 : 1;
      const keys = new Map(order.map((number) => [number, column.value(number)]));
      order.sort((a, b) => sign * compare(keys.get(a), keys.get(b)) || a - b);
    }
    current = order.indexOf(kept);
    draw();
  };
  const collator = new Intl.Collator("en", { numeric: true });
  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return typeof a === "number" ? a - b : collator.compare(a, b);
  };

  // Shows these episodes, and keeps the one that is open where it is among them.
  const fill = (numbers) => {
    const kept = order[current];
    order = [...numbers];
    table.setAttribute("aria-rowcount", order.length + 1);
    box.scrollTop = 0;
    height = 0;
    arrange(kept);
    if (current < 0) select(0, { scroll: false });
    else reveal();
  };
  const reveal = () => {
    const top = current * height;
    const head = table.tHead.offsetHeight;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + height > box.scrollTop + box.clientHeight - head) box.scrollTop = top + height - box.clientHeight + head;
  };
  const select = (place, { focus = false, scroll = true } = {}) => {
    if (!order.length) { current = -1; open(null); return; }
    current = Math.min(order.length - 1, Math.max(0, place));
    if (scroll) reveal();
    draw();
    if (focus) body.querySelector(".current")?.focus({ preventScroll: true });
    open(order[current], current, order.length);
  };

  box.addEventListener("scroll", () => requestAnimationFrame(draw), { passive: true });
  new ResizeObserver(() => { height = 0; draw(); }).observe(box);
  body.addEventListener("click", (event) => {
    const element = event.target.closest(".row");
    if (element) select(Number(element.dataset.place), { focus: true });
  });
  body.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor(box.clientHeight / height) - 2);
    const to = { ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + page, PageUp: current - page, Home: 0, End: order.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    select(to, { focus: true });
  });
  return {
    fill, select,
    step: (by) => select(current + by),
    focus: () => body.querySelector(".current")?.focus(),
    open: (number) => { const place = order.indexOf(number); if (place >= 0) select(place); return place >= 0; },
  };
};
