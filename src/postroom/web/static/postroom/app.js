// Theme, keyboard, dialogs, words for screen readers. No dependencies.
(() => {
  const $ = (s, r = document) => r.querySelector(s), $$ = (s, r = document) => [...r.querySelectorAll(s)];
  const root = document.documentElement;

  // One polite live region for the whole page.
  const say = words => {
    const region = $('#live');
    if (!region || !words) return;
    region.textContent = '';
    setTimeout(() => { region.textContent = words; }, 50);
  };

  // A cookie keeps the theme, so the server renders the right one and nothing flashes.
  const turn = () => {
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
    const secure = location.protocol === 'https:' ? ';secure' : '';
    document.cookie = `theme=${root.dataset.theme};path=/;max-age=31536000;samesite=lax${secure}`;
  };

  const newest = () => {
    const pane = $('#talk');
    pane?.scrollTo({ top: 0 });
    if (pane && getComputedStyle(pane).overflowY === 'visible') pane.scrollIntoView();
    $('#news')?.setAttribute('hidden', '');
    $('#thread [data-nav]')?.focus({ preventScroll: true });
  };

  const acts = {
    theme: turn,
    keys: () => $('#keys')?.showModal(),
    newest,
    dismiss: button => button.closest('.toast').remove(),
  };
  document.addEventListener('click', e => {
    const button = e.target.closest('[data-act]');
    if (button) acts[button.dataset.act]?.(button);
  });

  // Forms that ask before they act: the dialog's answer submits them with the button that was pressed.
  document.addEventListener('submit', e => {
    const form = e.target, dialog = form.dataset.confirm && document.getElementById(form.dataset.confirm);
    if (!dialog || form.dataset.confirmed) return;
    e.preventDefault();
    const pressed = e.submitter;
    dialog.returnValue = '';
    dialog.addEventListener('close', () => {
      if (dialog.returnValue !== 'yes') { pressed?.focus(); return; }
      form.dataset.confirmed = '1';
      form.requestSubmit(pressed);
    }, { once: true });
    dialog.showModal();
  });

  // Keyboard: single keys outside fields and dialogs, unless the reader switched them off.
  let chord = 0;
  const step = by => {
    const pane = document.activeElement.closest?.('[data-pane]') || $('[data-pane]') || document;
    const rows = $$('[data-nav]', pane).filter(row => row.checkVisibility?.() ?? true);
    if (!rows.length) return;
    const now = rows.indexOf(document.activeElement.closest?.('[data-nav]'));
    const next = rows[Math.max(0, Math.min(rows.length - 1, now + by))];
    next.focus();
    (next.closest('tr') || next).scrollIntoView({ block: 'nearest' });
  };
  const keys = {
    j: () => step(1),
    k: () => step(-1),
    '/': () => $('input[data-filter]')?.focus(),
    '?': () => $('#keys')?.showModal(),
    g: () => { chord = Date.now(); },
  };
  addEventListener('keydown', e => {
    const field = e.target.closest?.('input:not([type=radio]), textarea, select, [contenteditable]');
    if (field) { if (e.key === 'Escape') field.blur(); return; }
    if (!('keys' in root.dataset) || e.ctrlKey || e.metaKey || e.altKey || $('dialog[open]')) return;
    const place = Date.now() - chord < 900 && $(`[data-go="${CSS.escape(e.key)}"]`);
    chord = 0;
    if (place) { e.preventDefault(); place.click(); return; }
    if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
  });

  // Addresses without empty parts.
  document.addEventListener('htmx:configRequest', e => {
    const asked = e.detail.parameters;
    if (e.detail.verb === 'get') for (const name of Object.keys(asked)) if (asked[name] === '') delete asked[name];
  });
  // What was asked for and not done is said to everybody; the composer has its own words beside the text that it keeps.
  let passing = 0;
  const failed = e => {
    const { requestConfig, xhr } = e.detail, toast = $('#failed');
    if (requestConfig?.verb !== 'post') return void say($('#link')?.dataset.words);
    if (!toast || requestConfig.elt.id === 'compose') return;
    toast.textContent = xhr.status ? toast.dataset.refused : toast.dataset.lost;
    toast.hidden = false;
    clearTimeout(passing);
    passing = setTimeout(() => { toast.hidden = true; }, 12000);
  };
  ['htmx:sendError', 'htmx:responseError'].forEach(name => document.addEventListener(name, failed));
  // A session that has ended answers with the sign-in page: go there instead of putting it into the list.
  document.addEventListener('htmx:beforeSwap', e => {
    const end = new URL(e.detail.xhr.responseURL || location.href).pathname;
    if (end.endsWith('/sign-in')) { e.detail.shouldSwap = false; location.reload(); }
  });
  // News may replace the line that asked before it is answered: htmx then looks for what else comes in the piece that
  // is gone, and what was done would be neither said nor undone.
  document.addEventListener('htmx:oobErrorNoTarget', e => {
    const { content, target } = e.detail, there = $(target);
    if (!there) return;
    if (there.id === 'live') return void say(content.textContent);
    there.replaceWith(content);
    htmx.process(content);
    htmx.trigger(content, 'htmx:oobAfterSwap', { target: content });
  });
  window.postroom = { say, $, $$, keys };
})();
