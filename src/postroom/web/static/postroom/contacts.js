// Contacts: two chosen rows can be merged; the other one is chosen in a dialog.
(() => {
  if (!window.postroom) return;
  const { $, $$ } = window.postroom;
  const two = $('#merge-two'), dialog = $('#merge-ask'), other = $('#other-name');

  const count = () => { if (two) two.disabled = $$('#rows [data-pick]:checked').length !== 2; };
  if (two) {
    for (const name of ['click', 'change', 'htmx:afterSettle']) document.addEventListener(name, count);
    addEventListener('keyup', count);
    count();
  }

  $('#merge-open')?.addEventListener('click', e => {
    if (!dialog || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    dialog.showModal();
    other.focus();
  });
  dialog?.querySelector('[data-close]').addEventListener('click', () => dialog.close());

  const picked = other?.form.elements.other;
  other?.addEventListener('input', () => { picked.value = ''; });
  other?.addEventListener('chosen', e => {
    other.value = e.detail.name || e.detail.email;
    picked.value = e.detail.contact;
    other.form.requestSubmit();
  });
  if (document.querySelector('.contact, .contactform')) document.querySelector('[aria-invalid]')?.focus();
})();
