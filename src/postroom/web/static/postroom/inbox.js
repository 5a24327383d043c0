// The inbox: how many wait, in the title too; done and not done by key; the open conversation in sight.
(() => {
  if (!window.postroom) return;
  const { $, keys } = window.postroom;
  const count = () => {
    const number = Number($('#unread')?.dataset.count || 0), words = document.title.replace(/^\(\d+\) /, '');
    document.title = number ? `(${number}) ${words}` : words;
  };
  document.addEventListener('htmx:afterSettle', e => { if (e.target.id === 'unread') count(); });
  $('.th [aria-current]')?.closest('.th').scrollIntoView({ block: 'nearest' });

  // The row that has the focus, else the conversation that is open.
  const done = () => {
    const row = document.activeElement.closest?.('.th'), button = row ? $('[data-done]', row) : $('#reading [data-done]');
    if (!button) return;
    const next = row?.nextElementSibling || row?.previousElementSibling;
    $('a', next || undefined)?.focus();
    button.click();
  };
  Object.assign(keys, { e: done, u: () => $('[data-undone]')?.click() });
})();
