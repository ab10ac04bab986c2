// What is wrong with how this page looks at a width, in words; one phrase a fault.
(width) => {
  const faults = [];
  const hidden = '.vh, .skip:not(:focus), svg';
  const called = (e) => {
    const classes = [...e.classList].map((name) => `.${name}`).join('');
    return `<${e.localName}${classes}> “${e.textContent.trim().slice(0, 40)}”`;
  };
  const details = [...document.querySelectorAll('details')];
  details.forEach((e) => { e.open = true; });

  // Nothing stands beyond the edges but what scrolls by itself, and words no browser breaks.
  const outside = (box) => box.width > 0 && (box.right > width + 0.5 || box.left < -0.5);
  const scrolls = (e) => e.closest('.body :is(table, pre, ruby)');
  const wide = document.documentElement.scrollWidth;
  if (wide > width) faults.push(`the page is ${wide} px wide`);
  for (const e of document.body.querySelectorAll('*')) {
    if (e.closest(hidden) || scrolls(e.parentElement) || e.localName === 'ruby') continue;
    const box = e.getBoundingClientRect();
    if (outside(box)) faults.push(`${called(e)} stands from ${box.left} to ${box.right}`);
  }

  // Every word can be read.
  const channels = (color) => {
    const found = color.match(/^rgba?\(([\d., ]+)\)$/);
    const [r, g, b, a = 1] = found ? found[1].split(',').map(Number) : [0, 0, 0, NaN];
    return { r, g, b, a };
  };
  const light = ({ r, g, b }) => {
    const part = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.a !== 0) return color;
    }
    return { a: NaN };
  };
  const faint = (e, style) => {
    const [ink, paper] = [channels(style.color), ground(e)];
    for (let at = e; at; at = at.parentElement) {
      if (getComputedStyle(at).opacity !== '1') return 'it is half transparent';
    }
    if (ink.a !== 1 || paper.a !== 1) return `${style.color} on an unknown ground`;
    const [low, high] = [light(ink), light(paper)].sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    return contrast < 4.5 ? `its contrast is ${contrast.toFixed(2)}` : null;
  };
  const lines = [];
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = words.nextNode(); node; node = words.nextNode()) {
    const e = node.parentElement;
    if (!node.data.trim() || e.closest(hidden) || !e.checkVisibility()) continue;
    const why = faint(e, getComputedStyle(e));
    if (why) faults.push(`${called(e)}: ${why}`);
    range.selectNodeContents(node);
    if (scrolls(e)) continue;
    const boxes = [...range.getClientRects()].filter((box) => box.width > 0);
    if (boxes.some(outside)) faults.push(`${called(e)}: its words run out of the page`);
    lines.push(...boxes.map((box) => ({ e, box, middle: (box.top + box.bottom) / 2 })));
  }

  // No words stand on others.
  lines.sort((a, b) => a.box.top - b.box.top);
  lines.forEach((one, n) => {
    for (const other of lines.slice(n + 1)) {
      if (other.box.top > one.middle) break;
      const across = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
      if (across > 1 && one.middle < other.box.bottom && one.e !== other.e) {
        faults.push(`${called(one.e)} stands on ${called(other.e)}`);
      }
    }
  });

  // What a name holds does not turn its neighbours round.
  for (const meta of document.querySelectorAll('.meta')) {
    const parts = [...meta.children].map((e) => e.getClientRects());
    parts.slice(1).forEach((now, n) => {
      const [before] = [...parts[n]].slice(-1);
      if (before?.top === now[0]?.top && before.left > now[0].left) {
        faults.push(`${called(meta)} reads from right to left`);
      }
    });
  }
  for (const e of document.querySelectorAll('input[placeholder]')) {
    const why = faint(e, getComputedStyle(e, '::placeholder'));
    if (why) faults.push(`the placeholder: ${why}`);
  }

  // A picture that never came does not hold the room of one that did.
  for (const e of document.querySelectorAll('.body img')) {
    const { height } = e.getBoundingClientRect();
    if (e.complete && !e.naturalWidth && height > 48) faults.push(`nothing is ${height} px high`);
  }

  // Whatever is pressed can be hit with a finger, unless it stands in running text.
  const skip = document.querySelector('.skip');
  skip.focus({ preventScroll: true });
  for (const e of document.querySelectorAll('a[href], button, input, summary')) {
    if (e.closest(hidden) || e.closest('p, .body')) continue;
    const { height } = e.getBoundingClientRect();
    if (height < 24) faults.push(`${called(e)} is ${height.toFixed(1)} px high`);
  }
  skip.blur();

  details.forEach((e) => { e.open = false; });
  return faults;
}
