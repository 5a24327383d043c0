// Copying addresses that we send from: one, or all of a list.
(() => {
  if (!window.postroom) return;
  const { say, $, $$ } = window.postroom;
  const buttons = $$('[data-copy]');
  if (!buttons.length) return;

  // Without a secure connection browsers give no clipboard: the old way works there.
  const copied = async text => {
    if (navigator.clipboard) { await navigator.clipboard.writeText(text); return; }
    const field = document.createElement('textarea');
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand('copy');
    field.remove();
  };
  buttons.forEach(button => {
    button.hidden = false;
    button.addEventListener('click', async () => {
      const list = button.dataset.copy && $(button.dataset.copy);
      const found = list ? $$('[data-address]', list) : [button.parentElement.querySelector('[data-address]')];
      await copied(found.map(one => one.textContent).join('\n'));
      button.focus();
      say(button.dataset.said);
      button.classList.add('done');
    });
  });
})();
