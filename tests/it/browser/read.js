// What this page is made of: what is wrong with that, in words, and what else there is to ask.
() => {
  const faults = [];
  const all = [...document.querySelectorAll('*')];
  const own = (e) => !e.closest('.body');
  const called = (e) => e.outerHTML.slice(0, 120);

  // Nothing but what our templates write, whatever upstreams send.
  const strange = 'script, style, iframe, frame, object, embed, applet, base, template, noscript, '
    + 'math, canvas, svg:not(.chart), svg svg, form:not(.find), '
    + '.body :is(form, input, button, select, textarea, link, meta, dialog)';
  for (const e of document.querySelectorAll(strange)) faults.push(`there is ${called(e)}`);
  for (const e of all) {
    for (const { name, value } of e.attributes) {
      const runs = /^on/i.test(name) || name === 'style' || /^\s*(javascript|vbscript):/i.test(value);
      if (runs) faults.push(`there is ${called(e)}`);
    }
  }

  // One heading of the page, none that skips a level, the landmarks, a language.
  const levels = all.filter((e) => /^h[1-6]$/.test(e.localName) && own(e)).map((e) => +e.localName[1]);
  if (levels.filter((level) => level === 1).length !== 1) faults.push(`the headings are ${levels}`);
  levels.forEach((level, n) => {
    if (level > (levels[n - 1] ?? 0) + 1) faults.push(`a heading skips a level: ${levels}`);
  });
  for (const mark of ['header', 'main', 'footer']) {
    const count = document.querySelectorAll(`body > ${mark}`).length;
    if (count !== 1) faults.push(`there are ${count} <${mark}>`);
  }
  if (!/^[a-z]{2,3}\b/i.test(document.documentElement.lang)) faults.push('the page says no language');
  if (!document.title.trim()) faults.push('the page has no title');

  // Names: ids are one of a kind, what refers to one finds it, and whatever is used says what it is.
  const ids = all.filter((e) => e.id).map((e) => e.id);
  for (const id of new Set(ids.filter((id, n) => ids.indexOf(id) !== n))) {
    faults.push(`two have the id ${id}`);
  }
  for (const e of document.querySelectorAll('[aria-labelledby], a[href^="#"], label[for]')) {
    const id = e.getAttribute('aria-labelledby') ?? e.htmlFor ?? e.hash.slice(1);
    if (own(e) && !document.getElementById(id)) faults.push(`${called(e)} refers to nothing`);
  }
  for (const e of document.querySelectorAll('input, select, textarea')) {
    if (!e.labels?.length && !e.ariaLabel) faults.push(`${called(e)} has no label`);
  }
  for (const e of document.querySelectorAll('a[href], button, summary')) {
    if (own(e) && !e.textContent.trim() && !e.ariaLabel) faults.push(`${called(e)} says nothing`);
  }
  for (const e of document.images) {
    if (own(e) && !e.hasAttribute('alt')) faults.push(`${called(e)} has no alt`);
  }

  const place = (e) => ({ url: (e.href ?? e.action).split('#')[0], words: e.textContent.trim() });
  return {
    faults,
    words: document.body.textContent,
    title: document.title,
    heading: document.querySelector('h1')?.textContent.trim(),
    links: [...document.querySelectorAll('a[href]:not([href^="#"]), link[href]'), ...document.forms].map(place),
    alternates: [...document.querySelectorAll('link[rel=alternate], a[type]')]
      .map((e) => ({ url: e.href, type: e.type })),
  };
}
